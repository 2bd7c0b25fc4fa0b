"""The worker: does the jobs of the queue, and every minute plans which are due.

Uploads are taken in as they come; Battle.net is asked four times a day and Discord every 15 minutes for each guild, spread
over the interval by the guild's number; each guild is looked at once a day. After a failure the next try comes in 1, 2,
4 … minutes, and never later than the next regular one. Scans, fixes and full matches are done when officers ask for them,
and officers are told the news when there are any. Jobs of a worker that died are given to another, and role changes that a
process left behind are looked up on Discord.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

import psycopg
import structlog

from patt.bootstrap import Services
from patt.tasks import SILENCE_OF_THE_DEAD_S, Queue, Task
from patt.worker.asked_work import work_when_asked
from patt.worker.full_match import match_when_asked
from sv_common.guild_sync import scheduler
from sv_common.guild_sync.core.errors import BadInput, Busy, Refused, reason_of
from sv_common.guild_sync.jobs import matches, requests
from sv_common.guild_sync.mitigations import finish_interrupted
from sv_common.guild_sync.notifications import announcements
from sv_common.guild_sync.reporter import send_digest
from sv_common.guild_sync.roster import guilds, runs, uploads
from sv_common.guild_sync.roster.freshness import FRESHNESS, Source
from sv_common.guild_sync.roster.guilds import Guild
from sv_common.guild_sync.roster.runs import History
from sv_common.guild_sync.roster.uploads import WaitingUpload
from sv_common.guild_sync.scheduler import PipelineReport

log = structlog.get_logger(__name__)

MOST_ATTEMPTS = 6
"""Tries after which an upload that fails for an unexpected reason is given up; a try begins under the guild's lock."""

_NOT_THE_UPLOADS_FAULT = (Busy, psycopg.OperationalError)
"""What keeps a try from beginning: another run for the guild, or the database. It is no try."""

_SPREAD = 0.618_033_988_75
"""The golden ratio: multiples of it spread any number of guilds evenly over an interval."""


@dataclass(frozen=True, slots=True)
class Rhythm:
    """How often a pipeline runs for each guild."""

    task: Task
    pipeline: str
    interval: timedelta


def _of_source(task: Task, source: Source) -> Rhythm:
    return Rhythm(task, FRESHNESS[source].pipeline, FRESHNESS[source].expected_every)


RHYTHMS = (
    _of_source(Task.BATTLE_NET, Source.ROSTER),
    _of_source(Task.DISCORD, Source.MEMBERS),
    Rhythm(Task.SWEEP, "sweep", timedelta(days=1)),
)


_CONCURRENCY = 4
_POLL_S = 5.0
_PATIENCE_AT_THE_END_S = 20.0
"""How long a worker that is asked to stop lets its jobs run on; what is cut off is tried again by the next worker."""


async def work_until_stopped(services: Services, *, wait: bool = True) -> None:
    """Do jobs until asked to stop; with `wait=False`, until none is left. The services have a queue."""
    queue = _queue_of(services)
    _register(queue, services)
    await queue.app.run_worker_async(
        concurrency=_CONCURRENCY,
        wait=wait,
        install_signal_handlers=False,
        delete_jobs="always",
        fetch_job_polling_interval=_POLL_S,
        stalled_worker_timeout=SILENCE_OF_THE_DEAD_S,
        shutdown_graceful_timeout=_PATIENCE_AT_THE_END_S,
    )


