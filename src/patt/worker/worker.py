"""The worker: does the jobs of the queue, and every minute enqueues what is due.

Uploads, scans, fixes and full matches run as they are enqueued, one in a job: where more of a guild waits, another job is
enqueued behind what other guilds wait for. Battle.net is read four times a day and Discord every 15
minutes for each guild, spread over the interval by the guild's number; each guild is scanned once a day. After a failure
the next try comes in 1, 2, 4 … minutes, and never later than the next regular one. Jobs of a worker that died go to
another, and role changes that a process left behind are looked up on Discord. The embedded database is backed up once a day,
and what is kept no longer is deleted once a day.
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
from patt.auth.sessions import SESSION_IDLE
from patt.bootstrap import Services
from patt.config import Settings
from patt.queue.tasks import PRIORITIES, WORKER_DEAD_AFTER_S, Queue, Task
from patt.worker.running import run_full_match, run_next_job
from patt.worker.uploads import process_next_upload
from sv_common.db import embedded
from sv_common.db.sql import load_sql
from sv_common.guild_sync import scheduler
from sv_common.guild_sync.core.errors import PattError
from sv_common.guild_sync.jobs import requests
from sv_common.guild_sync.keeping.cleaning import AccessLives, clean_daily
from sv_common.guild_sync.mitigations import finish_interrupted
from sv_common.guild_sync.reporter import send_digest
from sv_common.guild_sync.roster import runs
from sv_common.guild_sync.roster.freshness import FRESHNESS, Source
from sv_common.guild_sync.sources import permits

SQL = load_sql(__package__, "planning.sql")

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
    register(queue, services)
    await queue.app.run_worker_async(
        concurrency=_CONCURRENCY,
        wait=wait,
        install_signal_handlers=False,
        delete_jobs="always",
        fetch_job_polling_interval=_POLL_S,
        stalled_worker_timeout=WORKER_DEAD_AFTER_S,
        shutdown_graceful_timeout=_SHUTDOWN_TIMEOUT_S,
    )


def register(queue: Queue, services: Services) -> None:
    """Let a queue know what its jobs do, unless it does."""
    if Task.PLAN.value in queue.app.tasks:
        return
    for task, job in JOBS.items():
        queue.app.task(name=task.value)(_bound(task, job, services))

    async def plan(timestamp: int) -> None:
        await asyncio.to_thread(embedded.keep_logs_short)
        await resume_stalled(queue)
        await enqueue_due(services, datetime.fromtimestamp(timestamp, UTC))

    planning = queue.app.task(name=Task.PLAN.value, queueing_lock="plan", priority=PRIORITIES[Task.PLAN].value)(plan)
    queue.app.periodic(cron="* * * * *")(planning)

    async def keep_backups(timestamp: int) -> None:  # noqa: ARG001 -- the queue passes it
        await back_up(services)

    keeping = queue.app.task(name=Task.BACKUP.value, queueing_lock="backup", priority=PRIORITIES[Task.BACKUP].value)
    queue.app.periodic(cron="*/10 * * * *")(keeping(keep_backups))

    async def clean(timestamp: int) -> None:  # noqa: ARG001 -- the queue passes it
        await clean_daily(services.pool, access_lives(services.settings))

    cleaning = queue.app.task(name=Task.CLEANING.value, queueing_lock="clean", priority=PRIORITIES[Task.CLEANING].value)
    queue.app.periodic(cron="*/10 * * * *")(cleaning(clean))


def access_lives(settings: Settings) -> AccessLives:
    """Return how long what is about signing in is kept."""
    return AccessLives(settings.keep_access_days, SESSION_IDLE)


async def back_up(services: Services) -> Path | None:
    """Make the day's backup of the embedded database unless there is one, and return it; a failure is logged, and tried again."""
    if not services.is_embedded:
        return None
    try:
        return await asyncio.to_thread(backups.make_daily, services.settings, str(services.pool.conninfo))
    except PattError as error:
        log.warning("no_backup", reason=str(error))
        return None


