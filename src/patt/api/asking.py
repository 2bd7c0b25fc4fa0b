"""Asking for work, once for the API and the pages, and telling how it stands."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from patt import jobs_overview
from patt.api.jobs_models import JobAnswer, JobReceipt, JobsAnswer, JobWish
from patt.bootstrap import Services
from patt.deps import Caller
from patt.live.news import name_of
from patt.queue import Task
from patt.work_kinds import KINDS, WorkKind
from sv_common.db.pool import Connection
from sv_common.guild_sync import issues
from sv_common.guild_sync.domain.errors import NotFound
from sv_common.guild_sync.rules import rule_named
from sv_common.guild_sync.store import guilds, work
from sv_common.guild_sync.store.work import WorkRequest

NO_WORKER = "No worker runs, so this waits for one. Start one: patt serve, or patt worker."
_WAITS = "It waits for a worker, who comes in a moment."
_BEGINS = "It begins."
_CUT_OFF = "It was cut off and has begun again."


async def ask(services: Services, officer: Caller, wish: JobWish, *, guild_id: int | None) -> JobReceipt:
    """Ask a worker for a scan or for fixes.

    Raises `NotFound` for a guild, a rule or an issue that does not exist, and `Refused` where it is not clear which guild.
    """
    arguments = wish.model_dump(exclude={"kind"})
    async with services.pool.connection() as conn:
        number = (await guilds.the_only(conn, guild_id)).id
        await _check(conn, number, arguments)
        request, is_new = await work.ask(conn, number, wish.kind, arguments, actor=officer.actor)
    if services.queue is not None:
        await services.queue.ask_for(Task.WORK, number)
    async with services.pool.connection() as conn:
        job = job_of(request, has_worker=await jobs_overview.has_worker(conn))
    sentence = (
        f"{job.title} is asked for. {job.sentence}" if is_new else f"{job.title} was asked for already, by {job.who}."
    )
    return JobReceipt(**{**dict(job), "sentence": sentence}, is_new=is_new)


async def job(conn: Connection, guild_id: int | None, request_id: int) -> JobAnswer:
    """Return one job. Raises `NotFound` and `Refused`."""
    request = await work.get(conn, request_id, (await guilds.the_only(conn, guild_id)).id)
    return job_of(request, has_worker=await jobs_overview.has_worker(conn))


async def jobs(conn: Connection, guild_id: int | None, *, number: int) -> JobsAnswer:
    """Return one page of the guild's jobs, newest first. Raises `NotFound` and `Refused`."""
    found = await work.newest(conn, (await guilds.the_only(conn, guild_id)).id, number=number)
    has_worker = await jobs_overview.has_worker(conn)
    listed = [job_of(each, has_worker=has_worker) for each in found.items]
    return JobsAnswer(page=found.number, pages=found.pages, total=found.total, jobs=listed)


async def under_way(conn: Connection, guild_id: int) -> list[JobAnswer]:
    """Return the guild's jobs that wait or run, oldest first."""
    waiting = await work.under_way(conn, guild_id)
    has_worker = not waiting or await jobs_overview.has_worker(conn)
    return [job_of(each, has_worker=has_worker) for each in waiting]


def job_of(request: WorkRequest, *, has_worker: bool) -> JobAnswer:
    """Say how a request stands."""
    kind = KINDS[WorkKind(request.kind)]
    return JobAnswer.model_validate(
        {
            **{name: getattr(request, name) for name in JobAnswer.model_fields if hasattr(request, name)},
            "title": kind.title(request.arguments),
            "place": kind.place(request.arguments),
            "asked_by": request.actor,
            "who": name_of(request.actor),
            "sentence": request.sentence or _how_it_stands(request, has_worker=has_worker),
        }
    )


def _how_it_stands(request: WorkRequest, *, has_worker: bool) -> str:
    if not has_worker:
        return NO_WORKER
    if request.state == "waiting":
        return _WAITS
    return request.doing or (_CUT_OFF if request.attempts > 1 else _BEGINS)


async def _check(conn: Connection, guild_id: int, arguments: Mapping[str, Any]) -> None:
    """Raise `NotFound` for a rule that is none, or issues that are not the guild's."""
    if "issue_type" in arguments:
        rule_named(arguments["issue_type"])
    wanted = arguments.get("issue_ids", ())
    known = {issue.id for issue in await issues.get_many(conn, wanted, guild_id)} if wanted else set()
    missing = sorted(set(wanted) - known)
    if missing:
        numbers = ", ".join(map(str, missing[:10]))
        raise NotFound(f"There is no issue with the number {numbers}. Nothing was asked for; reload, and choose again.")
