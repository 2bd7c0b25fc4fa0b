"""The steps of the set-up: connecting the sources, choosing the guild, reading it for the first time, and its ranks."""
