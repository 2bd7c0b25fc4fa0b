"""Runs the jobs that officers enqueued: scans and fixes with progress, and full matches.

Killed in between, the next worker runs the same job: what is done already is found to be so.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from functools import partial

import psycopg
import structlog

from patt.bootstrap import Services
from patt.json_data import as_json_data
from patt.worker.kinds import KINDS, JobKind, JobResult
from patt.worker.retry import run_once
from sv_common.db.pool import Pool
from sv_common.guild_sync import scheduler
from sv_common.guild_sync.core.progress import OnProgress, Progress
from sv_common.guild_sync.identity_engine import MatchReport
from sv_common.guild_sync.jobs import matches, requests
from sv_common.guild_sync.jobs.matches import WaitingMatch
from sv_common.guild_sync.jobs.requests import WorkRequest

log = structlog.get_logger(__name__)

PAUSE_S = 0.3
"""Seconds between two writes of progress; what happens meanwhile is part of the next one."""


async def run_jobs(services: Services, guild_id: int) -> None:
    """Run the scans and fixes of a guild, oldest first; one that is to be tried again waits for the next call."""
    tried: list[int] = []
    while True:
        async with services.pool.writing(guild_id, alone=False) as guild:
            job = await requests.next_waiting(guild, tried=tried)
        if job is None:
            return
        tried.append(job.id)
        await _run(services, job)


async def _run(services: Services, job: WorkRequest) -> None:
    kind = KINDS[JobKind(job.kind)]

    async def run() -> JobResult:
        async with _writing_progress(services.pool, job) as on_progress:
            return await kind.run(services, job, on_progress)

    async def fail(reason: str) -> None:
        async with services.pool.writing(job.guild_id, alone=False) as guild:
            await requests.finish(guild, job.id, "failed", reason)

    async def retry_later(reason: str) -> None:
        async with services.pool.writing(job.guild_id, alone=False) as guild:
            await requests.report(guild, job, Progress(0, 0, reason))

    result = await run_once(
        run,
        number=job.attempts,
        most=kind.most_tries,
        fail=fail,
        retry_later=retry_later,
        job_id=job.id,
        guild_id=job.guild_id,
    )
    if result is not None:
        async with services.pool.writing(job.guild_id, alone=False) as guild:
            await requests.finish(guild, job.id, "done", result.sentence, as_json_data(result))


async def run_full_match(services: Services, guild_id: int) -> None:
    """Run the full match of a guild that waits, if one does."""
    async with services.pool.writing(guild_id, alone=False) as guild:
        job = await matches.next_waiting(guild)
    if job is None:
        return

    async def fail(reason: str) -> None:
        async with services.pool.writing(guild_id, alone=False) as guild:
            await matches.finish(guild, job.id, "failed", reason)

    async def retry_later(_: str) -> None:
        """It goes on waiting."""

    result = await run_once(
        partial(
            scheduler.run_full_match,
            services.pool,
            guild_id=guild_id,
            sources=services.sources,
            actor=job.actor,
            selected=job.selected,
        ),
        number=job.attempts,
        fail=fail,
        retry_later=retry_later,
        match_id=job.id,
        guild_id=guild_id,
    )
    if result is not None:
        report, match = result
        async with services.pool.writing(guild_id, alone=False) as guild:
            await matches.finish(
                guild,
                job.id,
                "done",
                _in_words(match, job),
                attempt_id=match.attempt_id,
                run_id=report.run_id,
            )


def _in_words(match: MatchReport, job: WaitingMatch) -> str:
    counts = match.counts
    done = f"{counts['players_created']} players created, {counts['characters_linked']} characters linked"
    if job.selected is None:
        return f"{done}, {counts['left_alone']} left alone."
    if not match.missing:
        return f"{done}, for the {len(job.selected)} selected."
    cut_off = " An earlier try was cut off and may have done it." if job.attempts > 1 else ""
    return (
        f"{done}. Of the {len(job.selected)} selected, {match.missing} have changed since the preview, "
        f"and nothing was done for them.{cut_off}"
    )


@contextlib.asynccontextmanager
async def _writing_progress(pool: Pool, job: WorkRequest) -> AsyncIterator[OnProgress]:
    """Give the callback for progress, and write that beside the run, on a connection and in transactions of its own."""
    writer = _ProgressWriter(pool, job)
    writing = asyncio.create_task(writer.write())
    try:
        yield writer.on_progress
    finally:
        writer.stop()
        await writing


class _ProgressWriter:
    """Writes the latest progress, a few times a second at most, however often it is called."""

    def __init__(self, pool: Pool, job: WorkRequest) -> None:
        self._pool = pool
        self._job = job
        self._latest: Progress | None = None
        self._has_news = asyncio.Event()
        self._stopped = asyncio.Event()

    def on_progress(self, progress: Progress) -> None:
        """Take the latest progress; never waits."""
        self._latest = progress
        self._has_news.set()

    def stop(self) -> None:
        self._stopped.set()
        self._has_news.set()

    async def write(self) -> None:
        """Write until stopped. A failure to write is logged, and does not stop the run."""
        while True:
            await self._has_news.wait()
            if self._stopped.is_set():
                return
            self._has_news.clear()
            try:
                if self._latest is not None:
                    async with self._pool.writing(self._job.guild_id, alone=False) as guild:
                        await requests.report(guild, self._job, self._latest)
            except psycopg.Error as error:
                log.warning("progress_not_written", job_id=self._job.id, error=type(error).__name__)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(PAUSE_S):
                    await self._stopped.wait()
