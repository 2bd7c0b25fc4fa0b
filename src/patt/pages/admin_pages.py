"""The data quality pages: the overview, and what a fix of many would do."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Annotated, Any
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import RedirectResponse, Response

from patt.api import reading
from patt.api.reading import Shown
from patt.deps import Caller, GuildDep, IssueType, PageQuery, ServicesDep, ViewerDep, viewer_of
from patt.navigation import DATA_QUALITY
from patt.pages.shell import chosen_guild, chosen_of, guilds_in_reach, respond
from sv_common.db.pool import Connection
from sv_common.guild_sync import issues, mitigations, overview
from sv_common.guild_sync.domain.issue import Issue
from sv_common.guild_sync.rules import RULES, rule_named

HOME = DATA_QUALITY.href
SHOWN: tuple[Shown, ...] = ("open", "dismissed", "resolved", "all")

router = APIRouter(prefix="/admin", dependencies=[Depends(viewer_of)], include_in_schema=False)


@dataclass(frozen=True, slots=True)
class View:
    """Which part of the overview is looked at; `href` gives the address of this view, or of a changed one."""

    guild: int
    state: Shown = "open"
    rule: str | None = None
    page: int = 1

    def href(self, **changes: Any) -> str:
        """Return the address; what is as usual is left out of it."""
        view = replace(self, **changes)
        usual = View(view.guild)
        chosen = {name: getattr(view, name) for name in ("state", "rule", "page")}
        unusual = {name: value for name, value in chosen.items() if value != getattr(usual, name)}
        return f"{HOME}?{urlencode({'guild': view.guild, **unusual})}"


@dataclass(frozen=True, slots=True)
class Group:
    """The findings of one rule on a page."""

    issue_type: str
    name: str
    is_fixable: bool
    issues: list[Issue]


@router.get("")
@router.get("/")
async def home() -> Response:
    """Lead to the overview."""
    return RedirectResponse(HOME, 303)


@router.get("/data-quality")
async def data_quality(
    request: Request,
    services: ServicesDep,
    viewer: ViewerDep,
    guild: GuildDep,
    rule: Annotated[str | None, Query()] = None,
    state: Annotated[Shown, Query()] = "open",
    page: PageQuery = 1,
) -> Response:
    """Show the rules with their counts, and the findings."""
    async with services.pool.connection() as conn:
        context = await data_quality_context(conn, viewer, guild_id=guild, issue_type=rule, shown=state, page=page)
    return respond(request, "admin/data_quality.html", viewer, context)


async def data_quality_context(
    conn: Connection,
    viewer: Caller,
    *,
    guild_id: int | None = None,
    issue_type: str | None = None,
    shown: Shown = "open",
    page: int = 1,
) -> dict[str, Any]:
    """Return all that the overview shows, in a number of statements that depends on nothing.

    Without a guild the first one is shown. Raises `NotFound` for a guild or a rule that does not exist.
    """
    known = await guilds_in_reach(conn, viewer)
    if not known:
        return {"guild": None, "guilds": []}
    guild = chosen_of(known, guild_id)
    rule = rule_named(issue_type).issue_type if issue_type else None
    state = reading.state_of(shown)
    found = await overview.findings_page(conn, guild.id, number=page, issue_type=rule, state=state)
    return {
        "guild": guild,
        "guilds": known,
        "view": View(guild.id, shown, rule, found.number),
        "rules": await overview.rule_overviews(conn, guild.id),
        "findings": found,
        "groups": _grouped(found.findings),
        "states": SHOWN,
    }


@router.get("/data-quality/rules/{issue_type}/preview")
async def preview(
    request: Request, services: ServicesDep, viewer: ViewerDep, issue_type: IssueType, guild: GuildDep
) -> Response:
    """Show what fixing all open issues of a rule would do, before anything is done."""
    rule = rule_named(issue_type)
    async with services.pool.connection() as conn:
        chosen, _ = await chosen_guild(conn, viewer, guild)
        known = await issues.open_of_rule(conn, chosen.id, rule.issue_type)
    planning = await mitigations.preview_all(services.pool, rule.issue_type, guild_id=chosen.id)
    context = {
        "guild": chosen,
        "rule": rule,
        "planning": planning,
        "summaries": {issue.id: issue.summary for issue in known},
        "label": "Fix All" if rule.auto_mitigate else "Attempt Fix",
        "home": View(chosen.id).href(),
        "back": f"{HOME}/rules/{rule.issue_type}/preview?guild={chosen.id}",
    }
    return respond(request, "admin/preview.html", viewer, context)


def _grouped(found: Any) -> list[Group]:
    """Findings by rule, rules in the registry's order, those of rules that are no more at the end."""
    types = dict.fromkeys([*RULES, *(issue.issue_type for issue in found)])
    groups = [(each, RULES.get(each), [issue for issue in found if issue.issue_type == each]) for each in types]
    return [
        Group(issue_type, rule.name if rule else issue_type, rule is not None and rule.is_fixable, issues)
        for issue_type, rule, issues in groups
        if issues
    ]
