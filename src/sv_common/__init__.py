"""Code shared by every service of a guild."""
