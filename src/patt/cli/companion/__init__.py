"""The companion on the computer on which the game is played. It needs no database."""
