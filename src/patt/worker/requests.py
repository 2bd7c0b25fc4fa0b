"""Asking a worker for scans and fixes, once for the API and the pages, and telling how such a job stands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from datetime import datetime
from typing import Annotated, Any, Literal, TypeAlias

from pydantic import Field, GetPydanticSchema
from pydantic_core import core_schema

from patt.bootstrap import Services
from patt.json_data import as_json_data, values_of
from patt.tasks import Task
from patt.worker import overview
from patt.worker.kinds import KINDS, WorkKind
from sv_common.db.pool import Connection
from sv_common.guild_sync.core.errors import BadInput, NotFound
from sv_common.guild_sync.core.paging import Page
from sv_common.guild_sync.core.text import name_of
from sv_common.guild_sync.engine.results import FixReport
from sv_common.guild_sync.issues import lifecycle
from sv_common.guild_sync.issues.reports import CheckReport
from sv_common.guild_sync.jobs import requests
from sv_common.guild_sync.jobs.requests import WorkRequest, WorkState
from sv_common.guild_sync.roster import guilds
from sv_common.guild_sync.rules import rule_named

MOST_SELECTED = 500
"""Issues that one request may name."""

NO_WORKER = "No worker runs, so this waits for one. Start one: patt serve, or patt worker."
_WAITS = "It waits for a worker, who comes in a moment."
_BEGINS = "It begins."
_CUT_OFF = "It was cut off and has begun again."

IssueNumber: TypeAlias = Annotated[int, Field(ge=1, le=2**63 - 1)]
RuleName: TypeAlias = Annotated[str, Field(description="A rule, such as orphan_wow.", examples=["orphan_wow"])]


@dataclass(frozen=True, slots=True)
class ScanJob:
    """Look for issues by every rule; nothing is fixed."""

    kind: Literal["scan"]


@dataclass(frozen=True, slots=True)
class ScanRuleJob:
    """Look for issues by one rule; nothing is fixed."""

    kind: Literal["scan_rule"]
    issue_type: RuleName


@dataclass(frozen=True, slots=True)
class FixAllJob:
    """Fix all open issues of a rule, by evidence alone."""

    kind: Literal["fix_all"]
    issue_type: RuleName


@dataclass(frozen=True, slots=True, kw_only=True)
class SelectedIssues:
    """Exactly these issues, all of one guild."""

    issue_ids: Annotated[
        list[IssueNumber],
        Field(
            max_length=MOST_SELECTED,
            description="Numbers of issues; left out, those of `seen`. If the guild has not all of them, nothing is changed.",
            examples=[[12, 15]],
        ),
    ] = field(default_factory=list)
    seen: Annotated[
        dict[IssueNumber, Annotated[str, Field(max_length=64)]],
        Field(
            max_length=MOST_SELECTED,
            description="The key of each issue as it was seen: an issue with another key by now is left alone.",
            examples=[{"12": "9f2c7a1be04d5536"}],
        ),
    ] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Complete the numbers. Raises `BadInput` where there are none."""
        if not self.issue_ids:
            self.issue_ids.extend(self.seen)
        if not self.issue_ids:
            raise BadInput("No issue is selected. Select the issues first.")


@dataclass(frozen=True, slots=True, kw_only=True)
class FixSelectedJob(SelectedIssues):
    """Fix these issues, by evidence alone; `seen` holds the keys of their plans as they were previewed."""

    kind: Literal["fix_selected"]


JobRequest: TypeAlias = Annotated[ScanJob | ScanRuleJob | FixAllJob | FixSelectedJob, Field(discriminator="kind")]
"""What a worker can be asked for."""

