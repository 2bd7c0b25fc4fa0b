"""The parts of undoing: rows of one or several attempts, whole or person by person, and what stands in the way."""
