"""Scans and fixes that officers asked for: done by a worker, each once, with progress that others see meanwhile."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

import psycopg
import structlog

from patt.bootstrap import Services
from patt.json_data import as_json_data
from patt.worker.kinds import KINDS, WorkKind
from sv_common.db.pool import Pool
from sv_common.guild_sync.core.errors import Busy, PattError, SourceUnavailable, reason_of
from sv_common.guild_sync.core.progress import OnProgress, Progress
from sv_common.guild_sync.jobs import requests
from sv_common.guild_sync.jobs.requests import WorkRequest

log = structlog.get_logger(__name__)

MOST_ATTEMPTS = 3
"""Tries after which a request is given up; its officer can ask again."""

PAUSE_S = 0.3
"""Seconds between two notes of progress: what happens meanwhile is told by the next one."""


async def work_when_asked(services: Services, guild_id: int) -> None:
    """Do what officers of a guild have asked for, oldest first; what fails and is worth another try waits for it.

    Killed in between, the next worker goes on with the same request: what is fixed already is found to be so.
    """
    tried: list[int] = []
    while True:
        async with services.pool.connection() as conn:
            request = await requests.next_waiting(conn, guild_id, tried=tried)
        if request is None:
            return
        tried.append(request.id)
        await _do(services, request)


async def _do(services: Services, request: WorkRequest) -> None:
    if request.attempts > MOST_ATTEMPTS:
        sentence = f"Given up: the worker ended during each of {MOST_ATTEMPTS} tries. Ask again, or look into its log."
        await _finish(services, request, "failed", sentence)
        return
    try:
        async with _reporting(services.pool, request) as on_progress:
            outcome = await KINDS[WorkKind(request.kind)].do(services, request, on_progress)
    except Exception as error:  # what is worth another try waits for it
        log.exception("work_failed", request_id=request.id, guild_id=request.guild_id, attempt=request.attempts)
        await _put_off(services, request, error)
    else:
        async with services.pool.connection() as conn:
            await requests.finish(conn, request.id, "done", outcome.sentence, as_json_data(outcome))


async def _put_off(services: Services, request: WorkRequest, error: Exception) -> None:
    """Say that it is tried again, or give it up where another try changes nothing."""
    is_final = isinstance(error, PattError) and not isinstance(error, Busy | SourceUnavailable)
    if is_final or request.attempts == MOST_ATTEMPTS:
        await _finish(services, request, "failed", reason_of(error))
        return
    async with services.pool.connection() as conn:
        sentence = f"{reason_of(error)} It is tried again within a minute."
        await requests.report(conn, request, Progress(0, 0, sentence))


async def _finish(services: Services, request: WorkRequest, state: requests.WorkState, sentence: str) -> None:
    async with services.pool.connection() as conn:
        await requests.finish(conn, request.id, state, sentence)


@contextlib.asynccontextmanager
async def _reporting(pool: Pool, request: WorkRequest) -> AsyncIterator[OnProgress]:
    """Give what hears of progress, and write it down beside the work: on a connection and in a transaction of its own."""
    writer = _Writer(pool, request)
    writing = asyncio.create_task(writer.write())
    try:
        yield writer.hear
    finally:
        writer.stop()
        await writing


class _Writer:
    """Writes the latest progress, a few times a second at most, however often it is told."""

    def __init__(self, pool: Pool, request: WorkRequest) -> None:
        self._pool = pool
        self._request = request
        self._latest: Progress | None = None
        self._woken = asyncio.Event()
        self._stopped = asyncio.Event()

    def hear(self, progress: Progress) -> None:
        """Take up progress; never waits."""
        self._latest = progress
        self._woken.set()

    def stop(self) -> None:
        """Let the writing end: what came of the work is about to be told."""
        self._stopped.set()
        self._woken.set()

    async def write(self) -> None:
        """Write until stopped. That progress cannot be told is noted, and is no reason to stop the work."""
        while True:
            await self._woken.wait()
            if self._stopped.is_set():
                return
            self._woken.clear()
            try:
                await self._write_latest()
            except psycopg.Error as error:
                log.warning("progress_not_told", request_id=self._request.id, error=type(error).__name__)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(PAUSE_S):
                    await self._stopped.wait()

    async def _write_latest(self) -> None:
        if self._latest is not None:
            async with self._pool.connection() as conn:
                await requests.report(conn, self._request, self._latest)
