"""Inputs that nobody would think of, found by which code they reach. Run `python -m fuzzing all --seconds 10`."""
