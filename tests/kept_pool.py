"""One pool that many tests use in turn: a connection that is new has everything to plan and to look up again."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass

from psycopg_pool import AsyncConnectionPool

from database_to_empty import KEPT
from sv_common.db.pool import Pool, make_pool

_LONGEST_RETURN_S = 2.0
"""How long connections that a test has given back may take to be clean again."""


@dataclass
class KeptPool:
    """The pool on a database that is kept, made anew where a test has not left it as it was."""

    url: str
    pool: Pool | None = None

    async def opened(self) -> Pool:
        """Return the pool, open and idle."""
        if self.pool is None:
            self.pool = make_pool(self.url)
            for part in _parts(self.pool):
                assert isinstance(part.kwargs, dict)
                part.kwargs["application_name"] = KEPT
            await self.pool.open(wait=True)
        return self.pool

    async def settle(self) -> None:
        """Give the pool up where a test has closed it, or where something that the test began is still at work with it."""
        deadline = time.monotonic() + _LONGEST_RETURN_S
        while self.pool is not None and not _is_idle(self.pool):
            if self.pool.closed or time.monotonic() > deadline:
                await self.close()
            else:
                await asyncio.sleep(0.001)

    async def close(self) -> None:
        """Close it."""
        if self.pool is not None:
            pool, self.pool = self.pool, None
            await pool.close()


def _parts(pool: Pool) -> list[AsyncConnectionPool]:
    return [pool, pool.locks, pool.probes]


def _is_idle(pool: Pool) -> bool:
    return not any(part.closed or _at_work(part.get_stats()) for part in _parts(pool))


def _at_work(stats: dict[str, int]) -> bool:
    return stats["pool_size"] != stats["pool_available"] or stats.get("requests_waiting", 0) > 0
