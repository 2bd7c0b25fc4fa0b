"""Whoever changes a member's roles does so alone, and whether somebody does can be seen from any process.

The lock ends with its connection, so a running attempt whose lock is free was left behind by a process that died. It is
held on a connection of its own: Discord may take long to answer, and nobody else should have to wait for that.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from weakref import WeakKeyDictionary

from psycopg import AsyncConnection, OperationalError

from sv_common.db.pool import Pool
from sv_common.guild_sync.core.errors import Busy

MOST_AT_ONCE = 8
"""Members whose roles one process changes at the same time; each of them costs PostgreSQL a connection."""

_ROLE_LOCK = 7285
_KEYS = 0x7FFF_FFFF
_places: WeakKeyDictionary[Pool, asyncio.Semaphore] = WeakKeyDictionary()


@contextlib.asynccontextmanager
async def alone_with(pool: Pool, member_id: int) -> AsyncIterator[None]:
    """Let nobody else change a member's roles inside of the block. Raises `Busy` where somebody does already."""
    places = _places.setdefault(pool, asyncio.Semaphore(MOST_AT_ONCE))
    async with places, await AsyncConnection.connect(pool.database_url, autocommit=True) as conn:
        key = [_ROLE_LOCK, member_id & _KEYS]
        cursor = await conn.execute("select pg_try_advisory_lock(%s, %s)", key)
        row = await cursor.fetchone()
        if row is None or not row[0]:
            raise Busy(
                "Already in progress: this member's roles are being changed on Discord just now. "
                "Wait a moment and look again."
            )
        try:
            yield
        finally:
            # PostgreSQL hears of the end of a connection a moment later; whoever comes next must not find it locked until then.
            with contextlib.suppress(OperationalError):  # a connection that is lost holds no lock
                await conn.execute("select pg_advisory_unlock(%s, %s)", key)