def _register(queue: Queue, services: Services) -> None:
    """Say, once, what each kind of job does."""
    if Task.PLAN.value in queue.app.tasks:
        return

    async def sync_battlenet(guild_id: int) -> None:
        await scheduler.run_blizzard_sync(services.pool, guild_id=guild_id, outside=services.outside)

    async def sync_discord(guild_id: int) -> None:
        await scheduler.run_discord_sync(services.pool, guild_id=guild_id, outside=services.outside)

    async def sweep(guild_id: int) -> None:
        await scheduler.run_sweep(services.pool, guild_id=guild_id, outside=services.outside)

    async def tell(guild_id: int) -> None:
        page_url = services.settings.public_page("/admin/data-quality")
        await send_digest(services.pool, services.outside.announcer, guild_id=guild_id, page_url=page_url)

    async def plan(timestamp: int) -> None:
        await resume_stalled(queue)
        await ask_for_what_is_due(services, datetime.fromtimestamp(timestamp, UTC))
        if services.outside.discord is not None:
            await finish_interrupted(services.pool, services.outside.discord)

    for task, function in (
        (Task.UPLOADS, _with(services, take_in)),
        (Task.BATTLE_NET, sync_battlenet),
        (Task.DISCORD, sync_discord),
        (Task.SWEEP, sweep),
        (Task.FULL_MATCH, _with(services, match_when_asked)),
        (Task.DIGEST, tell),
        (Task.WORK, _with(services, work_when_asked)),
    ):
        queue.app.task(name=task.value)(function)
    queue.app.periodic(cron="* * * * *")(queue.app.task(name=Task.PLAN.value, queueing_lock="plan")(plan))


def _with(
    services: Services, work: Callable[[Services, int], Awaitable[None]]
) -> Callable[[int], Coroutine[Any, Any, None]]:
    """Return what a job of a guild does with these services; the queue gives the guild's number by its name."""

    async def for_guild(guild_id: int) -> None:
        await work(services, guild_id)

    return for_guild


async def take_in(services: Services, guild_id: int) -> None:
    """Take in the uploads of a guild that wait, oldest export first; one that fails lets the next ones pass."""
    while True:
        async with services.pool.connection() as conn:
            upload = await uploads.next_waiting(conn, guild_id)
        if upload is None:
            return
        await _take_in(services, guild_id, upload)


class _TooManyTriesError(Refused):
    """An upload was tried so often that another try would most likely end the worker too."""


async def _take_in(services: Services, guild_id: int, upload: WaitingUpload) -> None:
    """Run the pipeline and note what became of the upload.

    Killed in between, the upload is taken in again: the same notes twice change nothing.
    """
    tries = 0

    async def count_try() -> None:
        nonlocal tries
        tries = await _count_try(services, upload)
        if tries > MOST_ATTEMPTS:
            raise _TooManyTriesError(
                f"Upload {upload.id} was tried {MOST_ATTEMPTS} times and ended the worker each time."
            )

    try:
        report = await scheduler.run_addon_sync(
            services.pool,
            upload.characters,
            guild_id=guild_id,
            outside=services.outside,
            actor=f"addon of {upload.uploader}",
            exported_at=upload.as_of,
            origin=upload.origin,
            on_start=count_try,
        )
    except BadInput as error:
        await _finish(services, upload, "refused", str(error))
    except _TooManyTriesError:
        await _give_up(services, upload, f"the worker ended during each of {MOST_ATTEMPTS} tries")
    except Exception as error:  # what is worth another try waits for it, and nothing is lost
        if tries == 0 and not isinstance(error, _NOT_THE_UPLOADS_FAULT):
            tries = await _count_try(services, upload)
        log.exception("upload_failed", upload_id=upload.id, guild_id=guild_id, attempt=tries)
        reason = reason_of(error)
        if tries >= MOST_ATTEMPTS:
            await _give_up(services, upload, f"it failed {tries} times. {reason}")
        else:
            async with services.pool.connection() as conn:
                await uploads.put_off(conn, upload.id, f"{reason} It is tried again.")
    else:
        await _note_outcome(services, upload, report)


async def _count_try(services: Services, upload: WaitingUpload) -> int:
    async with services.pool.connection() as conn:
        return await uploads.count_try(conn, upload.id) or 0


async def _note_outcome(services: Services, upload: WaitingUpload, report: PipelineReport) -> None:
    """Say what came of an upload that the pipeline has taken."""
    sync = report.steps[0]
    if report.status == "superseded":
        async with services.pool.connection() as conn:
            newer = await uploads.newer_than(conn, upload.id)
        by = f" The newer one is upload {newer}." if newer else ""
        await _finish(services, upload, "superseded", f"{sync.notices[0]}{by}", report.run_id)
        return
    older = (
        f" Of {_counted(sync.counts['older'], 'character')} a newer export was known." if sync.counts["older"] else ""
    )
    counts = (
        f"{_counted(sync.counts['characters'], 'character')}, {_counted(sync.counts['notes_changed'], 'changed note')}."
    )
    await _finish(services, upload, "done", f"Taken in: {counts}{older}", report.run_id)


