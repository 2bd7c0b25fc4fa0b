"""How well notes are read, on labelled rosters. Run `python -m evaluation.notes`."""
