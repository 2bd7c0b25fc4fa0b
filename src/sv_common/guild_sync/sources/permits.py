"""Permits for requests: the limits of a service, kept by all processes of an installation together.

A process takes a batch of permits from PostgreSQL, uses them within a moment, and gives them back when their requests are
answered. A request counts from its permit until a second after its answer: so no second at the other end has more requests
than the limit, however long each one is on its way. What a dead process held is free again after 90 seconds.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import deque
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Any, Protocol

import psycopg
import structlog
from psycopg.rows import kwargs_row

from sv_common.db.pool import Connection, Pool
from sv_common.db.sql import load_sql
from sv_common.guild_sync.core.errors import SourceUnavailable
from sv_common.guild_sync.core.language import number, tr
from sv_common.guild_sync.sources.http import Asked, try_again_in_minutes

SQL = load_sql(__package__, "permits.sql")

log = structlog.get_logger(__name__)

LARGEST_BATCH = 15
"""Permits that a process takes at most at once, so that some are left for the others."""

VALID_S = 1.0
"""Seconds within which a permit is used; those that are not go back."""

RECENT_S = 0.25
"""As many permits as were used within these seconds are taken at once, so that a steady stream asks a few times a second."""

LONGEST_WAIT_S = 60.0
"""Seconds that a request waits for its permit at most."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What a service allows one application, and how many of its refusals are too many."""

    service: str
    a_second: int
    an_hour: int | None = None
    most_refused: int = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Told:
    """What an answer says about limits: of a window of the route, in seconds from now, and whether a pause is wanted."""

    quota: int | None = None
    remaining: int | None = None
    resets_in: float | None = None
    pause: float | None = None
    everywhere: bool = False
    is_refused: bool = False

    @property
    def is_urgent(self) -> bool:
        """Whether others must know before the lease ends."""
        return self.pause is not None or self.is_refused or self.remaining == 0


class Permit(Protocol):
    def learn(self, told: Told) -> None:
        """Note what the answer says about limits."""


class Permits(Protocol):
    """Gives permits for requests. `spare` is how many more the service allows within the hour, None where that is not known."""

    @property
    def spare(self) -> int | None: ...

    def permit(self, asked: Asked, route: str = "") -> AbstractAsyncContextManager[Permit]:
        """Wait for a permit; hold it until the answer is there. Raises `SourceUnavailable` rather than wait for long."""


class FreePermit:
    def learn(self, told: Told) -> None:
        """Note nothing."""


class NoPermits:
    """For a process that is alone with its limits, such as a check-up."""

    spare: int | None = None

    @contextlib.asynccontextmanager
    async def permit(self, asked: Asked, route: str = "") -> AsyncIterator[Permit]:  # noqa: ARG002 -- as the protocol
        """Give a permit at once."""
        yield FreePermit()


@dataclass(slots=True)
class _Lease:
    """Permits of one route that this process holds. `permits` counts them all, `left` those that no request has yet."""

    id: int
    permits: int
    left: int
    under_way: int = 0
    is_over: bool = False
    told: list[tuple[float, Told]] = field(default_factory=list)

    @property
    def is_answered(self) -> bool:
        return not self.left and not self.under_way and not self.is_over

    def learn(self, told: Told) -> None:
        """Note what an answer says, and when."""
        self.told.append((time.monotonic(), told))

    def end(self) -> None:
        """Give out no more of it."""
        self.permits, self.left = self.permits - self.left, 0

    def news(self) -> dict[str, Any]:
        """Return what the answers have told since the last time, for the database."""
        now, told, self.told = time.monotonic(), self.told, []
        windows = [(at + each.resets_in - now, each) for at, each in told if each.resets_in is not None]
        resets_in, quota, remaining = None, None, None
        if windows:
            resets_in = max(0.0, *(ends for ends, _ in windows))
            quota = windows[-1][1].quota
            remaining = min((each.remaining for _, each in windows if each.remaining is not None), default=None)
        pauses = [at + each.pause - now for at, each in told if each.pause is not None]
        return {
            "lease": self.id,
            "used": self.permits,
            "quota": quota,
            "remaining": remaining,
            "resets_in": resets_in,
            "pause": max(0.0, *pauses) if pauses else None,
            "everywhere": any(each.everywhere for _, each in told),
            "refused": sum(each.is_refused for _, each in told),
        }


@dataclass(slots=True)
class _Line:
    """The requests of this process that wait for a permit of one route, and those that had one lately."""

    turn: asyncio.Lock = field(default_factory=asyncio.Lock)
    waiting: int = 0
    recent: deque[float] = field(default_factory=lambda: deque[float](maxlen=LARGEST_BATCH))
    lease: _Lease | None = None

    @property
    def wanted(self) -> int:
        since = time.monotonic() - RECENT_S
        return min(LARGEST_BATCH, max(self.waiting, sum(at > since for at in self.recent)))


