"""The API of undoing."""
