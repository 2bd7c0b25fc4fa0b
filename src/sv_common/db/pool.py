"""Connections to PostgreSQL, and a count of the statements that run on them."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, TypeAlias

from psycopg import AsyncConnection, AsyncCursor
from psycopg.abc import Params
from psycopg.rows import TupleRow
from psycopg_pool import AsyncConnectionPool

Connection: TypeAlias = AsyncConnection[TupleRow]

MOST_LOCKS = 20
"""Guilds for which pipelines may run, or wait for another process, at once; further ones wait their turn."""

LONGEST_WAIT_S = 600
"""Seconds after which a pipeline that waits for its turn among many guilds gives up."""

_OPTIONS = "-c timezone=UTC -c jit=off -c random_page_cost=1.1"
"""Pages of indexes are in memory or on a disk without moving parts; PostgreSQL's usual guess is made for others."""


@dataclass(slots=True)
class StatementCount:
    """How many SQL statements ran inside a `counting_statements` block."""

    statements: int = 0


_counters: ContextVar[tuple[StatementCount, ...]] = ContextVar("statement_counters", default=())


@contextlib.contextmanager
def counting_statements() -> Iterator[StatementCount]:
    """Count the statements of this task while the block runs; blocks may be nested."""
    counter = StatementCount()
    token = _counters.set((*_counters.get(), counter))
    try:
        yield counter
    finally:
        _counters.reset(token)


class CountingCursor(AsyncCursor[Any]):
    """A cursor that adds each statement to the counters of the running task."""

    async def execute(self, query: Any, params: Params | None = None, **options: Any) -> CountingCursor:
        """Run one statement; see psycopg's `AsyncCursor.execute`."""
        for counter in _counters.get():
            counter.statements += 1
        await super().execute(query, params, **options)
        return self


class PoolWithLocks(AsyncConnectionPool[Connection]):
    """A pool, and beside it one for locks that are held while this one is at work.

    A lock held on a connection of this pool could starve the very work that it protects.
    """

    locks: AsyncConnectionPool[Connection]
    database_url: str

    async def open(self, wait: bool = False, timeout: float = 30.0) -> None:  # noqa: ASYNC109 -- the signature of psycopg_pool
        """Open both; see psycopg's `AsyncConnectionPool.open`."""
        await super().open(wait, timeout)
        await self.locks.open()

    async def close(self, timeout: float = 5.0) -> None:  # noqa: ASYNC109 -- as above
        """Close both."""
        await self.locks.close(timeout)
        await super().close(timeout)


Pool: TypeAlias = PoolWithLocks


def make_pool(database_url: str, *, min_size: int = 1, max_size: int = 10) -> Pool:
    """Return a closed pool; open it with `async with`.

    Statements are prepared on the server after a few uses; times are read and written in UTC.
    """
    pool = PoolWithLocks(
        database_url,
        open=False,
        min_size=min_size,
        max_size=max_size,
        kwargs={"cursor_factory": CountingCursor, "options": _OPTIONS},
        connection_class=AsyncConnection[TupleRow],
    )
    pool.database_url = database_url
    pool.locks = AsyncConnectionPool(
        database_url,
        open=False,
        min_size=0,
        max_size=MOST_LOCKS,
        timeout=LONGEST_WAIT_S,
        kwargs={"cursor_factory": CountingCursor, "autocommit": True},
        connection_class=AsyncConnection[TupleRow],
        reset=_give_back_locks,
    )
    return pool


async def _give_back_locks(connection: Connection) -> None:
    await connection.execute("select pg_advisory_unlock_all()")
