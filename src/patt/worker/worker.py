"""The worker: does the jobs of the queue, and every minute enqueues what is due.

Uploads, scans, fixes and full matches run as they are enqueued. Battle.net is read four times a day and Discord every 15
minutes for each guild, spread over the interval by the guild's number; each guild is scanned once a day. After a failure
the next try comes in 1, 2, 4 … minutes, and never later than the next regular one. Jobs of a worker that died go to
another, and role changes that a process left behind are looked up on Discord. The embedded database is backed up once a day.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import structlog

from patt import backups
from patt.bootstrap import Services
from patt.tasks import WORKER_DEAD_AFTER_S, Queue, Task
from patt.worker.running import run_full_match, run_jobs
from patt.worker.uploads import process_uploads
from sv_common.guild_sync import scheduler
from sv_common.guild_sync.core.errors import PattError
from sv_common.guild_sync.jobs import matches, requests
from sv_common.guild_sync.mitigations import finish_interrupted
from sv_common.guild_sync.notifications import announcements
from sv_common.guild_sync.reporter import send_digest
from sv_common.guild_sync.roster import guilds, runs, uploads
from sv_common.guild_sync.roster.freshness import FRESHNESS, Source
from sv_common.guild_sync.roster.guilds import Guild
from sv_common.guild_sync.roster.runs import History

log = structlog.get_logger(__name__)

_SPREAD = 0.618_033_988_75
"""The golden ratio: multiples of it spread any number of guilds evenly over an interval."""


@dataclass(frozen=True, slots=True)
class Schedule:
    """How often a pipeline runs for each guild."""

    task: Task
    pipeline: str
    interval: timedelta


def _of_source(task: Task, source: Source) -> Schedule:
    return Schedule(task, FRESHNESS[source].pipeline, FRESHNESS[source].expected_every)


SCHEDULES = (
    _of_source(Task.BATTLE_NET, Source.ROSTER),
    _of_source(Task.DISCORD, Source.MEMBERS),
    Schedule(Task.SWEEP, "sweep", timedelta(days=1)),
)
_CONCURRENCY = 4
_POLL_S = 5.0
_SHUTDOWN_TIMEOUT_S = 20.0
"""How long jobs may run on after a worker is asked to stop; what is cut off is tried again by the next worker."""


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
        stalled_worker_timeout=WORKER_DEAD_AFTER_S,
        shutdown_graceful_timeout=_SHUTDOWN_TIMEOUT_S,
    )


def _register(queue: Queue, services: Services) -> None:
    if Task.PLAN.value in queue.app.tasks:
        return
    for task, job in JOBS.items():
        queue.app.task(name=task.value)(_bound(job, services))

    async def plan(timestamp: int) -> None:
        await resume_stalled(queue)
        await enqueue_due(services, datetime.fromtimestamp(timestamp, UTC))
        if services.sources.discord is not None:
            await finish_interrupted(services.pool, services.sources.discord)
        await back_up(services)

    queue.app.periodic(cron="* * * * *")(queue.app.task(name=Task.PLAN.value, queueing_lock="plan")(plan))


async def back_up(services: Services) -> Path | None:
    """Make the day's backup of the embedded database unless there is one, and return it; a failure is logged, and tried again."""
    if not services.is_embedded:
        return None
    try:
        return await asyncio.to_thread(backups.make_daily, services.settings, str(services.pool.conninfo))
    except PattError as error:
        log.warning("no_backup", reason=str(error))
        return None


GuildJob = Callable[[Services, int], Coroutine[Any, Any, object]]


def _bound(job: GuildJob, services: Services) -> Callable[[int], Coroutine[Any, Any, None]]:
    """Return the job with these services; the queue passes `guild_id` by name."""

    async def run(guild_id: int) -> None:
        await job(services, guild_id)

    return run


async def _run_pipeline(
    pipeline: Callable[..., Coroutine[Any, Any, object]], services: Services, guild_id: int
) -> None:
    await pipeline(services.pool, guild_id=guild_id, sources=services.sources)


