"""Enqueueing scans and fixes, and showing how far jobs are: one door for API, pages and live streams."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from datetime import datetime
from typing import Annotated, Any, Literal, TypeAlias

from psycopg.rows import class_row
from pydantic import Field, GetPydanticSchema, computed_field
from pydantic_core import core_schema

from patt.bootstrap import Services
from patt.json_data import as_json_data, values_of
from patt.queue.tasks import WORKER_DEAD_AFTER_S, Task
from patt.worker.kinds import KINDS, JobKind
from sv_common.db.guild import reads_for_officers
from sv_common.db.pool import Connection, GuildConnection
from sv_common.db.sql import load_sql
from sv_common.guild_sync.core.errors import BadInput, NotFound
from sv_common.guild_sync.core.kept_texts import told
from sv_common.guild_sync.core.language import tr
from sv_common.guild_sync.core.paging import PAGE_SIZE, Page, Place
from sv_common.guild_sync.core.text import name_of
from sv_common.guild_sync.core.undo_offer import UndoOffer
from sv_common.guild_sync.engine.results import FixReport
from sv_common.guild_sync.issues import lifecycle
from sv_common.guild_sync.issues.reports import CheckReport
from sv_common.guild_sync.jobs import requests
from sv_common.guild_sync.jobs.requests import WorkRequest, WorkState
from sv_common.guild_sync.roster import guilds
from sv_common.guild_sync.rules import is_for_officers, rule_named

SQL = load_sql(__package__, "jobs.sql")

MOST_SELECTED = 500
"""Issues that one job may name."""

IssueNumber: TypeAlias = Annotated[int, Field(ge=1, le=2**63 - 1)]
RuleName: TypeAlias = Annotated[str, Field(description="A rule, such as orphan_wow.", examples=["orphan_wow"])]


@dataclass(frozen=True, slots=True)
class ScanJob:
    """Scan by every rule; nothing is fixed."""

    kind: Literal["scan"]


@dataclass(frozen=True, slots=True)
class ScanRuleJob:
    """Scan by one rule; nothing is fixed."""

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
            description="Numbers of issues; if left out, those of `seen`. If any does not exist, nothing is changed.",
            examples=[[12, 15]],
        ),
    ] = field(default_factory=list)
    seen: Annotated[
        dict[IssueNumber, Annotated[str, Field(max_length=64)]],
        Field(
            max_length=MOST_SELECTED,
            description="The key of each issue as you saw it. An issue that has changed since is skipped.",
            examples=[{"12": "9f2c7a1be04d5536"}],
        ),
    ] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Complete the numbers. Raises `BadInput` where there are none."""
        if not self.issue_ids:
            self.issue_ids.extend(self.seen)
        if not self.issue_ids:
            raise BadInput(tr("No issue is selected. Select the issues first."))


@dataclass(frozen=True, slots=True, kw_only=True)
class FixSelectedJob(SelectedIssues):
    """Fix these issues, by evidence alone; `seen` holds the keys of their plans as they were previewed."""

    kind: Literal["fix_selected"]


JobRequest: TypeAlias = Annotated[ScanJob | ScanRuleJob | FixAllJob | FixSelectedJob, Field(discriminator="kind")]
"""What can be enqueued."""

