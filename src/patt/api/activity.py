"""The activity API: runs of the pipelines, jobs, and who did what; also as files that a spreadsheet opens and does not run."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Annotated, Any

from fastapi import Depends, Query, Response

from patt.api.routing import officer_router
from patt.web.context import GuildDep, PageQuery, ServicesDep
from patt.worker import jobs as worker_jobs
from patt.worker.jobs import JobSummary
from sv_common.guild_sync.core.paging import Page
from sv_common.guild_sync.insights import activity
from sv_common.guild_sync.insights.activity import Deed, DeedFilter, Pipeline, RunFilter, RunStatus
from sv_common.guild_sync.roster import guilds
from sv_common.guild_sync.roster.runs import LoggedRun, LoggedStep

RUN_COLUMNS = ("id", "pipeline", "status", "actor", "started_at", "finished_at", "duration_ms", "error")
DEED_COLUMNS = (
    "at", "actor", "is_automatic", "what", "subject", "reason", "issue_type", "issue_id", "attempt_id", "is_undoable"
)  # fmt: skip
LONGEST_ACTOR = 200

_CSV_TYPE = "text/csv; charset=utf-8"
_CSV_ANSWER: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The list as a file.",
        "content": {"text/csv": {"schema": {"type": "string", "examples": ["id,actor\r\n31,officer alice\r\n"]}}},
    }
}
"""What OpenAPI says of such an answer."""

_BYTE_ORDER_MARK = "\ufeff"
"""Without it, Excel takes UTF-8 for the machine's old code page."""

_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
"""Also as East Asian keyboards write them. Source: OWASP, CSV Injection."""

router = officer_router("activity", "activity")

SinceQuery = Annotated[date | None, Query(description="Only from this day (UTC) on.", examples=["2026-12-31"])]


def _run_filter(
    pipeline: Annotated[
        Pipeline | None, Query(description="Only runs of this pipeline.", examples=["discord_sync"])
    ] = None,
    status: Annotated[RunStatus | None, Query(description="Only runs that stand so.", examples=["failed"])] = None,
    since: SinceQuery = None,
) -> RunFilter:
    return RunFilter(pipeline, status, since)


def _deed_filter(
    actor: Annotated[
        str | None,
        Query(
            max_length=LONGEST_ACTOR,
            pattern=r"^[^\x00]*$",
            description="Only what this one did.",
            examples=["officer alice"],
        ),
    ] = None,
    since: SinceQuery = None,
) -> DeedFilter:
    return DeedFilter(actor, since)


RunFilterDep = Annotated[RunFilter, Depends(_run_filter)]
DeedFilterDep = Annotated[DeedFilter, Depends(_deed_filter)]


@router.get("/runs", summary="The sync log: runs of the pipelines, 50 a page")
async def runs(services: ServicesDep, guild: GuildDep, chosen: RunFilterDep, page: PageQuery = 1) -> Page[LoggedRun]:
    """Each with its steps, their counts and notices, and what went wrong; newest first."""
    async with services.pool.snapshot() as conn:
        return await activity.sync_runs(conn, (await guilds.the_only(conn, guild)).id, chosen, number=page)


@router.get("/runs.json", summary="The sync log as a JSON file")
async def runs_as_json(
    services: ServicesDep, guild: GuildDep, chosen: RunFilterDep, response: Response
) -> list[LoggedRun]:
    """All runs that are meant, at most 20,000."""
    response.headers.update(_as_file("sync-log", "json"))
    return await _every_run(services, guild, chosen)


@router.get("/runs.csv", summary="The sync log as a CSV file", response_class=Response, responses=_CSV_ANSWER)
async def runs_as_csv(services: ServicesDep, guild: GuildDep, chosen: RunFilterDep) -> Response:
    """All runs that are meant, at most 20,000. Text that looks like a formula begins with an apostrophe."""
    found = await _every_run(services, guild, chosen)
    steps = {run.id: "; ".join(_step_in_words(step) for step in run.steps) for run in found}
    notices = {run.id: " ".join(notice for step in run.steps for notice in step["notices"]) for run in found}
    rows = [[*_values(run, RUN_COLUMNS), steps[run.id], notices[run.id]] for run in found]
    return _csv("sync-log", rows, [*RUN_COLUMNS, "steps", "notices"])


