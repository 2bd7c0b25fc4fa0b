"""Sharing a pool: whatever is done for one guild uses a part of the connections, and the rest is there for all others."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator
from contextvars import ContextVar

from psycopg_pool import PoolTimeout

_for_whom: ContextVar[str | None] = ContextVar("connections_for", default=None)


class ShareInUseError(PoolTimeout):
    """All connections that one guild may use at once stayed in use for too long."""


@contextlib.contextmanager
def on_account_of(key: str) -> Iterator[None]:
    """Let the connections that are taken in the block count as those of a guild."""
    before = _for_whom.get()
    _for_whom.set(key)
    try:
        yield
    finally:
        _for_whom.set(before)


def account() -> str | None:
    """Return on whose account this task works; None where nobody has said."""
    return _for_whom.get()


class Shares:
    """Who uses how many connections at once. Who comes when their share is in use waits without a connection."""

    def __init__(self, most: int, patience_s: float) -> None:
        self._most = most
        self._patience_s = patience_s
        self._in_use: dict[str, asyncio.Semaphore] = {}
        self._users: dict[str, int] = {}

    @contextlib.asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Wait for a place in the share on whose account this task works. Raises `ShareInUseError`."""
        key = _for_whom.get()
        if key is None:
            yield
            return
        places = self._in_use.setdefault(key, asyncio.Semaphore(self._most))
        self._users[key] = self._users.get(key, 0) + 1
        try:
            await self._wait(places)
            try:
                yield
            finally:
                places.release()
        finally:
            self._users[key] -= 1
            if not self._users[key]:
                del self._users[key], self._in_use[key]

    async def _wait(self, places: asyncio.Semaphore) -> None:
        try:
            async with asyncio.timeout(self._patience_s):
                await places.acquire()
        except TimeoutError as error:
            raise ShareInUseError(f"all {self._most} connections of one guild's share stayed in use") from error
