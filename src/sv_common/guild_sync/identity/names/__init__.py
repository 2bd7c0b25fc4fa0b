"""Names: how alike they are, how they are spelled, and who has them."""
