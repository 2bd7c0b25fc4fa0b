"""PostgreSQL: connections, SQL files, migrations and the embedded server."""
