"""The queue of jobs: what is enqueued here is done by a worker, in this process or another, also after a crash.

A job holds a guild's number and nothing else. What is to be done stands in rows that were written before (uploads, jobs,
the sync log). So the planner enqueues a lost job again, and one that runs twice finds nothing left to do. A job does one
thing, such as one upload; where more is left to do, it is enqueued again, behind what other guilds wait for.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Mapping
from enum import StrEnum

import psycopg
import structlog
from procrastinate import App
from procrastinate.exceptions import ConnectorException, UniqueViolation
from procrastinate.jobs import Job, Status

from patt.queue.fair_jobs import SQL, FairJobs, Priority, QueueConnector
from sv_common.db.patience import KEEPALIVES
from sv_common.db.pool import LivePool
from sv_common.db.pooler import recognize_pooler

log = structlog.get_logger(__name__)

_CONNECTIONS = 4

WORKER_DEAD_AFTER_S = 45
"""Seconds without a heartbeat after which a worker counts as dead and its jobs go to another."""


class Task(StrEnum):
    """The kinds of jobs, by the names that the queue keeps."""

    UPLOADS = "process_uploads"
    BATTLE_NET = "sync_battlenet"
    DISCORD = "sync_discord"
    SWEEP = "sweep"
    FULL_MATCH = "full_match"
    DIGEST = "digest"
    JOBS = "run_jobs"
    RECOVERY = "finish_interrupted"
    PLAN = "plan"
    BACKUP = "backup"
    CLEANING = "clean"


PRIORITIES: Mapping[Task, Priority] = {
    Task.PLAN: Priority.PLANNING,
    Task.RECOVERY: Priority.PLANNING,
    Task.JOBS: Priority.OFFICER,
    Task.FULL_MATCH: Priority.OFFICER,
    Task.UPLOADS: Priority.UPLOAD,
    Task.BATTLE_NET: Priority.SYNC,
    Task.DISCORD: Priority.SYNC,
    Task.DIGEST: Priority.SYNC,
    Task.SWEEP: Priority.SWEEP,
    Task.BACKUP: Priority.SWEEP,
    Task.CLEANING: Priority.SWEEP,
}
"""How urgent each kind is, unless an officer waits for it."""


class Queue:
    """The jobs that wait. At most one job of a kind waits for each guild, and one at a time runs for it."""

    def __init__(self, database_url: str, listen_url: str | None = None) -> None:
        connector = QueueConnector(
            listen_url=listen_url or database_url,
            conninfo=database_url,
            min_size=0,
            max_size=_CONNECTIONS,
            kwargs={**KEEPALIVES},
            configure=recognize_pooler,
            # The queue's own check of connections would be a second one.
            pool_factory=lambda **of_queue: LivePool(**{**of_queue, "check": None}),
        )
        self.app = App(connector=connector)
        self.app.job_manager = FairJobs(connector)

    async def enqueue(self, task: Task, guild_id: int, *, is_awaited: bool = False) -> bool:
        """Enqueue a job; return whether it is new. A failure of the queue is logged: the planner tries again.

        `is_awaited` says that an officer waits for it.
        """
        try:
            added = await self.app.connector.execute_query_all_async(
                SQL["enqueue"],
                task=task.value,
                priority=max(PRIORITIES[task], Priority.OFFICER if is_awaited else Priority.SWEEP).value,
                lock=f"guild {guild_id}",
                queueing_lock=f"{task.value} {guild_id}",
                guild_id=guild_id,
            )
        except (ConnectorException, psycopg.Error) as error:
            log.warning("job_not_enqueued", task=task.value, guild_id=guild_id, error=type(error).__name__)
            return False
        return any(row["is_new"] for row in added)

    async def correct_times_ahead(self) -> None:
        """Clear times that a wrong clock wrote: a dead worker's heartbeat, or the start of a job that waits.

        No job is enqueued in advance, so whatever lies further ahead than clocks differ is wrong.
        """
        for name in ("correct_heartbeats", "correct_starts"):
            await self.app.connector.execute_query_async(SQL[name])

    async def requeue(self, job: Job) -> None:
        """Let a job whose worker died wait again.

        Of a kind only one job may wait for a guild: where one does, this one ends. A job that has ended, or that another
        worker requeued, is left alone.
        """
        try:
            try:
                await self.app.job_manager.retry_job(job)
            except UniqueViolation:
                await self.app.job_manager.finish_job(job, Status.FAILED, delete_job=True)
        except ConnectorException as error:
            if not isinstance(error.__cause__, psycopg.errors.RaiseException):
                raise


@contextlib.asynccontextmanager
async def open_queue(database_url: str, listen_url: str | None = None) -> AsyncIterator[Queue]:
    queue = Queue(database_url, listen_url)
    async with queue.app.open_async():
        yield queue
