"""Who could be meant: people with reasons and a strength. A suggestion proves nothing, and nothing happens automatically because of it."""
