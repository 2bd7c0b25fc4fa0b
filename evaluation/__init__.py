"""How well notes are read and people suggested. Run `python -m evaluation.notes` and `python -m evaluation.suggestions`."""