@dataclass(frozen=True, slots=True)
class _Taken:
    lease_id: int | None
    permits: int
    wait_s: float | None
    reason: str | None
    spare: int | None


class SharedPermits:
    """Permits from the database, for one service. Share one within an event loop, and close it at the end."""

    def __init__(self, pool: Pool, limits: Limits) -> None:
        self._pool = pool
        self._limits = limits
        self._lines: dict[str, _Line] = {}
        self._leases: dict[int, _Lease] = {}
        self._ends: set[asyncio.Task[None]] = set()
        self.spare: int | None = None

    @contextlib.asynccontextmanager
    async def permit(self, asked: Asked, route: str = "") -> AsyncIterator[Permit]:
        """Wait for a permit, in turn within this process."""
        lease = await self._next(asked, route)
        try:
            yield lease
        finally:
            lease.under_way -= 1
            if any(told.pause is not None for _, told in lease.told):
                lease.end()
            if lease.is_answered or any(told.is_urgent for _, told in lease.told):
                await self._tell(lease)

    async def close(self) -> None:
        """Give back what is held."""
        for task in self._ends:
            task.cancel()
        await asyncio.gather(*self._ends, return_exceptions=True)
        for lease in list(self._leases.values()):
            await self._end(lease)

    async def _next(self, asked: Asked, route: str) -> _Lease:
        line = self._lines.setdefault(route, _Line())
        line.waiting += 1
        try:
            async with line.turn:
                if line.lease is None or not line.lease.left:
                    line.lease = await self._take(line, asked, route)
                line.lease.left -= 1
                line.lease.under_way += 1
                line.recent.append(time.monotonic())
                return line.lease
        finally:
            line.waiting -= 1

    async def _take(self, line: _Line, asked: Asked, route: str) -> _Lease:
        deadline = time.monotonic() + LONGEST_WAIT_S
        while True:
            taken = await self._ask(line.wanted, route)
            self.spare = taken.spare
            if taken.lease_id is not None:
                lease = self._leases[taken.lease_id] = _Lease(taken.lease_id, taken.permits, taken.permits)
                self._end_later(line, lease, route)
                return lease
            wait = taken.wait_s or 0.0
            if time.monotonic() + wait > deadline:
                raise SourceUnavailable(_refusal(taken.reason, wait, self._limits, asked))
            await asyncio.sleep(wait)

    async def _ask(self, wanted: int, route: str) -> _Taken:
        limits = self._limits
        values = {
            "service": limits.service,
            "route": route,
            "wanted": wanted,
            "a_second": limits.a_second,
            "an_hour": limits.an_hour,
            "most_refused": limits.most_refused,
        }
        async with self._pool.installation() as conn, conn.cursor(row_factory=kwargs_row(_Taken)) as cursor:
            taken = await (await cursor.execute(SQL["take"], values)).fetchone()
        assert taken is not None  # noqa: S101 -- the function always answers
        return taken

    def _end_later(self, line: _Line, lease: _Lease, route: str) -> None:
        async def end() -> None:
            await asyncio.sleep(VALID_S)
            if line.lease is lease:
                line.lease = None
            if line.lease is None and not line.waiting:
                self._lines.pop(route, None)
            await self._end(lease)

        task = asyncio.create_task(end())
        self._ends.add(task)
        task.add_done_callback(self._ends.discard)

    async def _end(self, lease: _Lease) -> None:
        lease.end()
        if lease.is_answered:
            await self._tell(lease)

    async def _tell(self, lease: _Lease) -> None:
        """Tell the others; where that fails, the lease runs out."""
        lease.is_over = lease.is_answered
        if lease.is_over:
            self._leases.pop(lease.id, None)
        values = {**lease.news(), "is_over": lease.is_over}
        try:
            async with self._pool.installation() as conn:
                await conn.execute(SQL["give_back"], values)
        except psycopg.Error as error:
            log.warning("permits_not_given_back", service=self._limits.service, error=type(error).__name__)


async def clear_old(conn: Connection) -> None:
    """Forget what was requested longer ago than any limit reaches."""
    await conn.execute(SQL["clear_old"])


def _refusal(reason: str | None, wait: float, limits: Limits, asked: Asked) -> str:
    if reason == "refused":
        return tr(
            "{service} refused {n} requests within ten minutes, so no more are sent for now: "
            "it would block this address. See the earlier errors for what it refused.",
            service=asked.service,
            n=number(limits.most_refused),
        )
    if reason == "pause":
        paused = tr("{service} requested a pause, so {what} was not read.", **asked.words)
    elif reason == "hour":
        paused = tr(
            "This installation has used up the requests that {service} allows it, so {what} was not read.",
            **asked.words,
        )
    else:
        paused = tr(
            "This installation has too many requests for {service} right now, so {what} has to wait.", **asked.words
        )
    return f"{paused} {try_again_in_minutes(wait)}"
