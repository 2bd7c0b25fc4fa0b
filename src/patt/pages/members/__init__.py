"""The page on which members prove their characters, and that on which officers see who has."""
