"""The full match pages: what a match would do, how the one that was asked for stands, and those of before."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import groupby
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import Response

from patt.api import matching
from patt.pages.layout import View, chosen_of, guilds_in_reach, reading_guild, respond, respond_with_part
from patt.pages.words import KINDS_OF_EVIDENCE
from patt.web.context import GuildDep, PageQuery, ServicesDep, ViewerDep, viewer_of
from patt.web.places import FULL_MATCH
from sv_common.guild_sync.core.paging import Page
from sv_common.guild_sync.identity_engine import MatchEvidence, MatchReport, preview_matching
from sv_common.guild_sync.insights import activity
from sv_common.guild_sync.insights.activity import MatchRun

HOME = FULL_MATCH.href
Shown = Literal["found", "left", "runs"]

router = APIRouter(prefix=HOME, dependencies=[Depends(viewer_of)], include_in_schema=False)


@dataclass(frozen=True, slots=True)
class MatchView(View):
    """Which part of the page is looked at."""

    show: Shown = "found"
    evidence: MatchEvidence | None = None
    page: int = 1

    @property
    def home(self) -> str:
        """The address of the page without any parameter."""
        return HOME


@router.get("")
async def full_match(
    request: Request,
    services: ServicesDep,
    viewer: ViewerDep,
    guild: GuildDep,
    show: Annotated[Shown, Query()] = "found",
    evidence: Annotated[MatchEvidence | None, Query()] = None,
    page: PageQuery = 1,
) -> Response:
    """Show what a full match would do, whom it would leave alone, or the matches of before."""
    async with services.pool.snapshot() as conn:
        known = await guilds_in_reach(conn, viewer)
        if not known:
            return respond(request, "admin/full_match.html", viewer, {"guild": None})
        chosen = chosen_of(known, guild)
        here = await services.pool.narrow(chosen.id)
        runs = await activity.match_runs(here, number=page if show == "runs" else 1)
        newest = runs if runs.number == 1 else await activity.match_runs(here)
        report = await preview_matching(services.pool, guild_id=chosen.id)
    view = MatchView(chosen.id, show, evidence, page)
    context = {"guild": chosen, "guilds": known, "latest": _latest(newest), **_shown(view, report, runs)}
    return respond(request, "admin/full_match.html", viewer, context)


@router.get("/state")
async def state(services: ServicesDep, viewer: ViewerDep, guild: GuildDep) -> Response:
    """Show how the newest full match stands, for the page that waits for it."""
    async with reading_guild(services.pool, viewer, guild) as (here, chosen, _):
        latest = _latest(await activity.match_runs(here))
    return respond_with_part(
        "partials/match_state.html", {"guild": chosen, "latest": latest, "view": MatchView(chosen.id)}
    )


def _shown(view: MatchView, report: MatchReport, runs: Page[MatchRun]) -> dict[str, Any]:
    """What the chosen part of the page shows; `listed` is what its pages are counted by."""
    people = matching.people_of(report, evidence=view.evidence, number=view.page)
    left = matching.undecided_of(report, number=view.page)
    number, pages = {
        "found": (people.number, people.pages),
        "left": (left.number, left.pages),
        "runs": (runs.number, runs.pages),
    }[view.show]
    return {
        "view": replace(view, page=number),
        "pages": pages,
        "preview": people,
        "groups": [(kind, list(group)) for kind, group in groupby(people.items, lambda person: person.evidence)],
        "found_in_all": len(report.groups),
        "kinds": KINDS_OF_EVIDENCE,
        "left": left,
        "runs": runs,
    }


def _latest(runs: Page[MatchRun]) -> MatchRun | None:
    return runs.items[0] if runs.items else None
