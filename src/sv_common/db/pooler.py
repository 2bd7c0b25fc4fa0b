"""Connections that reach PostgreSQL through a pooler, such as PgBouncer in session or in transaction mode.

What a connection says when it starts does not reach the server then, and in transaction mode nothing that lasts longer than a
transaction does: neither settings nor prepared statements nor locks of a session. So settings are made for each transaction,
statements are not prepared, and locks belong to transactions everywhere.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, LiteralString
from weakref import WeakSet

import psycopg
from psycopg import AsyncConnection, AsyncCursor
from psycopg.rows import TupleRow

Connection = AsyncConnection[TupleRow]

_SET: LiteralString = (
    "select count(set_config(name, value, true)) from unnest(%(names)s::text[], %(values)s::text[]) as s (name, value)"
)
_pooled: WeakSet[AsyncConnection[Any]] = WeakSet()


class PoolerConnection(AsyncConnection[TupleRow]):
    """A connection that also begins where a pooler takes no settings at the start."""

    @classmethod
    async def connect(cls, conninfo: str = "", **kwargs: Any) -> PoolerConnection:
        """Connect. Raises `psycopg.OperationalError`."""
        try:
            return await super().connect(conninfo, **kwargs)
        except psycopg.OperationalError as error:
            if "options" not in kwargs or "unsupported startup parameter" not in str(error):
                raise
        return await super().connect(conninfo, **{name: value for name, value in kwargs.items() if name != "options"})


async def recognize_pooler(conn: AsyncConnection[Any]) -> None:
    """Find out whether a new connection ends at a pooler, which gives a number of its own for the server's process."""
    was_autocommit = conn.autocommit
    await conn.set_autocommit(True)
    row = await (await AsyncCursor(conn).execute("select pg_backend_pid()", prepare=False)).fetchone()
    await conn.set_autocommit(was_autocommit)
    if row is None or row[0] != conn.info.backend_pid:
        _pooled.add(conn)
        conn.prepare_threshold = None


def is_pooled(conn: AsyncConnection[Any]) -> bool:
    """Whether a connection ends at a pooler."""
    return conn in _pooled


async def set_for_transaction(conn: AsyncConnection[Any], settings: Mapping[str, str]) -> None:
    """Make the settings of the transaction that begins now, where they could not be made for the whole connection."""
    if settings and is_pooled(conn):
        await AsyncCursor(conn).execute(_SET, {"names": list(settings), "values": list(settings.values())})
