"""Which guild notes the game should have, by proof and officers' decisions: proposed, and written by an officer alone."""
