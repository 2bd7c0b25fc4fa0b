"""The export of the game's addon."""
