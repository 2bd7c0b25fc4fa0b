"""Rules about what account evidence says against the links."""
