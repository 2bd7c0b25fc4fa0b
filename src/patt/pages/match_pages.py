"""The full match pages: what a match would do, the state of the requested one, and earlier ones."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import groupby
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query
from starlette.responses import Response

from patt.api import matching
from patt.pages.layout import View, VisitDep
from patt.pages.words import KINDS_OF_EVIDENCE
from patt.web.context import PageQuery, viewer_of
from patt.web.places import FULL_MATCH
from sv_common.guild_sync.core.language import tr
from sv_common.guild_sync.core.paging import Page
from sv_common.guild_sync.identity_engine import MatchEvidence, MatchReport, preview_matching
from sv_common.guild_sync.insights import activity
from sv_common.guild_sync.insights.activity import MatchRun

HOME = FULL_MATCH.href
Shown = Literal["found", "left", "runs"]

router = APIRouter(prefix=HOME, dependencies=[Depends(viewer_of)], include_in_schema=False)


@dataclass(frozen=True, slots=True)
class MatchView(View):
    """Which part of the page is shown."""

    home = HOME
    show: Shown = "found"
    evidence: MatchEvidence | None = None
    page: int = 1


@router.get("")
async def full_match(
    visit: VisitDep,
    show: Annotated[Shown, Query()] = "found",
    evidence: Annotated[MatchEvidence | None, Query()] = None,
    page: PageQuery = 1,
) -> Response:
    async with visit.snapshot() as known:
        if not known:
            return visit.page("full_match", guild=None)
        here, guild = await visit.narrow(known)
        runs = await activity.match_runs(here, number=page if show == "runs" else 1)
        newest = runs if runs.number == 1 else await activity.match_runs(here)
        report = await preview_matching(visit.services.pool, guild_id=guild.id)
    shown = _shown(MatchView(guild.id, show, evidence, page), report, runs)
    return visit.page("full_match", guild=guild, guilds=known, latest=_latest(newest), **shown)


def _shown(view: MatchView, report: MatchReport, runs: Page[MatchRun]) -> dict[str, Any]:
    people = matching.people_of(report, evidence=view.evidence, number=view.page)
    left = matching.undecided_of(report, number=view.page)
    parts: dict[Shown, Page[Any]] = {"found": people, "left": left, "runs": runs}
    listed = parts[view.show]
    return {
        "view": replace(view, page=listed.number),
        "pages": listed.pages,
        "preview": people,
        "groups": [(kind, list(group)) for kind, group in groupby(people.items, lambda person: person.evidence)],
        "found_in_all": len(report.groups),
        "kinds": {kind: (tr(name), tr(about)) for kind, (name, about) in KINDS_OF_EVIDENCE.items()},
        "left": left,
        "runs": runs,
    }


def _latest(runs: Page[MatchRun]) -> MatchRun | None:
    return runs.items[0] if runs.items else None
