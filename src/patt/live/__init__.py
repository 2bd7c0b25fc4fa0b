"""Changes as they happen: from PostgreSQL's notices to server-sent events."""
