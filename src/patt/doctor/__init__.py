"""The check-up of an installation: each check says what it found and, if something is wrong, what to do."""
