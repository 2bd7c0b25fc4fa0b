"""Setting up an installation, checking it, and its guilds."""
