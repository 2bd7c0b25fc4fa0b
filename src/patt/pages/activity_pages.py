"""The activity page: jobs that wait and run, the last uploads, the sync log, and who did what."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import Annotated, Any, Literal, get_args
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import Response

from patt.api import losses as api
from patt.api.activity import LONGEST_ACTOR
from patt.pages.shell import chosen_guild, chosen_of, guilds_in_reach, respond, respond_with_part
from patt.pages.upload_pages import upload_context
from patt.pages.words import PIPELINES, TASKS
from patt.web.context import GuildDep, PageQuery, ServicesDep, ViewerDep, viewer_of
from patt.web.navigation import ACTIVITY
from patt.worker import jobs as worker_jobs
from sv_common.db.pool import Connection
from sv_common.guild_sync.insights import activity
from sv_common.guild_sync.insights.activity import DeedFilter, Pipeline, RunFilter, RunStatus

HOME = ACTIVITY.href
API = "/api/v1/admin/activity"
Shown = Literal["runs", "deeds"]
_Anything = Literal[""]
"""What a form sends where nothing was chosen."""

router = APIRouter(prefix=HOME, dependencies=[Depends(viewer_of)], include_in_schema=False)


@dataclass(frozen=True, slots=True)
class View:
    """Which part of the page is looked at, and by which filter."""

    guild: int
    show: Shown = "runs"
    pipeline: Pipeline | _Anything = ""
    status: RunStatus | _Anything = ""
    actor: str = ""
    since: date | _Anything = ""
    page: int = 1

    def href(self, **changes: Any) -> str:
        """Return the address of this view, or of a changed one; what is as usual is left out of it."""
        view = replace(self, **changes)
        page = {"page": view.page} if view.page > 1 else {}
        show = {"show": view.show} if view.show != "runs" else {}
        return f"{HOME}?{urlencode({'guild': view.guild, **show, **view.filters(), **page})}"

    def file(self, kind: str) -> str:
        """Return the address of the file with all that the filter lets through."""
        return f"{API}/{self.show}.{kind}?{urlencode({'guild': self.guild, **self.filters()})}"

    def filters(self) -> dict[str, Any]:
        """Return what is filtered by; each list has filters of its own."""
        names = ("pipeline", "status", "since") if self.show == "runs" else ("actor", "since")
        return {name: value for name in names if (value := getattr(self, name))}


def _view(
    guild: GuildDep,
    show: Annotated[Shown, Query()] = "runs",
    pipeline: Annotated[Pipeline | _Anything, Query()] = "",
    status: Annotated[RunStatus | _Anything, Query()] = "",
    actor: Annotated[str, Query(max_length=LONGEST_ACTOR, pattern=r"^[^\x00]*$")] = "",
    since: Annotated[date | _Anything, Query()] = "",
    page: PageQuery = 1,
) -> View:
    return View(guild or 0, show, pipeline, status, actor, since, page)


@router.get("")
async def overview(
    request: Request, services: ServicesDep, viewer: ViewerDep, asked: Annotated[View, Depends(_view)]
) -> Response:
    """Show the jobs, the last uploads, and the sync log or who did what."""
    async with services.pool.snapshot() as conn:
        known = await guilds_in_reach(conn, viewer)
        if not known:
            return respond(request, "admin/activity.html", viewer, {"guild": None})
        chosen = chosen_of(known, asked.guild or None)
        view = replace(asked, guild=chosen.id)
        context = await (_runs if view.show == "runs" else _deeds)(conn, view)
        jobs = await worker_jobs.queued(conn, chosen.id)
        losses = await api.sentences(conn, chosen.id)
        uploads = await upload_context(conn, chosen.id, viewer)
    shell = {
        "guild": chosen,
        "guilds": known,
        "jobs": jobs,
        "losses": losses,
        "tasks": TASKS,
        "pipelines": PIPELINES,
    }
    return respond(request, "admin/activity.html", viewer, shell | uploads | context)


@router.get("/jobs")
async def jobs_part(services: ServicesDep, viewer: ViewerDep, guild: GuildDep) -> Response:
    """Show the jobs alone, for the page that is looked at."""
    async with services.pool.snapshot() as conn:
        chosen, _ = await chosen_guild(conn, viewer, guild)
        jobs = await worker_jobs.queued(conn, chosen.id)
    return respond_with_part("partials/jobs.html", {"guild": chosen, "jobs": jobs, "tasks": TASKS})


async def _runs(conn: Connection, view: View) -> dict[str, Any]:
    chosen = RunFilter(view.pipeline or None, view.status or None, view.since or None)
    found = await activity.sync_runs(conn, view.guild, chosen, number=view.page)
    return {
        "view": replace(view, page=found.number),
        "found": found,
        "rows": found.items,
        "statuses": get_args(RunStatus),
    }


async def _deeds(conn: Connection, view: View) -> dict[str, Any]:
    chosen = DeedFilter(view.actor or None, view.since or None)
    found = await activity.deeds(conn, view.guild, chosen, number=view.page)
    actors = await activity.actors(conn, view.guild)
    return {"view": replace(view, page=found.number), "found": found, "rows": found.items, "actors": actors}
