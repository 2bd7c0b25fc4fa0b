"""Who is who: what an officer decides about it, and what a full match finds; both as changesets."""
