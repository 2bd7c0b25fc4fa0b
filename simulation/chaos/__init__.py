"""Faults during every pipeline: real processes, a real server and real sources break. Run `python -m simulation.chaos`."""
