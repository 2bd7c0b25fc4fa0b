"""Runs the jobs that officers enqueued: scans and fixes with progress, and full matches.

Killed in between, the next worker runs the same job: what is done already is found to be so.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable

import psycopg
import structlog

from patt.bootstrap import Services
from patt.json_data import as_json_data
from patt.worker.kinds import KINDS, FixedSoFar, JobKind, JobResult
from patt.worker.retry import Failed, run_once
from sv_common.db.pool import Pool
from sv_common.guild_sync import scheduler
from sv_common.guild_sync.core.language import number, tr
from sv_common.guild_sync.core.progress import OnProgress, Progress
from sv_common.guild_sync.core.reports import count_in_words
from sv_common.guild_sync.identity_engine import MatchReport
from sv_common.guild_sync.jobs import matches, requests
from sv_common.guild_sync.jobs.matches import WaitingMatch
from sv_common.guild_sync.jobs.requests import WorkRequest
from sv_common.guild_sync.scheduler import PipelineReport

log = structlog.get_logger(__name__)

PAUSE_S = 0.3
"""Seconds between two writes of progress; what happens meanwhile is part of the next one."""


async def run_next_job(services: Services, guild_id: int) -> bool:
    """Run the oldest scan or fix of a guild, of a large fix one portion; return whether anything is left to do now."""
    async with services.pool.writing(guild_id, alone=False) as guild:
        job = await requests.next_waiting(guild)
    if job is None:
        return False
    await _run(services, job)
    async with services.pool.reading(guild_id) as guild:
        return await requests.is_any_waiting(guild)


async def _run(services: Services, job: WorkRequest) -> None:
    kind = KINDS[JobKind(job.kind)]

    async def run() -> JobResult:
        async with _writing_progress(services.pool, job) as on_progress:
            return await kind.run(services, job, on_progress)

    result = await run_once(run, number=job.attempts, most=kind.most_tries, job_id=job.id, guild_id=job.guild_id)
    async with services.pool.writing(job.guild_id, alone=False) as guild:
        match result:
            case Failed(reason, is_final=True):
                await requests.finish(guild, job.id, "failed", reason)
            case Failed(reason):
                await requests.put_off(guild, job, reason)
            case FixedSoFar(left=0):
                await requests.finish(guild, job.id, "done", result.report.sentence, result.as_json)
            case FixedSoFar():
                await requests.keep_portion(guild, job, result.portion, left=result.left)
            case _:
                await requests.finish(guild, job.id, "done", result.sentence, as_json_data(result))


async def run_full_match(services: Services, guild_id: int) -> bool:
    """Run the full match of a guild that waits, if one does. One that is to be tried again goes on waiting for the planner."""
    async with services.pool.writing(guild_id, alone=False) as guild:
        job = await matches.next_waiting(guild)
    if job is None:
        return False

    def run() -> Awaitable[tuple[PipelineReport, MatchReport]]:
        return scheduler.run_full_match(
            services.pool, guild_id=guild_id, sources=services.sources, actor=job.actor, selected=job.selected
        )

    result = await run_once(run, number=job.attempts, match_id=job.id, guild_id=guild_id)
    if isinstance(result, Failed):
        if result.is_final:
            async with services.pool.writing(guild_id, alone=False) as guild:
                await matches.finish(guild, job.id, "failed", result.reason)
        return False
    report, match = result
    values = {"attempt_id": match.attempt_id, "run_id": report.run_id}
    async with services.pool.writing(guild_id, alone=False) as guild:
        await matches.finish(guild, job.id, "done", _in_words(match, job), **values)
    return False


def _in_words(match: MatchReport, job: WaitingMatch) -> str:
    counts = match.counts
    done = {"players": count_in_words("players_created", counts["players_created"])}
    done["characters"] = count_in_words("characters_linked", counts["characters_linked"])
    if job.selected is None:
        return tr(
            "{players}, {characters}, {skipped} skipped.",
            skipped=number(counts["left_alone"]),
            **done,
        )
    selected = number(len(job.selected))
    if not match.missing:
        return tr("{players}, {characters}, for the {n} selected.", n=selected, **done)
    sentence = tr(
        "{players}, {characters}. Of the {n} selected, {missing} have changed since the preview and were skipped.",
        n=selected,
        missing=number(match.missing),
        **done,
    )
    if job.attempts <= 1:
        return sentence
    earlier = tr("An earlier, interrupted try may have done it.")
    return f"{sentence} {earlier}"


@contextlib.asynccontextmanager
async def _writing_progress(pool: Pool, job: WorkRequest) -> AsyncIterator[OnProgress]:
    """Give a callback for progress, which never waits, and write the latest beside the run.

    It is written a few times a second at most, in transactions of its own. A failure to write is logged, and does not
    stop the run.
    """
    latest: list[Progress] = []
    has_news, is_over = asyncio.Event(), asyncio.Event()

    def on_progress(progress: Progress) -> None:
        latest[:] = [progress]
        has_news.set()

    async def write() -> None:
        while True:
            await has_news.wait()
            if is_over.is_set():
                return
            has_news.clear()
            try:
                async with pool.writing(job.guild_id, alone=False) as guild:
                    await requests.report(guild, job, latest[0])
            except psycopg.Error as error:
                log.warning("progress_not_written", job_id=job.id, error=type(error).__name__)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(PAUSE_S):
                    await is_over.wait()

    writing = asyncio.create_task(write())
    try:
        yield on_progress
    finally:
        is_over.set()
        has_news.set()
        await writing
