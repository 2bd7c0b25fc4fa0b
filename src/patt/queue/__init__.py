"""The queue of jobs: what waits, and whose turn is next."""
