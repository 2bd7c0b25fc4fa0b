"""How many SQL statements a piece of work needs."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from psycopg import AsyncCursor
from psycopg.abc import Params


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
        for counter in _counters.get():
            counter.statements += 1
        await super().execute(query, params, **options)
        return self
