"""The activity API: runs of the pipelines, jobs, and who did what; also as files. For officers only."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from fastapi import Depends, Query, Response

from patt import jobs_overview
from patt.api.activity_models import (
    DeedAnswer,
    DeedsAnswer,
    JobAnswer,
    JobsAnswer,
    RunAnswer,
    RunsAnswer,
    RunStepAnswer,
)
from patt.api.exports import CSV_ANSWER, as_file, csv_answer
from patt.api.officers import officer_router
from patt.deps import GuildDep, PageQuery, ServicesDep
from sv_common.guild_sync import activity
from sv_common.guild_sync.activity import DeedFilter, Pipeline, RunFilter, RunStatus
from sv_common.guild_sync.store import guilds

RUN_COLUMNS = (
    "id", "pipeline", "status", "actor", "started_at", "finished_at", "duration_ms", "error", "steps", "notices"
)  # fmt: skip
DEED_COLUMNS = (
    "at", "actor", "is_automatic", "what", "subject", "reason", "issue_type", "issue_id", "attempt_id", "is_undoable"
)  # fmt: skip
LONGEST_ACTOR = 200

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
async def runs(services: ServicesDep, guild: GuildDep, chosen: RunFilterDep, page: PageQuery = 1) -> RunsAnswer:
    """Each with its steps, their counts and notices, and what went wrong; newest first."""
    async with services.pool.snapshot() as conn:
        number = (await guilds.the_only(conn, guild)).id
        found = await activity.sync_runs(conn, number, chosen, number=page)
    listed = [RunAnswer.model_validate(run) for run in found.items]
    return RunsAnswer(page=found.number, pages=found.pages, total=found.total, runs=listed)


@router.get("/runs.json", summary="The sync log as a JSON file")
async def runs_as_json(
    services: ServicesDep, guild: GuildDep, chosen: RunFilterDep, response: Response
) -> list[RunAnswer]:
    """All runs that are meant, at most 20,000."""
    response.headers.update(as_file("sync-log", "json"))
    return await _every_run(services, guild, chosen)


@router.get("/runs.csv", summary="The sync log as a CSV file", response_class=Response, responses=CSV_ANSWER)
async def runs_as_csv(services: ServicesDep, guild: GuildDep, chosen: RunFilterDep) -> Response:
    """All runs that are meant, at most 20,000. Text that looks like a formula begins with an apostrophe."""
    rows = [
        run.model_dump()
        | {
            "steps": "; ".join(_step_in_words(step) for step in run.steps),
            "notices": " ".join(notice for step in run.steps for notice in step.notices),
        }
        for run in await _every_run(services, guild, chosen)
    ]
    return csv_answer("sync-log", rows, RUN_COLUMNS)


@router.get("/deeds", summary="Who did what, 50 a page")
async def deeds(services: ServicesDep, guild: GuildDep, chosen: DeedFilterDep, page: PageQuery = 1) -> DeedsAnswer:
    """Attempts to fix and their undoing, issues set aside and opened again, full matches asked for; newest first."""
    async with services.pool.snapshot() as conn:
        number = (await guilds.the_only(conn, guild)).id
        found = await activity.deeds(conn, number, chosen, number=page)
    listed = [DeedAnswer.model_validate(deed) for deed in found.items]
    return DeedsAnswer(page=found.number, pages=found.pages, total=found.total, deeds=listed)


@router.get("/deeds.json", summary="Who did what, as a JSON file")
async def deeds_as_json(
    services: ServicesDep, guild: GuildDep, chosen: DeedFilterDep, response: Response
) -> list[DeedAnswer]:
    """All deeds that are meant, at most 20,000."""
    response.headers.update(as_file("who-did-what", "json"))
    return await _every_deed(services, guild, chosen)


@router.get("/deeds.csv", summary="Who did what, as a CSV file", response_class=Response, responses=CSV_ANSWER)
async def deeds_as_csv(services: ServicesDep, guild: GuildDep, chosen: DeedFilterDep) -> Response:
    """All deeds that are meant, at most 20,000. Text that looks like a formula begins with an apostrophe."""
    rows = [deed.model_dump() for deed in await _every_deed(services, guild, chosen)]
    return csv_answer("who-did-what", rows, DEED_COLUMNS)


@router.get("/jobs", summary="Jobs that wait and run, 50 a page")
async def jobs(services: ServicesDep, guild: GuildDep, page: PageQuery = 1) -> JobsAnswer:
    """Of one guild, or of all. Jobs that are done are not kept: their runs are in the sync log."""
    async with services.pool.snapshot() as conn:
        found = await jobs_overview.jobs(conn, guild, number=page)
    listed = [JobAnswer.model_validate(job) for job in found.items]
    return JobsAnswer(page=found.number, pages=found.pages, total=found.total, jobs=listed)


async def _every_run(services: ServicesDep, guild: int | None, chosen: RunFilter) -> list[RunAnswer]:
    async with services.pool.snapshot() as conn:
        found = await activity.every_sync_run(conn, (await guilds.the_only(conn, guild)).id, chosen)
    return [RunAnswer.model_validate(run) for run in found]


async def _every_deed(services: ServicesDep, guild: int | None, chosen: DeedFilter) -> list[DeedAnswer]:
    async with services.pool.snapshot() as conn:
        found = await activity.every_deed(conn, (await guilds.the_only(conn, guild)).id, chosen)
    return [DeedAnswer.model_validate(deed) for deed in found]


def _step_in_words(step: RunStepAnswer) -> str:
    counts = ", ".join(f"{count} {name}" for name, count in step.counts.items())
    return f"{step.name} ({step.error or counts or 'nothing to count'}, {step.duration_ms} ms)"
