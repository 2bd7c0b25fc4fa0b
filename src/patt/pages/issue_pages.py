"""The page of one issue: why it is there, who could be meant, what a fix would change; the preview of an undo; and dismissals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Literal
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Query
from starlette.responses import Response

from patt.api import issue as api
from patt.api.issue import Candidate, IssueDetail
from patt.api.players import fields_of
from patt.api.undoing import routes as undoing
from patt.api.undoing.routes import UndoAhead
from patt.pages.layout import View, Visit, VisitDep
from patt.pages.words import by_source, details_in_words
from patt.web.context import AttemptId, IssueId, PageQuery, viewer_of
from patt.web.finding import LONGEST_SEARCH
from patt.web.forms import LONGEST_BACK, way_back
from patt.web.places import DATA_QUALITY, PEOPLE
from sv_common.guild_sync.core.undo_offer import LONGEST_LIST, as_ranges
from sv_common.guild_sync.identity.decisions import Decision
from sv_common.guild_sync.insights import findings
from sv_common.guild_sync.insights.everyone.summary import PersonSummary
from sv_common.guild_sync.insights.issue import ABOUT_A_MEMBER, ABOUT_AN_OWNER
from sv_common.guild_sync.insights.people import people_page
from sv_common.guild_sync.issues.model import IssueState
from sv_common.guild_sync.rules import RULES

HOME = DATA_QUALITY.href
Shown = Literal["all", "idle"]
MOST_FOUND = 8

router = APIRouter(prefix=HOME, dependencies=[Depends(viewer_of)], include_in_schema=False)


@router.get("/issues/{issue_id}")
async def issue(
    visit: VisitDep, issue_id: IssueId, search: Annotated[str, Query(max_length=LONGEST_SEARCH)] = ""
) -> Response:
    """Show what an officer needs to decide about an issue; `search` looks for another player."""
    words = search.strip()
    async with visit.services.pool.snapshot():
        found = await api.issue(visit.services, issue_id, visit.guild_id)
        await visit.look_around(found.guild_id)
        players: Sequence[PersonSummary] = ()
        if words:
            async with visit.services.pool.reading(found.guild_id) as here:
                players = (await people_page(here, search=words, page_size=MOST_FOUND)).items
    home = f"{HOME}?guild={found.guild_id}"
    back = f"{HOME}/issues/{found.id}?guild={found.guild_id}"
    return visit.page(
        "issue",
        issue=found,
        details=details_in_words(found.details),
        sources=by_source(found.explanation.evidence) if found.explanation else [],
        candidates=[(each, _links(found, each, back)) for each in found.candidates],
        rule=RULES.get(found.issue_type),
        is_open=found.state is IssueState.OPEN,
        is_dismissed=found.state is IssueState.DISMISSED,
        is_about_an_owner=found.issue_type in ABOUT_AN_OWNER,
        is_about_a_member=found.issue_type in ABOUT_A_MEMBER and found.state is not IssueState.RESOLVED,
        back=back,
        home=home,
        search=words,
        players=players,
    )


def _links(found: IssueDetail, candidate: Candidate, back: str) -> dict[str, str | None]:
    """Where a candidate is shown, and where the decisions about it are previewed."""

    def preview(decision: Decision | None) -> str | None:
        about = {"guild": found.guild_id, "back": back}
        return f"{PEOPLE.href}/preview?{urlencode(fields_of(decision) | about)}" if decision else None

    place = {"player": PEOPLE.href, "character": f"{PEOPLE.href}/characters"}.get(candidate.kind)
    return {
        "page": f"{place}/{candidate.id}?guild={found.guild_id}" if place else None,
        "choose": preview(candidate.choose),
        "reject": preview(candidate.reject),
    }


@router.get("/attempts/undo")
async def undo_together(
    visit: VisitDep,
    attempts: Annotated[str, Query(max_length=LONGEST_LIST)],
    back: Annotated[str, Query(max_length=LONGEST_BACK)] = "",
) -> Response:
    """Show what undoing several attempts at once would change, or why they cannot be undone."""
    found = await undoing.preview_together(visit.services, visit.viewer, attempts, visit.guild_id)
    return await _undo(visit, found, back)


@router.get("/attempts/{attempt_id}/undo")
async def undo(
    visit: VisitDep, attempt_id: AttemptId, back: Annotated[str, Query(max_length=LONGEST_BACK)] = ""
) -> Response:
    """Show what undoing an attempt would change, or why it cannot be undone."""
    return await _undo(
        visit, await undoing.undo_preview(visit.services, visit.viewer, attempt_id, visit.guild_id), back
    )


async def _undo(visit: Visit, found: UndoAhead, back: str) -> Response:
    home = f"{HOME}?guild={found.guild_id}"
    await visit.look_around(found.guild_id)
    usual = f"{HOME}/issues/{found.issue_id}?guild={found.guild_id}" if found.issue_id is not None else home
    return visit.page("undo", undo=found, named=as_ranges(found.attempt_ids), home=home, back=way_back(back, usual))


@dataclass(frozen=True, slots=True)
class DismissalsView(View):
    """Which dismissals are shown."""

    home = f"{HOME}/dismissals"
    show: Shown = "all"
    page: int = 1


@router.get("/dismissals")
async def dismissals(visit: VisitDep, show: Annotated[Shown, Query()] = "all", page: PageQuery = 1) -> Response:
    """Show dismissed issues, who dismissed them and why, and which dismissals can be removed."""
    async with visit.snapshot() as known:
        if not known:
            return visit.page("dismissals", guild=None)
        here, guild = await visit.narrow(known)
        found = await findings.dismissals(here, only_idle=show == "idle", number=page)
    return visit.page(
        "dismissals",
        guild=guild,
        guilds=known,
        view=DismissalsView(guild.id, show, found.number),
        found=found,
        idle=[each.issue for each in found.items if each.why_idle],
        rule_names={rule.issue_type: rule.name for rule in RULES.values()},
    )
