"""The API about people as such: erasing one, and giving one their data."""
