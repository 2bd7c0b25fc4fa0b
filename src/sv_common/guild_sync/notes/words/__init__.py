"""Words of notes: what they are, how a note is cut into them, and what they are where they stand."""
