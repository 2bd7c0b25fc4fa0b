"""Proofs over the whole admin: every page and every operation of the API, as the application itself lists them."""
