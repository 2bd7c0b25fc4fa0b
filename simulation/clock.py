"""The one clock of a simulation: clients, planner and database all tell the same time, and nobody waits for it."""

from __future__ import annotations

import contextlib
import random
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Protocol

import psycopg
from psycopg import AsyncConnection, sql

from sv_common.db.sql import load_sql
from sv_common.guild_sync.sources.http import Timing

SQL = load_sql(__package__, "fake_time.sql")


def fake_the_time(database_url: str) -> None:
    """Let every later session of a database take its time from a row. For a database that is thrown away afterwards."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(SQL["install"])
        database = sql.Identifier(connection.info.dbname)
        for setting in ("search_path = simulated_time, pg_catalog, public", "synchronous_commit = off"):
            connection.execute(sql.SQL("alter database {} set " + setting).format(database))


class Clock(Protocol):
    """What tells the time that the database tells."""

    @property
    def now(self) -> datetime: ...

    @property
    def now_ms(self) -> int: ...


class FakeClock:
    """Time that moves when it is told to, and at once whenever somebody sleeps by it. It never goes back."""

    def __init__(self, connection: AsyncConnection, start: datetime, seed: int) -> None:
        self._connection = connection
        self._chance = random.Random(f"jitter {seed}")  # noqa: S311 -- repeatable on purpose, guards nothing
        self.seconds = start.timestamp()

    @property
    def now(self) -> datetime:
        return datetime.fromtimestamp(self.seconds, UTC)

    @property
    def now_ms(self) -> int:
        """The time in milliseconds since 1970, UTC."""
        return int(self.seconds * 1000)

    @property
    def timing(self) -> Timing:
        return Timing(lambda: self.seconds, self.sleep, self._chance.random)

    async def move_to(self, seconds: float) -> None:
        """Let it be this time (seconds since 1970), unless it is later already."""
        self.seconds = max(self.seconds, seconds)
        await self._connection.execute(SQL["set"], {"seconds": self.seconds})

    async def sleep(self, seconds: float) -> None:
        await self.move_to(self.seconds + seconds)


@contextlib.asynccontextmanager
async def open_clock(database_url: str, start: datetime, seed: int) -> AsyncIterator[FakeClock]:
    async with await AsyncConnection.connect(database_url, autocommit=True) as connection:
        clock = FakeClock(connection, start, seed)
        await clock.move_to(clock.seconds)
        yield clock
