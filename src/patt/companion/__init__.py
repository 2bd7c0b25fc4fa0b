"""The companion: sends what the addon exported to a server, from the computer on which the game is played."""
