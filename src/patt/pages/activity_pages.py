"""The activity page: jobs, the last uploads, the sync log and who did what; and who is missing from a refused list."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date
from typing import Annotated, Any, Literal, get_args
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Query
from starlette.responses import Response

from patt.api import activity as api
from patt.api.activity import LONGEST_ACTOR, JobId
from patt.pages.layout import View, Visit, VisitDep
from patt.pages.words import TASKS, UPLOAD_STATES, translated
from patt.web.context import GuildDep, PageQuery, viewer_of
from patt.web.forms import FAILED_OUTCOMES, LONGEST_BACK, Flash, way_back
from patt.web.places import LOG
from patt.worker import jobs as worker_jobs
from patt.worker.jobs import JobSummary
from sv_common.db.pool import GuildConnection
from sv_common.guild_sync.core.paging import Page
from sv_common.guild_sync.insights import activity
from sv_common.guild_sync.insights.activity import ActionFilter, Pipeline, RunFilter, RunStatus
from sv_common.guild_sync.roster import uploads
from sv_common.guild_sync.roster.loss import FEWEST, LARGEST_SHARE

HOME = LOG.href
API = "/api/v1/admin/activity"
UPLOADS_SHOWN = 5
Shown = Literal["runs", "actions"]
_Anything = Literal[""]
"""What a form sends where nothing was selected."""

router = APIRouter(prefix=HOME, dependencies=[Depends(viewer_of)], include_in_schema=False)


@dataclass(frozen=True, slots=True)
class ActivityView(View):
    """Which part of the page is shown, and by which filter; each list has filters of its own."""

    home = HOME
    show: Shown = "runs"
    pipeline: Pipeline | _Anything = ""
    status: RunStatus | _Anything = ""
    actor: str = ""
    since: date | _Anything = ""
    page: int = 1

    def shown(self) -> Iterable[str]:
        return "guild", "show", *self._filters(), "page"

    def file(self, kind: str) -> str:
        """Return the address of the file with all that the filter lets through."""
        filters = {name: value for name in self._filters() if (value := getattr(self, name))}
        return f"{API}/{self.show}.{kind}?{urlencode({'guild': self.guild, **filters})}"

    def _filters(self) -> tuple[str, ...]:
        return ("pipeline", "status", "since") if self.show == "runs" else ("actor", "since")


def _view(
    guild: GuildDep,
    show: Annotated[Shown, Query()] = "runs",
    pipeline: Annotated[Pipeline | _Anything, Query()] = "",
    status: Annotated[RunStatus | _Anything, Query()] = "",
    actor: Annotated[str, Query(max_length=LONGEST_ACTOR, pattern=r"^[^\x00]*$")] = "",
    since: Annotated[date | _Anything, Query()] = "",
    page: PageQuery = 1,
) -> ActivityView:
    return ActivityView(guild or 0, show, pipeline, status, actor, since, page)


@router.get("")
async def overview(visit: VisitDep, wanted: Annotated[ActivityView, Depends(_view)]) -> Response:
    """Show the jobs, the last uploads, and the sync log or who did what."""
    async with visit.snapshot() as known:
        if not known:
            return visit.page("activity", guild=None)
        view = replace(wanted, guild=visit.chosen_of(known).id)
        jobs = await _jobs(visit, view.guild)
        here, guild = await visit.narrow(known)
        shown = await (_runs if view.show == "runs" else _actions)(here, view)
        losses = await api.loss_sentences(here)
        newest = await _uploads(here)
    return visit.page(
        "activity",
        guild=guild,
        guilds=known,
        jobs=jobs,
        losses=losses,
        tasks=translated(TASKS),
        pipelines=translated(activity.PIPELINES),
        **newest,
        **shown,
    )


async def _runs(guild: GuildConnection, view: ActivityView) -> dict[str, Any]:
    chosen = RunFilter(view.pipeline or None, view.status or None, view.since or None)
    found = await activity.sync_runs(guild, chosen, number=view.page)
    return {"view": replace(view, page=found.number), "found": found, "statuses": get_args(RunStatus)}


async def _actions(guild: GuildConnection, view: ActivityView) -> dict[str, Any]:
    found = await activity.actions(guild, ActionFilter(view.actor or None, view.since or None), number=view.page)
    return {"view": replace(view, page=found.number), "found": found, "actors": await activity.actors(guild)}


async def _jobs(visit: Visit, guild_id: int) -> Page[JobSummary]:
    """Read the queue, which is of all guilds, at the moment of the page."""
    async with visit.services.pool.snapshot() as conn:
        return await worker_jobs.queued(conn, guild_id)


async def _uploads(guild: GuildConnection) -> dict[str, Any]:
    return {"uploads": await uploads.recent(guild, limit=UPLOADS_SHOWN), "upload_states": translated(UPLOAD_STATES)}


@router.get("/jobs/{job_id}")
async def job_part(
    visit: VisitDep, job_id: JobId, back: Annotated[str, Query(max_length=LONGEST_BACK)] = ""
) -> Response:
    """Show the outcome of a job with its undo, for the page on which it was asked for."""
    async with visit.reading() as (here, guild, _):
        job = await worker_jobs.job(here, job_id)
    is_all_done = job.state != "failed" and not any(job.counts.get(each) for each in FAILED_OUTCOMES)
    told = Flash(job.sentence, "result" if is_all_done else "problem", undo=job.undo)
    return visit.part("status", flash=told, here=way_back(back), guild_number=guild.id)


@router.get("/jobs")
async def jobs_part(visit: VisitDep) -> Response:
    """Show the jobs alone, for the page that is open."""
    async with visit.snapshot() as known:
        guild = visit.chosen_of(known)
        jobs = await _jobs(visit, guild.id)
    return visit.part("jobs", guild=guild, jobs=jobs, tasks=translated(TASKS))


@router.get("/uploads")
async def uploads_part(visit: VisitDep) -> Response:
    """Show the uploads alone, for the page that is open."""
    async with visit.reading() as (here, guild, _):
        newest = await _uploads(here)
    return visit.part("uploads", guild=guild, **newest)


@router.get("/losses")
async def losses(visit: VisitDep) -> Response:
    """Show who would be marked as gone, for each source whose list was refused."""
    guild, _ = await visit.guilds()
    found = await api.losses(visit.services, guild.id)
    return visit.page("losses", guild=guild, losses=found, largest_share=LARGEST_SHARE, fewest=FEWEST)
