"""Erasing a person for good, and giving a person their data."""
