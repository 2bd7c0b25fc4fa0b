"""A month in the life of many guilds, in an hour: real schedules on a fake clock. Run `python -m simulation.month`."""
