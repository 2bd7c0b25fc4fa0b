"""The database's clock, which is the real one until it jumps."""

from __future__ import annotations

from datetime import UTC, datetime

import psycopg

from simulation.chaos.database import Database
from simulation.clock import fake_the_time
from sv_common.db.pool import Pool
from sv_common.db.sql import load_sql

SQL = load_sql(__package__, "skew.sql")


def loosen_the_clock(database: Database) -> None:
    """Let the clock of a database be moved. A commit is a promise here, unlike elsewhere in simulations."""
    fake_the_time(database.url)
    with psycopg.connect(database.url, autocommit=True) as connection:
        connection.execute(SQL["install"])
        connection.execute("alter database chaos set synchronous_commit = on")


class SkewedClock:
    """Tells what the database's clock told last."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self.now = datetime.now(UTC)

    @property
    def now_ms(self) -> int:
        return int(self.now.timestamp() * 1000)

    async def look(self) -> datetime:
        async with self._pool.connection() as conn:
            row = await (await conn.execute(SQL["now"])).fetchone()
        assert row is not None  # noqa: S101 -- it always gives one
        self.now = row[0]
        return self.now

    async def jump(self, seconds: float) -> None:
        async with self._pool.connection() as conn:
            await conn.execute(SQL["jump"], {"seconds": seconds})
        await self.look()
