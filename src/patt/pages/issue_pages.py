"""The page of one issue: what, since when, what a fix would do, and all that happened to it."""

from __future__ import annotations

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from patt.api import reading
from patt.deps import GuildDep, IssueId, ServicesDep, ViewerDep, viewer_of
from patt.navigation import DATA_QUALITY
from patt.pages.shell import respond
from patt.pages.words import details_in_words
from sv_common.guild_sync.domain.issue import IssueState
from sv_common.guild_sync.rules import RULES

HOME = DATA_QUALITY.href

router = APIRouter(prefix=f"{HOME}/issues", dependencies=[Depends(viewer_of)], include_in_schema=False)


@router.get("/{issue_id}")
async def issue(
    request: Request, services: ServicesDep, viewer: ViewerDep, issue_id: IssueId, guild: GuildDep
) -> Response:
    """Show one issue: what, since when, what a fix would do, and all that happened to it."""
    found = await reading.issue(services, issue_id, guild)
    rule = RULES.get(found.issue_type)
    context = {
        "issue": found,
        "details": details_in_words(found.details),
        "rule": rule,
        "is_open": found.state is IssueState.OPEN,
        "is_dismissed": found.state is IssueState.DISMISSED,
        "back": f"{HOME}/issues/{found.id}?guild={found.guild_id}",
        "home": f"{HOME}?guild={found.guild_id}",
    }
    return respond(request, "admin/issue.html", viewer, context)
