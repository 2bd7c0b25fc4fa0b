"""The data quality pages: the overview, and what a fix of many would do."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import groupby
from typing import Annotated, Any, get_args

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import RedirectResponse, Response

from patt.api import losses, selected
from patt.api.issues import PlannedIssue, Shown
from patt.pages import flash
from patt.pages.charts import bar, line_chart
from patt.pages.chosen import chosen_issues, wish_to_fix
from patt.pages.flash import Flash
from patt.pages.forms import way_back
from patt.pages.quality_view import GROUPINGS, View, ViewDep, grouped
from patt.pages.quality_words import (
    SOURCES,
    change,
    expectation,
    fix_record,
    frequency,
    not_counted,
    remedy,
    verdict,
)
from patt.pages.shell import chosen_guild, chosen_of, guilds_in_reach, respond
from patt.web.context import Caller, GuildDep, IssueType, ServicesDep, ViewerDep, viewer_of
from patt.web.navigation import DATA_QUALITY
from patt.worker import jobs as worker_jobs
from patt.worker.jobs import SelectedIssues
from sv_common.db.pool import Connection
from sv_common.guild_sync import mitigations
from sv_common.guild_sync.core.errors import BadInput
from sv_common.guild_sync.insights import findings, health
from sv_common.guild_sync.insights.findings import FindingsPage
from sv_common.guild_sync.insights.health import RuleTrend, Share, TrendDays
from sv_common.guild_sync.issues import lifecycle
from sv_common.guild_sync.issues.model import Severity
from sv_common.guild_sync.roster.freshness import FRESHNESS
from sv_common.guild_sync.rules import RULES, rule_named

HOME = DATA_QUALITY.href

PREVIEWED = 200
"""Issues that the preview of a rule shows at once: as many as somebody looks through, and as one page holds."""
SHOWN: tuple[Shown, ...] = get_args(Shown)

router = APIRouter(prefix="/admin", dependencies=[Depends(viewer_of)], include_in_schema=False)


@router.get("")
@router.get("/")
async def home() -> Response:
    """Lead to the overview."""
    return RedirectResponse(HOME, 303)


@router.get("/data-quality")
async def data_quality(request: Request, services: ServicesDep, viewer: ViewerDep, asked: ViewDep) -> Response:
    """Show how healthy the data is, the rules with their counts, and the findings."""
    async with services.pool.snapshot() as conn:
        context = await data_quality_context(conn, viewer, asked)
    return respond(request, "admin/data_quality.html", viewer, context)


async def data_quality_context(conn: Connection, viewer: Caller, asked: View) -> dict[str, Any]:
    """Return all that the overview shows, in a number of statements that depends on the view alone.

    Without a guild the first one is shown. Raises `NotFound` for a guild or a rule that does not exist.
    """
    known = await guilds_in_reach(conn, viewer)
    if not known:
        return {"guild": None, "guilds": []}
    guild = chosen_of(known, asked.guild or None)
    found = await findings.findings_page(conn, guild.id, asked.filter(), number=asked.page)
    view = replace(asked, guild=guild.id, page=found.number)
    return {
        "guild": guild,
        "guilds": known,
        "view": view,
        "may_act": viewer.may_act_as("officer"),
        "rules": await findings.rule_overviews(conn, guild.id),
        "frequency": frequency,
        "fix_record": fix_record,
        "work": await worker_jobs.under_way(conn, guild.id),
        "losses": await losses.sentences(conn, guild.id),
        **await _health(conn, view),
        **await _findings(conn, view, found),
    }


async def _health(conn: Connection, view: View) -> dict[str, Any]:
    found = await health.health(conn, view.guild)
    trends = await health.trends(conn, view.guild, view.days)
    return {
        "health": found,
        "verdict": verdict(found, trends),
        "shares": [_share("characters", found.characters), _share("members", found.members)],
        "trends": [_trend(rule, len(trends.days) - 1) for rule in trends.rules],
        "total": trends.total[-1],
        "trend_days": get_args(TrendDays),
        "sources": [(SOURCES[age.source], age, expectation(age), remedy(age)) for age in found.sources],
        "pipelines": {age.source: FRESHNESS[age.source].pipeline for age in found.sources},
    }


async def _findings(conn: Connection, view: View, found: FindingsPage) -> dict[str, Any]:
    ids = [issue.id for issue in found.items]
    subjects = await findings.subjects(conn, view.guild, ids) if view.group == "subject" else {}
    return {
        "findings": found,
        "groups": grouped(found.items, view, subjects),
        "states": SHOWN,
        "severities": tuple(Severity),
        "groupings": GROUPINGS,
        "rule_names": {rule.issue_type: rule.name for rule in RULES.values()},
        "fixable": {rule.issue_type for rule in RULES.values() if rule.is_fixable},
    }


def _share(kind: str, share: Share) -> dict[str, Any]:
    parts = [("healthy", share.healthy), ("troubled", share.troubled), ("unlinked", share.unlinked)]
    return {"kind": kind, "share": share, "bar": bar(parts), "not_counted": not_counted(kind, share)}


def _trend(rule: RuleTrend, days: int) -> dict[str, Any]:
    return {
        "issue_type": rule.issue_type,
        "name": rule.name,
        "open": rule.open[-1],
        "chart": line_chart(rule.open, f"Open issues of “{rule.name}” over {days} days"),
        "change": f"{change(rule.open)} {days} days ago",
    }


@router.get("/data-quality/rules/{issue_type}/preview")
async def preview(
    request: Request, services: ServicesDep, viewer: ViewerDep, issue_type: IssueType, guild: GuildDep
) -> Response:
    """Show what fixing all open issues of a rule would do, before anything is done."""
    rule = rule_named(issue_type)
    async with services.pool.snapshot() as conn:
        chosen, _ = await chosen_guild(conn, viewer, guild)
        known = await lifecycle.open_of_rule(conn, chosen.id, rule.issue_type)
        work = await worker_jobs.under_way(conn, chosen.id)
        planning = await mitigations.preview_all(services.pool, rule.issue_type, guild_id=chosen.id)
    keys = planning.keys
    shown = dict(list(keys.items())[:PREVIEWED])
    context = {
        "guild": chosen,
        "rule": rule,
        "planning": planning,
        "shown": shown,
        "total": len(keys),
        "most": PREVIEWED,
        "wish": wish_to_fix(shown),
        "work": work,
        "summaries": {issue.id: issue.summary for issue in known},
        "label": "Fix All" if rule.auto_mitigate else "Attempt Fix",
        "home": View(chosen.id).href(),
        "back": f"{HOME}/rules/{rule.issue_type}/preview?guild={chosen.id}",
    }
    return respond(request, "admin/preview.html", viewer, context)


@router.get("/data-quality/preview")
async def preview_selected(
    request: Request,
    services: ServicesDep,
    viewer: ViewerDep,
    guild: GuildDep,
    chosen: Annotated[list[str] | None, Query()] = None,
    back: Annotated[str, Query()] = "",
) -> Response:
    """Show what fixing the ticked issues would do, row by row, before anything is done."""
    way = way_back(back, HOME)
    try:
        numbers, _ = chosen_issues(chosen or [])
    except BadInput as error:
        response = RedirectResponse(way, 303)
        flash.keep(request, response, Flash(str(error), "problem"))
        return response
    async with services.pool.snapshot() as conn:
        found, _ = await chosen_guild(conn, viewer, guild)
        work = await worker_jobs.under_way(conn, found.id)
        answer = await selected.preview(services, SelectedIssues(issue_ids=numbers), found.id)
    context = {
        "guild": found,
        "groups": _by_rule(answer.issues),
        "count": len(answer.issues),
        "wish": wish_to_fix({each.issue_id: each.key for each in answer.issues if each.key is not None}),
        "work": work,
        "back": way,
    }
    return respond(request, "admin/preview_selected.html", viewer, context)


def _by_rule(planned: Sequence[PlannedIssue]) -> list[tuple[str, str, list[PlannedIssue]]]:
    """Planned issues by rule, rules in the registry's order."""
    places = {issue_type: place for place, issue_type in enumerate(RULES)}
    ordered = sorted(planned, key=lambda each: (places.get(each.issue_type, len(places)), each.issue_type))
    return [
        (issue_type, RULES[issue_type].name if issue_type in RULES else issue_type, list(group))
        for issue_type, group in groupby(ordered, key=lambda each: each.issue_type)
    ]
