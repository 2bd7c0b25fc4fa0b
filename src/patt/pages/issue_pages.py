"""The page of one issue: why it is there, who could be meant, what a fix would change; the preview of an undo; and dismissals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import Response

from patt.api import issue as api
from patt.api.issue import Candidate, IssueDetail
from patt.api.players import LONGEST_SEARCH, fields_of
from patt.bootstrap import Services
from patt.pages.layout import View, chosen_of, guilds_in_reach, respond
from patt.pages.words import by_source, details_in_words
from patt.web.context import AttemptId, GuildDep, IssueId, PageQuery, ServicesDep, ViewerDep, viewer_of
from patt.web.forms import way_back
from patt.web.places import DATA_QUALITY
from sv_common.guild_sync.identity.decisions import Decision
from sv_common.guild_sync.insights import findings
from sv_common.guild_sync.insights.issue import ABOUT_A_MEMBER, ABOUT_AN_OWNER
from sv_common.guild_sync.insights.people import PersonSummary, people_page
from sv_common.guild_sync.issues.model import IssueState
from sv_common.guild_sync.rules import RULES

HOME = DATA_QUALITY.href
DISMISSALS = f"{HOME}/dismissals"
Shown = Literal["all", "idle"]
MOST_FOUND = 8
LONGEST_BACK = 500

router = APIRouter(prefix=HOME, dependencies=[Depends(viewer_of)], include_in_schema=False)


@router.get("/issues/{issue_id}")
async def issue(
    request: Request,
    services: ServicesDep,
    viewer: ViewerDep,
    issue_id: IssueId,
    guild: GuildDep,
    search: Annotated[str, Query(max_length=LONGEST_SEARCH)] = "",
) -> Response:
    """Show one issue so that whoever sees it for the first time can decide; `search` looks for another player."""
    asked = search.strip()
    async with services.pool.snapshot():
        found = await api.issue(services, issue_id, guild)
        players = await _players(services, found.guild_id, asked) if asked else []
    context = {
        **issue_context(found),
        "search": asked,
        "players": players,
        "can_decide": viewer.may_act_as("officer"),
    }
    return respond(request, "admin/issue.html", viewer, context)


@router.get("/attempts/{attempt_id}/undo")
async def undo(
    request: Request,
    services: ServicesDep,
    viewer: ViewerDep,
    attempt_id: AttemptId,
    guild: GuildDep,
    back: Annotated[str, Query(max_length=LONGEST_BACK)] = "",
) -> Response:
    """Show what taking an attempt back would change, or why it cannot be taken back."""
    found = await api.undo_preview(services, viewer, attempt_id, guild)
    home = f"{HOME}?guild={found.guild_id}"
    usual = f"{HOME}/issues/{found.issue_id}?guild={found.guild_id}" if found.issue_id is not None else home
    context = {
        "undo": found,
        "home": home,
        "back": way_back(back, usual),
        "can_decide": viewer.may_act_as("officer"),
    }
    return respond(request, "admin/undo.html", viewer, context)


def issue_context(found: IssueDetail) -> dict[str, Any]:
    """Return all that the page shows of an issue."""
    back = f"{HOME}/issues/{found.id}?guild={found.guild_id}"
    return {
        "issue": found,
        "details": details_in_words(found.details),
        "sources": by_source(found.explanation.evidence) if found.explanation else [],
        "candidates": [(each, _links(found, each, back)) for each in found.candidates],
        "rule": RULES.get(found.issue_type),
        "is_open": found.state is IssueState.OPEN,
        "is_dismissed": found.state is IssueState.DISMISSED,
        "is_about_an_owner": found.issue_type in ABOUT_AN_OWNER,
        "is_about_a_member": found.issue_type in ABOUT_A_MEMBER and found.state is not IssueState.RESOLVED,
        "back": back,
        "home": f"{HOME}?guild={found.guild_id}",
    }


def _links(found: IssueDetail, candidate: Candidate, back: str) -> dict[str, str | None]:
    """Where a candidate is shown, and where the decisions about it are previewed."""
    place = {"player": "/admin/players", "character": "/admin/players/characters"}.get(candidate.kind)
    about = {"guild": found.guild_id, "back": back}
    return {
        "page": f"{place}/{candidate.id}?guild={found.guild_id}" if place else None,
        "choose": _preview(candidate.choose, about),
        "reject": _preview(candidate.reject, about),
    }


def _preview(decision: Decision | None, about: dict[str, Any]) -> str | None:
    if decision is None:
        return None
    return f"/admin/players/preview?{urlencode(fields_of(decision) | about)}"


async def _players(services: Services, guild_id: int, search: str) -> Sequence[PersonSummary]:
    async with services.pool.reading(guild_id) as guild:
        return (await people_page(guild, search=search, page_size=MOST_FOUND)).items


@dataclass(frozen=True, slots=True)
class DismissalsView(View):
    """Which dismissals are looked at."""

    show: Shown = "all"
    page: int = 1

    @property
    def home(self) -> str:
        """The address of the page without any parameter."""
        return DISMISSALS


@router.get("/dismissals")
async def dismissals(
    request: Request,
    services: ServicesDep,
    viewer: ViewerDep,
    guild: GuildDep,
    show: Annotated[Shown, Query()] = "all",
    page: PageQuery = 1,
) -> Response:
    """Show dismissed issues, who dismissed them and why, and which dismissals can be removed."""
    async with services.pool.snapshot() as conn:
        known = await guilds_in_reach(conn, viewer)
        if not known:
            return respond(request, "admin/dismissals.html", viewer, {"guild": None})
        chosen = chosen_of(known, guild)
        here = await services.pool.narrow(chosen.id)
        found = await findings.dismissals(here, only_idle=show == "idle", number=page)
    context = {
        "guild": chosen,
        "guilds": known,
        "view": DismissalsView(chosen.id, show, found.number),
        "found": found,
        "idle": [each.issue for each in found.items if each.why_idle],
        "rule_names": {rule.issue_type: rule.name for rule in RULES.values()},
    }
    return respond(request, "admin/dismissals.html", viewer, context)
