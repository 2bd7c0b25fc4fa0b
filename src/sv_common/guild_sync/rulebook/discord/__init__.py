"""Rules about who is on the Discord server and holds which roles there, and what rules about roles share."""
