"""The activity API: runs of the pipelines, jobs and who did what, also as files; asking for jobs; and losses that wait for an officer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Any

from fastapi import Body, Depends, Query, Response
from pydantic import Field

from patt.api.routing import CSV_ANSWER, ReadingDep, as_file, csv_answer, officer_router
from patt.queue.tasks import Task
from patt.web.context import GuildDep, OfficerDep, PageQuery, ServicesDep, number_of
from patt.worker import jobs as worker_jobs
from patt.worker.jobs import Job, JobRequest, JobSummary, RequestedJob
from sv_common.db.pool import GuildConnection
from sv_common.guild_sync.core.language import number, tr_n
from sv_common.guild_sync.core.paging import Page
from sv_common.guild_sync.core.reports import counts_in_words
from sv_common.guild_sync.core.text import name_of
from sv_common.guild_sync.insights import activity
from sv_common.guild_sync.insights.activity import Action, ActionFilter, Pipeline, RunFilter, RunStatus
from sv_common.guild_sync.insights.everyone.csv_text import csv_text
from sv_common.guild_sync.roster import guilds, held_losses
from sv_common.guild_sync.roster.held_losses import HeldLoss, LostSubject
from sv_common.guild_sync.roster.loss import LossSource
from sv_common.guild_sync.roster.runs import LoggedRun, LoggedStep

RUN_COLUMNS = ("id", "pipeline", "status", "actor", "started_at", "finished_at", "duration_ms", "error")
ACTION_COLUMNS = (
    "at", "actor", "is_automatic", "what", "subject", "reason", "issue_type", "issue_id", "attempt_id", "is_undoable"
)  # fmt: skip
LONGEST_ACTOR = 200

router = officer_router("activity", "activity")

SinceQuery = Annotated[date | None, Query(description="Only from this day (UTC) on.", examples=["2026-12-31"])]


def _run_filter(
    pipeline: Annotated[
        Pipeline | None, Query(description="Only runs of this pipeline.", examples=["discord_sync"])
    ] = None,
    status: Annotated[RunStatus | None, Query(description="Only runs in this state.", examples=["failed"])] = None,
    since: SinceQuery = None,
) -> RunFilter:
    return RunFilter(pipeline, status, since)


def _action_filter(
    actor: Annotated[
        str | None,
        Query(
            max_length=LONGEST_ACTOR,
            pattern=r"^[^\x00]*$",
            description="Only what this user did.",
            examples=["officer alice"],
        ),
    ] = None,
    since: SinceQuery = None,
) -> ActionFilter:
    return ActionFilter(actor, since)


RunFilterDep = Annotated[RunFilter, Depends(_run_filter)]
ActionFilterDep = Annotated[ActionFilter, Depends(_action_filter)]


@router.get("/runs", summary="The sync log: runs of the pipelines, 50 a page")
async def runs(here: ReadingDep, chosen: RunFilterDep, page: PageQuery = 1) -> Page[LoggedRun]:
    """Each with its steps, their counts and notices, and what went wrong; newest first."""
    return await activity.sync_runs(here, chosen, number=page)


@router.get("/runs.json", summary="The sync log as a JSON file")
async def runs_as_json(here: ReadingDep, chosen: RunFilterDep, response: Response) -> list[LoggedRun]:
    """All runs that are meant, at most 20,000."""
    response.headers.update(as_file("sync-log", "json"))
    return await activity.every_sync_run(here, chosen)


@router.get("/runs.csv", summary="The sync log as a CSV file", response_class=Response, responses=CSV_ANSWER)
async def runs_as_csv(here: ReadingDep, chosen: RunFilterDep) -> Response:
    """All runs that are meant, at most 20,000. Text that looks like a formula begins with an apostrophe."""
    rows = []
    for run in await activity.every_sync_run(here, chosen):
        steps = "; ".join(_step_in_words(step) for step in run.steps)
        notices = " ".join(notice for step in run.steps for notice in step["notices"])
        rows.append([*_values(run, RUN_COLUMNS), steps, notices])
    return _csv("sync-log", rows, [*RUN_COLUMNS, "steps", "notices"])


@router.get("/actions", summary="Audit log, 50 a page")
async def actions(here: ReadingDep, chosen: ActionFilterDep, page: PageQuery = 1) -> Page[Action]:
    """Fix attempts and undos, issues dismissed and reopened, full matches requested; newest first."""
    return await activity.actions(here, chosen, number=page)


@router.get("/actions.json", summary="Audit log as a JSON file")
async def actions_as_json(here: ReadingDep, chosen: ActionFilterDep, response: Response) -> list[Action]:
    """All actions that are meant, at most 20,000."""
    response.headers.update(as_file("who-did-what", "json"))
    return await activity.every_action(here, chosen)


@router.get("/actions.csv", summary="Audit log as a CSV file", response_class=Response, responses=CSV_ANSWER)
async def actions_as_csv(here: ReadingDep, chosen: ActionFilterDep) -> Response:
    """All actions that are meant, at most 20,000. Text that looks like a formula begins with an apostrophe."""
    found = await activity.every_action(here, chosen)
    return _csv("who-did-what", [_values(action, ACTION_COLUMNS) for action in found], ACTION_COLUMNS)


@router.get("/jobs", summary="Waiting and running jobs, 50 a page")
async def jobs(services: ServicesDep, guild: GuildDep, page: PageQuery = 1) -> Page[JobSummary]:
    """Of one guild, or of all. Jobs that are done are not kept: their runs are in the sync log."""
    async with services.pool.snapshot() as conn:
        return await worker_jobs.queued(conn, guild, number=page)


def _values(row: object, columns: Sequence[str]) -> list[Any]:
    return [getattr(row, column) for column in columns]


def _step_in_words(step: LoggedStep) -> str:
    outcome = step["error"] or counts_in_words(step["counts"])
    return f"{step['name']} ({outcome}, {step['duration_ms']} ms)"


def _csv(name: str, rows: Sequence[Sequence[Any]], columns: Sequence[str]) -> Response:
    return csv_answer(name, csv_text(columns, rows))


JobId = Annotated[int, number_of("job", 12)]

for_jobs = officer_router("data-quality/jobs", "jobs")


@for_jobs.post("", status_code=202, summary="Queue a scan or fixes")
async def ask_for_job(
    services: ServicesDep,
    officer: OfficerDep,
    guild: GuildDep,
    wish: Annotated[JobRequest, Body(examples=[{"kind": "scan"}, {"kind": "fix_all", "issue_type": "orphan_wow"}])],
) -> RequestedJob:
    """A worker does it; the answer says where to look. While an equal job waits, no second one is added."""
    return await worker_jobs.enqueue(services, wish, actor=officer.actor, guild_id=guild)


@for_jobs.get("", summary="Jobs, 50 a page, newest first")
async def asked_jobs(here: ReadingDep, page: PageQuery = 1) -> Page[Job]:
    """Those that wait and run, and those of the last day."""
    return await worker_jobs.jobs(here, number=page)


@for_jobs.get("/{job_id}", summary="Progress and outcome of a job")
async def asked_job(here: ReadingDep, job_id: JobId) -> Job:
    """Its progress while it runs; then the outcome, rule by rule or issue by issue."""
    return await worker_jobs.job(here, job_id)


_TASKS = {"battlenet": Task.BATTLE_NET, "discord": Task.DISCORD}
_KEY = "0f3c9a5be1d24c77" * 4

for_losses = officer_router("losses", "losses")


@dataclass(frozen=True, slots=True)
class Loss:
    """A refused list of a source, and who would be marked as gone by it."""

    source: Annotated[LossSource, Field(description="The source of the list.")]
    key: Annotated[str, Field(description="Key of exactly these. Send it back to release them.", examples=[_KEY])]
    sentence: str
    known: Annotated[int, Field(description="How many were known before.")]
    refused_at: datetime
    released_at: Annotated[datetime | None, Field(description="When an officer released them; null: not yet.")]
    released_by: str | None
    subjects: Sequence[LostSubject]


@dataclass(frozen=True, slots=True)
class Release:
    """Who may go: those of a refused list, as they were seen."""

    source: LossSource
    key: Annotated[str, Field(pattern="^[0-9a-f]{64}$", examples=[_KEY])]


@dataclass(frozen=True, slots=True)
class Released:
    """What was released."""

    sentence: str
    source: LossSource
    count: int


@for_losses.get("", summary="Members missing from refused lists")
async def losses(services: ServicesDep, guild: GuildDep = None) -> list[Loss]:
    """Lists of Battle.net or Discord that were refused, since more than 30 % (and at least 3) are missing at once."""
    async with services.pool.reading(await guilds.resolve_guild(services.pool, guild)) as here:
        return [
            Loss(
                each.source,
                each.key,
                loss_in_words(each),
                each.known,
                each.refused_at,
                each.released_at,
                each.released_by,
                await held_losses.subjects(here, each),
            )
            for each in await held_losses.all_of(here)
        ]


@for_losses.post("/release", summary="Release missing members")
async def release_loss(services: ServicesDep, officer: OfficerDep, body: Release, guild: GuildDep = None) -> Released:
    """Only these, and once: if others are missing from the next list too, it is refused again."""
    number = await guilds.resolve_guild(services.pool, guild)
    async with services.pool.writing(number, alone=False) as here:
        released = await held_losses.release(here, body.source, body.key, actor=officer.actor)
    if services.queue is not None:
        await services.queue.enqueue(_TASKS[body.source], number, is_awaited=True)
    count = len(released.subject_ids)
    return Released(_release_in_words(body.source, count), body.source, count)


def _release_in_words(source: LossSource, count: int) -> str:
    if source == "battlenet":
        return tr_n(
            "The next list may mark {n} character as gone, and no one else. A sync is queued.",
            "The next list may mark {n} characters as gone, and no one else. A sync is queued.",
            count,
        )
    return tr_n(
        "The next list may mark {n} Discord member as gone, and no one else. A sync is queued.",
        "The next list may mark {n} Discord members as gone, and no one else. A sync is queued.",
        count,
    )


async def loss_sentences(guild: GuildConnection) -> list[str]:
    """Return a sentence for each list that was refused and still waits for an officer."""
    return [loss_in_words(each) for each in await held_losses.all_of(guild) if each.released_at is None]


def loss_in_words(loss: HeldLoss) -> str:
    """Say who is missing from a refused list, or who may go with the next one."""
    count = len(loss.subject_ids)
    if loss.released_at is not None:
        return _released_in_words(loss.source, count, name_of(str(loss.released_by)))
    if loss.source == "battlenet":
        return tr_n(
            "{n} character of {known} would be marked as gone. They are missing from Battle.net's roster, which was refused.",
            "{n} characters of {known} would be marked as gone. They are missing from Battle.net's roster, which was refused.",
            count,
            known=number(loss.known),
        )
    return tr_n(
        "{n} Discord member of {known} would be marked as gone. They are missing from Discord's member list, which was "
        "refused.",
        "{n} Discord members of {known} would be marked as gone. They are missing from Discord's member list, which was "
        "refused.",
        count,
        known=number(loss.known),
    )


def _released_in_words(source: LossSource, count: int, officer: str) -> str:
    if source == "battlenet":
        return tr_n(
            "The next list marks {n} character as gone, as {officer} accepted.",
            "The next list marks {n} characters as gone, as {officer} accepted.",
            count,
            officer=officer,
        )
    return tr_n(
        "The next list marks {n} Discord member as gone, as {officer} accepted.",
        "The next list marks {n} Discord members as gone, as {officer} accepted.",
        count,
        officer=officer,
    )
