"""Checking a set-up, line by line: each check says what it found and, where something is wrong, what to do."""