_AsKept = GetPydanticSchema(
    lambda _, handler: {  # what was kept as JSON is answered as it is
        **handler.generate_schema(CheckReport | FixReport | None),
        "serialization": core_schema.plain_serializer_function_ser_schema(lambda kept: kept),
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A job: what was asked for, how far it is, and what came of it. Jobs are kept for a day."""

    id: int
    guild_id: int
    kind: Annotated[str, Field(examples=["scan"])]
    title: Annotated[str, Field(description="What it is, in words.")]
    place: Annotated[str, Field(description="At which part of a page it shows: a rule, “all” or “chosen”.")]
    asked_by: Annotated[str, Field(description="Who asked, as the log names them.", examples=["officer alice"])]
    who: Annotated[str, Field(description="The same for people: an officer by the name alone.", examples=["alice"])]
    asked_at: datetime
    state: WorkState
    attempts: Annotated[
        int, Field(description="Tries so far; more than one where a worker was cut off or a source was away.")
    ]
    done: int
    total: Annotated[int, Field(description="0 while it is not known.")]
    sentence: Annotated[str, Field(description="What is being done now, or what came of it.")]
    result: Annotated[
        Mapping[str, Any] | None,
        _AsKept,
        Field(description="What came of it as data; null until it is done."),
    ]
    started_at: datetime | None
    finished_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestedJob(Job):
    """A job that was asked for, or the equal one that waited already."""

    is_new: Annotated[bool, Field(description="False where an equal job waited already: this is that one.")]


async def ask(services: Services, wish: JobRequest, *, actor: str, guild_id: int | None) -> RequestedJob:
    """Ask a worker for a scan or for fixes.

    Raises `NotFound` for a guild, a rule or an issue that does not exist, and `Refused` where it is not clear which guild.
    """
    arguments = {name: value for name, value in asdict(wish).items() if name != "kind"}
    async with services.pool.connection() as conn:
        number = (await guilds.the_only(conn, guild_id)).id
        await _check(conn, number, arguments)
        request, is_new = await requests.ask(conn, number, wish.kind, arguments, actor=actor)
    if services.queue is not None:
        await services.queue.ask_for(Task.WORK, number)
    async with services.pool.connection() as conn:
        job = job_of(request, has_worker=await overview.has_worker(conn))
    sentence = (
        f"{job.title} is asked for. {job.sentence}" if is_new else f"{job.title} was asked for already, by {job.who}."
    )
    return RequestedJob(**{**values_of(job), "sentence": sentence}, is_new=is_new)


async def job(conn: Connection, guild_id: int | None, request_id: int) -> Job:
    """Return one job. Raises `NotFound` and `Refused`."""
    request = await requests.get(conn, request_id, (await guilds.the_only(conn, guild_id)).id)
    return job_of(request, has_worker=await overview.has_worker(conn))


async def jobs(conn: Connection, guild_id: int | None, *, number: int) -> Page[Job]:
    """Return one page of the guild's jobs, newest first. Raises `NotFound` and `Refused`."""
    found = await requests.newest(conn, (await guilds.the_only(conn, guild_id)).id, number=number)
    has_worker = await overview.has_worker(conn)
    return Page([job_of(each, has_worker=has_worker) for each in found.items], found.number, found.pages, found.total)


async def under_way(conn: Connection, guild_id: int) -> list[Job]:
    """Return the guild's jobs that wait or run, oldest first."""
    waiting = await requests.under_way(conn, guild_id)
    has_worker = not waiting or await overview.has_worker(conn)
    return [job_of(each, has_worker=has_worker) for each in waiting]


def job_of(request: WorkRequest, *, has_worker: bool) -> Job:
    """Say how a request stands."""
    kind = KINDS[WorkKind(request.kind)]
    kept = {each.name: getattr(request, each.name) for each in fields(Job) if hasattr(request, each.name)}
    told = {
        "title": kind.title(request.arguments),
        "place": kind.place(request.arguments),
        "asked_by": request.actor,
        "who": name_of(request.actor),
        "sentence": request.sentence or _how_it_stands(request, has_worker=has_worker),
    }
    return Job(**(kept | told))


def as_news(job: Job) -> dict[str, Any]:
    """Return how a job stands for whoever listens: without the result, which is asked for when it is needed."""
    return {name: value for name, value in as_json_data(job).items() if name != "result"}


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
    known = {issue.id for issue in await lifecycle.get_many(conn, wanted, guild_id)} if wanted else set()
    missing = sorted(set(wanted) - known)
    if missing:
        numbers = ", ".join(map(str, missing[:10]))
        raise NotFound(f"There is no issue with the number {numbers}. Nothing was asked for; reload, and choose again.")