def _counted(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


async def _finish(
    services: Services,
    upload: WaitingUpload,
    state: Literal["done", "superseded", "refused"],
    sentence: str,
    run_id: int | None = None,
) -> None:
    async with services.pool.connection() as conn:
        await uploads.finish(conn, upload.id, state, sentence, run_id=run_id, as_of=upload.as_of)


async def _give_up(services: Services, upload: WaitingUpload, reason: str) -> None:
    sentence = f"Given up: {reason.removesuffix('.')}. It is kept: patt uploads retry {upload.id}"
    async with services.pool.connection() as conn:
        await uploads.give_up(conn, upload.id, sentence)


async def ask_for_what_is_due(services: Services, now: datetime) -> list[tuple[Task, int]]:
    """Ask for every job that is due and return them: what waits to be done or told, and pipelines whose time has come."""
    queue = _queue_of(services)
    async with services.pool.connection() as conn:
        await runs.fail_cut_off(conn)
    async with services.pool.connection() as conn:
        waiting = [(Task.UPLOADS, guild_id) for guild_id in await uploads.guilds_that_wait(conn)]
        waiting += [(Task.FULL_MATCH, guild_id) for guild_id in await matches.guilds_that_wait(conn)]
        await requests.clear_old(conn)
        await uploads.clear_old(conn)
        waiting += [(Task.WORK, guild_id) for guild_id in await requests.guilds_that_wait(conn)]
        if services.outside.announcer is not None:
            waiting += [(Task.DIGEST, guild_id) for guild_id in await announcements.guilds_to_tell(conn)]
        all_guilds = await guilds.all_guilds(conn)
        histories = await runs.histories(conn, [rhythm.pipeline for rhythm in RHYTHMS])
    due = waiting + [
        (rhythm.task, guild.id)
        for guild in all_guilds
        for rhythm in RHYTHMS
        if _can_run(rhythm, guild, services) and is_due(rhythm, guild.id, histories, now)
    ]
    for task, guild_id in due:
        await queue.ask_for(task, guild_id)
    return due


def is_due(rhythm: Rhythm, guild_id: int, histories: Mapping[tuple[int, str], History], now: datetime) -> bool:
    """Whether a pipeline of a guild should run now: its slot has come since it last began, or a retry has.

    A run that goes on is neither. One that was cut off counts as failed, whether or not its job is given to another.
    """
    history = histories.get((guild_id, rhythm.pipeline))
    if history is None or history.last_start < slot_before(now, rhythm.interval, guild_id):
        return True
    patience = timedelta(minutes=2 ** min(history.failures - 1, 16)) if history.failures else timedelta.max
    return now - history.last_start >= patience


def slot_before(now: datetime, interval: timedelta, guild_id: int) -> datetime:
    """Return the latest regular moment of a guild up to now; guilds are spread over the interval."""
    seconds = interval.total_seconds()
    offset = (guild_id * _SPREAD % 1) * seconds
    return datetime.fromtimestamp(((now.timestamp() - offset) // seconds) * seconds + offset, UTC)


async def resume_stalled(queue: Queue) -> int:
    """Give the jobs of workers that died back to the queue; return how many there were."""
    await queue.correct_times_ahead()
    stalled = list(await queue.app.job_manager.get_stalled_jobs(seconds_since_heartbeat=SILENCE_OF_THE_DEAD_S))
    for job in stalled:
        await queue.give_back(job)
    return len(stalled)


def _can_run(rhythm: Rhythm, guild: Guild, services: Services) -> bool:
    if rhythm.task is Task.BATTLE_NET:
        return services.outside.battle_net is not None
    if rhythm.task is Task.DISCORD:
        return services.outside.discord is not None and guild.discord_guild_id is not None
    return True


def _queue_of(services: Services) -> Queue:
    if services.queue is None:
        raise RuntimeError("these services were opened without a queue")
    return services.queue
