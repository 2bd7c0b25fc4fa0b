"""Setting up a guild step by step, and checking the set-up later. Nothing here knows of a terminal."""
