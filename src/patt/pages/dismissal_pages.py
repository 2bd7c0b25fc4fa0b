"""The page of dismissals: what was set aside, and what of it hides nothing any more."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Annotated, Any, Literal
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import Response

from patt.pages.shell import chosen_of, guilds_in_reach, respond
from patt.web.context import GuildDep, PageQuery, ServicesDep, ViewerDep, viewer_of
from patt.web.navigation import DATA_QUALITY
from sv_common.db.pool import GuildConnection
from sv_common.guild_sync.insights import findings
from sv_common.guild_sync.rules import RULES

HOME = f"{DATA_QUALITY.href}/dismissals"
Shown = Literal["all", "idle"]

router = APIRouter(prefix=HOME, dependencies=[Depends(viewer_of)], include_in_schema=False)


@dataclass(frozen=True, slots=True)
class View:
    """Which dismissals are looked at."""

    guild: int
    show: Shown = "all"
    page: int = 1

    def href(self, **changes: Any) -> str:
        """Return the address of this view, or of a changed one; what is as usual is left out of it."""
        view = replace(self, **changes)
        show = {"show": view.show} if view.show != "all" else {}
        page = {"page": view.page} if view.page > 1 else {}
        return f"{HOME}?{urlencode({'guild': view.guild, **show, **page})}"


@router.get("")
async def dismissals(
    request: Request,
    services: ServicesDep,
    viewer: ViewerDep,
    guild: GuildDep,
    show: Annotated[Shown, Query()] = "all",
    page: PageQuery = 1,
) -> Response:
    """Show what was set aside, by whom and why, and which of it can be removed."""
    async with services.pool.connection() as conn:
        known = await guilds_in_reach(conn, viewer)
        if not known:
            return respond(request, "admin/dismissals.html", viewer, {"guild": None})
        chosen = chosen_of(known, guild)
        found = await findings.dismissals(GuildConnection(conn, chosen.id), only_idle=show == "idle", number=page)
    context = {
        "guild": chosen,
        "guilds": known,
        "view": View(chosen.id, show, found.number),
        "found": found,
        "idle": [each.issue for each in found.items if each.why_idle],
        "rule_names": {rule.issue_type: rule.name for rule in RULES.values()},
    }
    return respond(request, "admin/dismissals.html", viewer, context)
