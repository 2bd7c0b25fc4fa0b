"""Who may do what: keys, passwords, sessions, permissions."""
