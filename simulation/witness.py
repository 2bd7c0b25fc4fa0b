"""What the database saw happen to links, notes, ranks and fixes, transaction by transaction, and who did it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import psycopg

from sv_common.db.pool import Pool
from sv_common.db.sql import load_sql

SQL = load_sql(__package__, "witness.sql")

Row: TypeAlias = dict[str, Any]
"""The columns of a row that `witness.sql` keeps."""

_UNDONE = ("undone_at", "partly_undone_at")


@dataclass(frozen=True, slots=True)
class Change:
    """A row before and after; None where it was not there."""

    table: str
    was: Row | None
    now: Row | None

    def has_new(self, column: str) -> bool:
        """Whether a column holds something that it did not hold before."""
        return self.now is not None and self.now[column] not in (None, (self.was or {}).get(column))


@dataclass(frozen=True, slots=True)
class Transaction:
    """What was changed at once."""

    changes: Sequence[Change]

    @property
    def is_by_person(self) -> bool:
        """Whether a person asked for it: a fix, a decision or a match that is recorded as theirs, or an undo."""
        return any(_is_new(each, is_automatic=False) or any(map(each.has_new, _UNDONE)) for each in self._attempts)

    @property
    def is_undo(self) -> bool:
        """Whether it puts back what was there before a fix."""
        return any(any(map(each.has_new, _UNDONE)) for each in self._attempts)

    @property
    def is_automatic(self) -> bool:
        """Whether it is recorded as a fix that nobody asked for."""
        return any(_is_new(each, is_automatic=True) for each in self._attempts)

    @property
    def _attempts(self) -> list[Change]:
        return [each for each in self.changes if each.table == "fix_attempts"]


def _is_new(attempt: Change, *, is_automatic: bool) -> bool:
    return attempt.was is None and attempt.now is not None and attempt.now["is_automatic"] is is_automatic


def install(database_url: str) -> None:
    """Let a database write down what happens in it. For one that is thrown away afterwards, before anything is in it."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(SQL["install"])


async def take(pool: Pool) -> list[Transaction]:
    """Return what happened since the last time, in its order: whoever changes a guild holds its lock."""
    changes: dict[int, list[Change]] = defaultdict(list)
    async with pool.connection() as conn:
        for number, table, was, now in await (await conn.execute(SQL["take"])).fetchall():
            changes[number].append(Change(table, was, now))
    return [Transaction(each) for each in changes.values()]
