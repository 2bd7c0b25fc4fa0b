"""Discord: its REST API, sign-in, messages, roles."""
