"""How Procrastinate's jobs are shared out: by how urgent they are, and guild by guild, so that none has to wait for another's flood."""

from __future__ import annotations

import contextlib
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from enum import IntEnum
from functools import cache
from typing import Any, LiteralString

import psycopg
from procrastinate import PsycopgConnector
from procrastinate.exceptions import ConnectorException
from procrastinate.jobs import Job, Notification, Status
from procrastinate.manager import JobManager, NotificationCallback

from sv_common.db.patience import KEEPALIVES
from sv_common.db.sql import load_sql

SQL = load_sql(__package__, "fair_jobs.sql")

_TRIES = 5
_NAMES = re.compile(r"(?<![\w.])(?=procrastinate_(?!\w*queue_v1))")


class Priority(IntEnum):
    """How urgent a job is; the higher goes first."""

    SWEEP = 0
    SYNC = 10
    UPLOAD = 20
    OFFICER = 30
    PLANNING = 40


class QueueConnector(PsycopgConnector):
    """Names the schema of Procrastinate's tables and functions in each statement.

    A search path is a property of the session, which does not reach the server through PgBouncer. `listen_url` is for the
    connection that hears of new jobs.
    """

    def __init__(self, *, listen_url: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._listen_url = listen_url

    @contextlib.asynccontextmanager
    async def _get_standalone_connection(self) -> AsyncIterator[psycopg.AsyncConnection]:
        async with await psycopg.AsyncConnection.connect(self._listen_url, autocommit=True, **KEEPALIVES) as connection:
            yield connection

    async def execute_query_async(self, query: LiteralString, **arguments: Any) -> None:
        await super().execute_query_async(_with_schema(query), **arguments)

    async def execute_query_one_async(self, query: LiteralString, **arguments: Any) -> dict[str, Any]:
        row: dict[str, Any] = await super().execute_query_one_async(_with_schema(query), **arguments)
        return row

    async def execute_query_all_async(self, query: LiteralString, **arguments: Any) -> list[dict[str, Any]]:
        rows: list[dict[str, Any]] = await super().execute_query_all_async(_with_schema(query), **arguments)
        return rows


class FairJobs(JobManager):
    """Procrastinate's jobs, fetched fairly and finished so that a guild's next one begins at once."""

    def __init__(self, connector: QueueConnector) -> None:
        super().__init__(connector)
        self._news = 0
        self._wake: Callable[[], Awaitable[None]] | None = None

    async def listen_for_jobs(
        self, *, on_notification: NotificationCallback, queues: Iterable[str] | None = None
    ) -> None:
        """Listen like the library, and count what is heard."""

        async def count(*, channel: str, notification: Notification) -> None:
            self._news += 1
            await on_notification(channel=channel, notification=notification)

        async def wake() -> None:
            await count(channel="", notification={"type": "job_inserted", "job_id": 0})

        self._wake = wake
        await super().listen_for_jobs(on_notification=count, queues=queues)

    async def fetch_job(self, queues: Iterable[str] | None, worker_id: int) -> Job | None:  # noqa: ARG002 -- the library's
        """Give the next job to a worker, None where none may begin.

        The library forgets what it hears while it fetches, and would leave that to its next regular look.
        """
        while True:
            known = self._news
            found = await self._fetch(worker_id)
            if found or known == self._news:
                return Job.from_row(found[0]) if found else None

    async def _fetch(self, worker_id: int) -> list[dict[str, Any]]:
        for tries in range(1, _TRIES + 1):
            try:
                return await self.connector.execute_query_all_async(
                    SQL["fetch"], worker_id=worker_id, officer=Priority.OFFICER.value, upload=Priority.UPLOAD.value
                )
            except ConnectorException as error:  # another worker was faster with another job of the guild
                if not isinstance(error.__cause__, psycopg.errors.UniqueViolation) or tries == _TRIES:
                    raise
        return []

    async def finish_job(self, job: Job, status: Status, delete_job: bool) -> None:
        """End a job, and its guild's turn."""
        await self.connector.execute_query_async(
            SQL["finish"], job_id=job.id, status=status.value, delete_job=delete_job, lock=job.lock
        )
        if self._wake is not None:  # also where a pooler lets no connection listen
            await self._wake()


@cache
def _with_schema(query: LiteralString) -> LiteralString:
    return _NAMES.sub("jobs.", query)
