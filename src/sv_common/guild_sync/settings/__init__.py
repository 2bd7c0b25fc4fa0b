"""What a guild sets for itself: tried, saved, undone."""