async def _send_digest(services: Services, guild_id: int) -> None:
    page_url = services.settings.public_page("/admin/data-quality")
    await send_digest(services.pool, services.sources.announcer, guild_id=guild_id, page_url=page_url)


JOBS: Mapping[Task, GuildJob] = {
    Task.UPLOADS: process_uploads,
    Task.BATTLE_NET: partial(_run_pipeline, scheduler.run_blizzard_sync),
    Task.DISCORD: partial(_run_pipeline, scheduler.run_discord_sync),
    Task.SWEEP: partial(_run_pipeline, scheduler.run_sweep),
    Task.FULL_MATCH: run_full_match,
    Task.DIGEST: _send_digest,
    Task.JOBS: run_jobs,
}
"""What each kind of job of a guild does."""


async def enqueue_due(services: Services, now: datetime) -> list[tuple[Task, int]]:
    """Enqueue every job that is due and return them: what waits to be done or sent, and pipelines whose time has come."""
    queue = _queue_of(services)
    async with services.pool.installation() as conn:
        await runs.fail_cut_off(conn)
    async with services.pool.installation() as conn:
        waiting = [(Task.UPLOADS, guild_id) for guild_id in await uploads.guilds_that_wait(conn)]
        waiting += [(Task.FULL_MATCH, guild_id) for guild_id in await matches.guilds_that_wait(conn)]
        await requests.clear_old(conn)
        await uploads.clear_old(conn)
        waiting += [(Task.JOBS, guild_id) for guild_id in await requests.guilds_that_wait(conn)]
        if services.sources.announcer is not None:
            waiting += [(Task.DIGEST, guild_id) for guild_id in await announcements.guilds_with_news(conn)]
        all_guilds = await guilds.all_guilds(conn)
        histories = await runs.histories(conn, [schedule.pipeline for schedule in SCHEDULES])
    due = waiting + [
        (schedule.task, guild.id)
        for guild in all_guilds
        for schedule in SCHEDULES
        if _can_run(schedule, guild, services) and is_due(schedule, guild.id, histories, now)
    ]
    for task, guild_id in due:
        await queue.enqueue(task, guild_id)
    return due


def is_due(schedule: Schedule, guild_id: int, histories: Mapping[tuple[int, str], History], now: datetime) -> bool:
    """Whether a pipeline of a guild should run now: its slot has come since it last began, or a retry has.

    A run that is still running does not count. One that was cut off counts as failed, even if another worker has its job.
    """
    history = histories.get((guild_id, schedule.pipeline))
    if history is None or history.last_start < slot_before(now, schedule.interval, guild_id):
        return True
    pause = timedelta(minutes=2 ** min(history.failures - 1, 16)) if history.failures else timedelta.max
    return now - history.last_start >= pause


def slot_before(now: datetime, interval: timedelta, guild_id: int) -> datetime:
    """Return the latest regular moment of a guild up to now; guilds are spread over the interval."""
    seconds = interval.total_seconds()
    offset = (guild_id * _SPREAD % 1) * seconds
    return datetime.fromtimestamp(((now.timestamp() - offset) // seconds) * seconds + offset, UTC)


async def resume_stalled(queue: Queue) -> int:
    """Let the jobs of workers that died wait again; return how many there were."""
    await queue.correct_times_ahead()
    stalled = list(await queue.app.job_manager.get_stalled_jobs(seconds_since_heartbeat=WORKER_DEAD_AFTER_S))
    for job in stalled:
        await queue.requeue(job)
    return len(stalled)


def _can_run(schedule: Schedule, guild: Guild, services: Services) -> bool:
    if schedule.task is Task.BATTLE_NET:
        return services.sources.battle_net is not None
    if schedule.task is Task.DISCORD:
        return services.sources.discord is not None and guild.discord_guild_id is not None
    return True


def _queue_of(services: Services) -> Queue:
    if services.queue is None:
        raise RuntimeError("these services were opened without a queue")
    return services.queue
