"""Who could be meant: people with reasons and a strength. A suggestion proves nothing, and nothing follows from it by itself."""