_AsStored = GetPydanticSchema(
    lambda _, handler: {  # what was stored as JSON is answered unchanged
        **handler.generate_schema(CheckReport | FixReport | None),
        "serialization": core_schema.plain_serializer_function_ser_schema(lambda stored: stored),
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A job: what was requested, how far it is, and its result. Jobs are kept for a day."""

    id: int
    guild_id: int
    kind: Annotated[str, Field(examples=["scan"])]
    title: Annotated[str, Field(description="What it is, in words.")]
    short_title: Annotated[
        str, Field(description="The same where the name of its rule stands already.", examples=["Scan"])
    ]
    place: Annotated[str, Field(description="At which part of a page it shows: a rule, “all” or “chosen”.")]
    asked_by: Annotated[str, Field(description="Who requested it, as the log names them.", examples=["officer alice"])]
    who: Annotated[str, Field(description="The same for people: an officer by the name alone.", examples=["alice"])]
    requested_at: datetime
    state: WorkState
    attempts: Annotated[
        int, Field(description="Tries so far. More than one if a worker stopped or a source did not respond.")
    ]
    done: int
    total: Annotated[int, Field(description="0 while it is not known.")]
    sentence: Annotated[str, Field(description="What is being done now, or the outcome.")]
    result: Annotated[
        Mapping[str, Any] | None,
        _AsStored,
        Field(description="The outcome as data; null until it is done, and for a caller who is no officer."),
    ]
    started_at: datetime | None
    finished_at: datetime | None
    is_for_officers: Annotated[bool, Field(exclude=True)] = False
    counts: Annotated[
        Mapping[str, int],
        Field(
            description="How many ended how, such as `fixed`, `refused` and `failed`; empty until it is done.",
            examples=[{"found": 3, "fixed": 2, "refused": 1, "failed": 0}],
        ),
    ] = field(default_factory=dict)

    @computed_field(description="How to undo all that it changed; null where it changed nothing.")
    @property
    def undo(self) -> UndoOffer | None:
        """How to undo all that it changed, if it changed something."""
        stored = (self.result or {}).get("undo")
        return UndoOffer(**stored) if stored else None


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestedJob(Job):
    """A job that was enqueued, or the equal one that waited already."""

    is_new: Annotated[bool, Field(description="False if the same job was already queued: this is that one.")]


@dataclass(frozen=True, slots=True)
class JobSummary:
    """A job of the queue. `since` is when it came into its state; `attempts` counts the tries that have ended."""

    id: int
    task: str
    guild_id: int | None
    guild: str | None
    state: Literal["waiting", "running"]
    since: datetime | None
    attempts: int


async def enqueue(services: Services, job: JobRequest, *, actor: str, guild_id: int | None) -> RequestedJob:
    """Enqueue a scan or fixes. Raises `NotFound` for what does not exist, and `Refused` where it is not clear which guild."""
    arguments = {name: value for name, value in asdict(job).items() if name != "kind"}
    number = await guilds.resolve_guild(services.pool, guild_id)
    async with services.pool.writing(number, alone=False) as guild:
        await _check(guild, arguments)
        stored, is_new = await requests.ask(guild, job.kind, arguments, actor=actor)
        shown = job_of(stored, has_worker=await has_worker(guild.conn))
    if services.queue is not None:
        await services.queue.enqueue(Task.JOBS, number)
    if is_new:
        queued = tr("{job} is queued.", job=shown.title)
        sentence = f"{queued} {shown.sentence}"
    else:
        sentence = tr("{job} was queued by {who}.", job=shown.title, who=shown.who)
    return RequestedJob(**{**values_of(shown), "sentence": sentence}, is_new=is_new)


async def job(guild: GuildConnection, job_id: int) -> Job:
    """Return one job. Raises `NotFound`."""
    return job_of(await requests.get(guild, job_id), has_worker=await has_worker(guild.conn))


async def jobs(guild: GuildConnection, *, number: int) -> Page[Job]:
    """Return one page of the guild's jobs, newest first."""
    found = await requests.newest(guild, number=number)
    is_worked = await has_worker(guild.conn)
    return Page([job_of(each, has_worker=is_worked) for each in found.items], found.number, found.pages, found.total)


async def under_way(guild: GuildConnection) -> list[Job]:
    """Return the guild's jobs that wait or run, oldest first."""
    waiting = await requests.under_way(guild)
    is_worked = not waiting or await has_worker(guild.conn)
    return [job_of(each, has_worker=is_worked) for each in waiting]


def job_of(stored: WorkRequest, *, has_worker: bool) -> Job:
    kind = KINDS[JobKind(stored.kind)]
    values = {each.name: getattr(stored, each.name) for each in fields(Job) if hasattr(stored, each.name)}
    if not reads_for_officers():
        values["result"] = None
    values["sentence"] = told(stored.sentence or "") or _progress(stored, has_worker=has_worker)
    return Job(
        **values,
        title=kind.title(stored.arguments),
        short_title=kind.short_title() if kind.short_title else kind.title(stored.arguments),
        place=kind.place(stored.arguments),
        is_for_officers=is_for_officers(str(stored.arguments.get("issue_type"))),
        asked_by=stored.actor,
        who=name_of(stored.actor),
        counts=_counts(stored.result or {}),
    )


def as_event(job: Job) -> dict[str, Any]:
    """Return a job as a live stream sends it: without the result, which is fetched when it is needed."""
    return {name: value for name, value in as_json_data(job).items() if name != "result"}


async def queued(conn: Connection, guild_id: int | None, *, number: int = 1) -> Page[JobSummary]:
    """Return one page of the queue, of a guild or of all for None: running jobs first, then as they came."""
    values = {"guild_id": guild_id}
    row = await (await conn.execute(SQL["count_jobs"], values)).fetchone()
    place = Place(int(row[0]) if row else 0, number)
    async with conn.cursor(row_factory=class_row(JobSummary)) as cursor:
        await cursor.execute(SQL["jobs"], {**values, "limit": PAGE_SIZE, "offset": place.offset})
        return place.page(await cursor.fetchall())


async def has_worker(conn: Connection) -> bool:
    row = await (await conn.execute(SQL["has_worker"], {"dead_after_s": WORKER_DEAD_AFTER_S})).fetchone()
    return bool(row and row[0])


def _counts(result: Mapping[str, Any]) -> dict[str, int]:
    """Return the counts of a stored result; of a scan, `failed` are the rules that could not conclude."""
    counted = {**result, **result.get("totals", {})}
    if "rules" in result:
        counted["failed"] = sum(1 for each in result["rules"] if each["error"])
    return {name: value for name, value in counted.items() if type(value) is int}


def _progress(stored: WorkRequest, *, has_worker: bool) -> str:
    if not has_worker:
        return tr("No worker is running. Start one with “patt serve” or “patt worker”.")
    if stored.state == "waiting":
        return tr("A worker starts it in a moment.")
    if stored.doing:
        return stored.doing
    return tr("It was interrupted and has started again.") if stored.attempts > 1 else tr("Starting.")


async def _check(guild: GuildConnection, arguments: Mapping[str, Any]) -> None:
    """Raise `NotFound` for an unknown rule, or for issues of another guild."""
    if "issue_type" in arguments:
        rule_named(arguments["issue_type"])
    wanted = arguments.get("issue_ids", ())
    known = {issue.id for issue in await lifecycle.get_many(guild, wanted)} if wanted else set()
    missing = sorted(set(wanted) - known)
    if missing:
        numbers = ", ".join(map(str, missing[:10]))
        raise NotFound(
            tr("Issue {numbers} does not exist. Nothing was queued. Reload the page and select again.", numbers=numbers)
        )
