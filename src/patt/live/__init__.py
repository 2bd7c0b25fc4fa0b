"""What has just changed, told to whoever looks at a page: from PostgreSQL's notices to server-sent events."""
