"""Battle.net accounts as evidence of who plays a character: whose each is, and what officers say of them."""
