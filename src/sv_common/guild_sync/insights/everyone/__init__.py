"""Everyone of a guild at once: the list with its filters, as a table, and the map."""
