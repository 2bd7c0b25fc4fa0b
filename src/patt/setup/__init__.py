"""Setting up a guild step by step. Nothing here knows of a terminal."""
