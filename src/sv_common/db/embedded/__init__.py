"""The embedded PostgreSQL: a real server from a wheel, in a folder of its own, stopped with the last process using it."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import LiteralString, Protocol

import psycopg
from psycopg import sql

from sv_common.db.embedded.cluster import CREATE_DATABASE, Reach, ServerNotStarted
from sv_common.db.embedded.sharing import join, keep_logs_short

__all__ = [
    "EmbeddedServer",
    "Reach",
    "ServerNotStarted",
    "clone_database",
    "drop_database",
    "ensure_database",
    "keep_logs_short",
    "recreate_database",
    "start",
]

_USUAL_REACH = Reach.LOOPBACK if os.name == "nt" else Reach.SOCKET


class EmbeddedServer(Protocol):
    """What this product uses of a running embedded server."""

    @property
    def log(self) -> Path:
        """The file that the server writes its log to."""

    def get_uri(self, database: str | None = None) -> str:
        """Return the connection string of one database of the server."""


def start(folder: Path, *, reach: Reach = _USUAL_REACH) -> EmbeddedServer:
    """Start (or join) the server whose data lie in `folder`, made where missing; it stops with the last process that joined it.

    Data of an older major version of PostgreSQL are brought to the one in use. Raises `ServerNotStarted` with a sentence, and
    `OSError` for a folder that cannot be used.
    """
    return join(folder, reach)


def ensure_database(server: EmbeddedServer, name: str) -> str:
    """Return the URL of a database of the server, making it where missing."""
    with psycopg.connect(server.get_uri()) as connection:
        exists = connection.execute("select 1 from pg_database where datname = %s", [name]).fetchone()
    if not exists:
        # Another process that starts at the same time may be faster.
        with contextlib.suppress(psycopg.errors.DuplicateDatabase, psycopg.errors.UniqueViolation):
            _run(server, CREATE_DATABASE, name)
    return server.get_uri(database=name)


def recreate_database(server: EmbeddedServer, name: str) -> str:
    """Return the URL of an empty database of the server, dropping what it held.

    Raises `psycopg.errors.ObjectInUse` while another process is connected to it.
    """
    _run(server, "drop database if exists {}", name)
    _run(server, CREATE_DATABASE, name)
    return server.get_uri(database=name)


def clone_database(server: EmbeddedServer, template: str, name: str) -> str:
    """Return the URL of a new database that begins as a copy of `template`."""
    _run(server, "create database {} template {}", name, template)
    return server.get_uri(database=name)


def drop_database(server: EmbeddedServer, name: str) -> None:
    """Drop a database of the server with whatever is still connected to it."""
    _run(server, "drop database if exists {} with (force)", name)


def _run(server: EmbeddedServer, statement: LiteralString, *names: str) -> None:
    with psycopg.connect(server.get_uri(), autocommit=True) as connection:
        connection.execute(sql.SQL(statement).format(*map(sql.Identifier, names)))