@router.get("/deeds", summary="Who did what, 50 a page")
async def deeds(services: ServicesDep, guild: GuildDep, chosen: DeedFilterDep, page: PageQuery = 1) -> Page[Deed]:
    """Attempts to fix and their undoing, issues set aside and opened again, full matches asked for; newest first."""
    async with services.pool.snapshot() as conn:
        return await activity.deeds(conn, (await guilds.the_only(conn, guild)).id, chosen, number=page)


@router.get("/deeds.json", summary="Who did what, as a JSON file")
async def deeds_as_json(
    services: ServicesDep, guild: GuildDep, chosen: DeedFilterDep, response: Response
) -> list[Deed]:
    """All deeds that are meant, at most 20,000."""
    response.headers.update(_as_file("who-did-what", "json"))
    return await _every_deed(services, guild, chosen)


@router.get("/deeds.csv", summary="Who did what, as a CSV file", response_class=Response, responses=_CSV_ANSWER)
async def deeds_as_csv(services: ServicesDep, guild: GuildDep, chosen: DeedFilterDep) -> Response:
    """All deeds that are meant, at most 20,000. Text that looks like a formula begins with an apostrophe."""
    found = await _every_deed(services, guild, chosen)
    return _csv("who-did-what", [_values(deed, DEED_COLUMNS) for deed in found], DEED_COLUMNS)


@router.get("/jobs", summary="Jobs that wait and run, 50 a page")
async def jobs(services: ServicesDep, guild: GuildDep, page: PageQuery = 1) -> Page[JobSummary]:
    """Of one guild, or of all. Jobs that are done are not kept: their runs are in the sync log."""
    async with services.pool.snapshot() as conn:
        return await worker_jobs.queued(conn, guild, number=page)


async def _every_run(services: ServicesDep, guild: int | None, chosen: RunFilter) -> list[LoggedRun]:
    async with services.pool.snapshot() as conn:
        return await activity.every_sync_run(conn, (await guilds.the_only(conn, guild)).id, chosen)


async def _every_deed(services: ServicesDep, guild: int | None, chosen: DeedFilter) -> list[Deed]:
    async with services.pool.snapshot() as conn:
        return await activity.every_deed(conn, (await guilds.the_only(conn, guild)).id, chosen)


def _values(row: object, columns: Sequence[str]) -> list[Any]:
    return [getattr(row, column) for column in columns]


def _step_in_words(step: LoggedStep) -> str:
    counts = ", ".join(f"{count} {name}" for name, count in step["counts"].items())
    return f"{step['name']} ({step['error'] or counts or 'nothing to count'}, {step['duration_ms']} ms)"


def _csv(name: str, rows: Sequence[Sequence[Any]], columns: Sequence[str]) -> Response:
    """Return rows as a CSV file whose name begins with `name`."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(columns)
    writer.writerows([_cell(value) for value in row] for row in rows)
    content = (_BYTE_ORDER_MARK + text.getvalue()).encode()
    return Response(content, media_type=_CSV_TYPE, headers=_as_file(name, "csv"))


def _as_file(name: str, kind: str) -> dict[str, str]:
    """Return the header by which a browser keeps an answer as a file of today."""
    return {"Content-Disposition": f'attachment; filename="patt-{name}-{datetime.now(UTC):%Y-%m-%d}.{kind}"'}


def _cell(value: Any) -> str:
    """Return one cell. What a spreadsheet would take for a formula begins with an apostrophe, which makes it text."""
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case int():
            return str(value)
        case datetime():
            return value.astimezone(UTC).isoformat(timespec="seconds")
        case _:
            text = str(value)
            return f"'{text}" if text.startswith(_FORMULA_STARTS) else text
