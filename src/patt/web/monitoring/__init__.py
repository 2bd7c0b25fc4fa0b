"""What monitoring reads: the health of an installation, and its numbers."""
