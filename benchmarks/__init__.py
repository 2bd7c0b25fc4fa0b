"""What the engine costs beside plain SQL. Run `python -m benchmarks.pipeline`."""