GuildJob = Callable[[Services, int], Coroutine[Any, Any, bool]]
"""Does one thing for a guild; returns whether more of the same kind is left to do now."""


def _bound(task: Task, job: GuildJob, services: Services) -> Callable[[int], Coroutine[Any, Any, None]]:
    """Return the job with these services; the queue passes `guild_id` by name."""

    async def run(guild_id: int) -> None:
        if await job(services, guild_id):
            await _queue_of(services).enqueue(task, guild_id)

    return run


async def _run_pipeline(
    pipeline: Callable[..., Coroutine[Any, Any, object]], services: Services, guild_id: int
) -> bool:
    await pipeline(services.pool, guild_id=guild_id, sources=services.sources)
    return False


async def _send_digest(services: Services, guild_id: int) -> bool:
    page_url = services.settings.public_page("/admin/data-quality")
    await send_digest(services.pool, services.sources.announcer, guild_id=guild_id, page_url=page_url)
    return False


async def _finish_interrupted(services: Services, guild_id: int) -> bool:
    if services.sources.discord is not None:
        await finish_interrupted(services.pool, services.sources.discord, guild_id=guild_id)
    return False


JOBS: Mapping[Task, GuildJob] = {
    Task.UPLOADS: process_next_upload,
    Task.BATTLE_NET: partial(_run_pipeline, scheduler.run_blizzard_sync),
    Task.DISCORD: partial(_run_pipeline, scheduler.run_discord_sync),
    Task.SWEEP: partial(_run_pipeline, scheduler.run_sweep),
    Task.FULL_MATCH: run_full_match,
    Task.DIGEST: _send_digest,
    Task.JOBS: run_next_job,
    Task.RECOVERY: _finish_interrupted,
}
"""What each kind of job of a guild does."""


async def enqueue_due(services: Services, now: datetime) -> list[tuple[Task, int]]:
    """Enqueue every job that is due and return them: what waits to be done or sent, and pipelines whose time has come."""
    async with services.pool.installation() as conn:
        await runs.fail_cut_off(conn)
    async with services.pool.installation() as conn:
        await requests.clear_old(conn)
        await permits.clear_old(conn)
    schedules = [each for each in SCHEDULES if _has_source(each, services)]
    values = {
        "now": now,
        "spread": _SPREAD,
        "tasks": [each.task.value for each in schedules],
        "pipelines": [each.pipeline for each in schedules],
        "intervals": [each.interval.total_seconds() for each in schedules],
        "need_server": [each.task is Task.DISCORD for each in schedules],
        "uploads": Task.UPLOADS.value,
        "full_match": Task.FULL_MATCH.value,
        "jobs": Task.JOBS.value,
        "recovery": Task.RECOVERY.value,
        "digest": Task.DIGEST.value,
        "has_discord": services.sources.discord is not None,
        "has_announcer": services.sources.announcer is not None,
        "all_tasks": [task.value for task in PRIORITIES],
        "priorities": [priority.value for priority in PRIORITIES.values()],
    }
    async with services.pool.installation() as conn:
        rows = await (await conn.execute(SQL["enqueue_due"], values)).fetchall()
    return [(Task(task), guild_id) for task, guild_id in rows]


async def resume_stalled(queue: Queue) -> int:
    """Let the jobs of workers that died wait again; return how many there were."""
    await queue.correct_times_ahead()
    stalled = list(await queue.app.job_manager.get_stalled_jobs(seconds_since_heartbeat=WORKER_DEAD_AFTER_S))
    for job in stalled:
        await queue.requeue(job)
    return len(stalled)


def _has_source(schedule: Schedule, services: Services) -> bool:
    if schedule.task is Task.BATTLE_NET:
        return services.sources.battle_net is not None
    return schedule.task is not Task.DISCORD or services.sources.discord is not None


def _queue_of(services: Services) -> Queue:
    if services.queue is None:
        raise RuntimeError("these services were opened without a queue")
    return services.queue
