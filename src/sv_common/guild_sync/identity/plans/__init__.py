"""How decisions of an officer are planned: what several have in common, and those that need more than a few lines."""
