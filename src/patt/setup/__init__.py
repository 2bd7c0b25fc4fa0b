"""Setting up a guild step by step, without a terminal."""
