"""Connections to PostgreSQL, and a count of the statements that run on them."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Iterator
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, TypeAlias

import psycopg
from psycopg import AsyncConnection, AsyncCursor
from psycopg.abc import Params
from psycopg.rows import TupleRow
from psycopg_pool import AsyncConnectionPool

Connection: TypeAlias = AsyncConnection[TupleRow]
Pool: TypeAlias = AsyncConnectionPool[Connection]


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


def make_pool(database_url: str, *, min_size: int = 1, max_size: int = 10) -> Pool:
    """Return a closed pool; open it with `async with`.

    Statements are prepared on the server after a few uses; times are read and written in UTC.
    """
    return AsyncConnectionPool(
        database_url,
        open=False,
        min_size=min_size,
        max_size=max_size,
        kwargs={"cursor_factory": CountingCursor, "options": "-c timezone=UTC -c jit=off"},
        connection_class=AsyncConnection[TupleRow],
    )


@contextlib.asynccontextmanager
async def own_connection(pool: Pool) -> AsyncIterator[Connection]:
    """Open a connection of its own beside the pool, for a lock that is held while the pool is at work.

    A lock held on a pooled connection could starve the very work that it protects.
    """
    assert isinstance(pool.conninfo, str)  # noqa: S101 -- make_pool gives it a string
    connection = await psycopg.AsyncConnection.connect(pool.conninfo, autocommit=True)
    try:
        yield connection
    finally:
        await connection.close()
