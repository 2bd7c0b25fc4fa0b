"""The known forms in which a note names a person."""
