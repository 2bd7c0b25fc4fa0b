"""The data quality pages: the overview, and what a fix of many would do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Annotated, Any, Literal, get_args

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import RedirectResponse, Response

from patt.api import activity
from patt.api import issues as api
from patt.api.issues import PlannedIssue, Shown, TextQuery, TrendQuery, finding_filter
from patt.pages.charts import bar, line_chart
from patt.pages.layout import View, chosen_of, guilds_in_reach, reading_guild, respond
from patt.pages.words import DATA_SOURCES, change, expectation, fix_record, frequency, not_counted, remedy, verdict
from patt.web.context import Caller, GuildDep, IssueType, PageQuery, ServicesDep, ViewerDep, viewer_of
from patt.web.forms import Flash, FormReader, led_back, way_back
from patt.web.places import DATA_QUALITY
from patt.worker import jobs as worker_jobs
from patt.worker.jobs import SelectedIssues
from sv_common.db.pool import GuildConnection, Pool
from sv_common.guild_sync import mitigations
from sv_common.guild_sync.core.errors import BadInput
from sv_common.guild_sync.insights import findings, health
from sv_common.guild_sync.insights.findings import FindingFilter, FindingsPage, Subject
from sv_common.guild_sync.insights.health import RuleTrend, Share, TrendDays
from sv_common.guild_sync.issues import lifecycle
from sv_common.guild_sync.issues.model import Issue, Severity
from sv_common.guild_sync.roster.freshness import FRESHNESS
from sv_common.guild_sync.rules import RULES, rule_named

HOME = DATA_QUALITY.href

Grouping = Literal["rule", "subject", "severity", "none"]
_Anything = Literal[""]
"""What a form sends where nothing was chosen."""

GROUPINGS: Mapping[Grouping, str] = {"rule": "rule", "subject": "player", "severity": "severity", "none": "nothing"}
"""How findings can be grouped, in words."""

_SEVEREST_FIRST = (Severity.ERROR, Severity.WARNING, Severity.INFO)


@dataclass(frozen=True, slots=True)
class QualityView(View):
    """Which part of the page is looked at."""

    state: Shown = "open"
    rule: str = ""
    severity: Severity | _Anything = ""
    text: str = ""
    group: Grouping = "rule"
    days: TrendDays = 30
    page: int = 1

    @property
    def home(self) -> str:
        """The address of the page without any parameter."""
        return HOME

    @property
    def is_filtered(self) -> bool:
        """Whether some findings of the state are not shown."""
        return bool(self.rule or self.severity or self.text)

    def filter(self) -> FindingFilter:
        """Return which findings are meant. Raises `NotFound` for a rule that does not exist."""
        return finding_filter(self.state, self.rule, self.severity or None, self.text)


def view_asked_for(
    guild: GuildDep,
    state: Annotated[Shown, Query()] = "open",
    rule: Annotated[str, Query()] = "",
    severity: Annotated[Severity | _Anything, Query()] = "",
    text: TextQuery = "",
    group: Annotated[Grouping, Query()] = "rule",
    days: TrendQuery = 30,
    page: PageQuery = 1,
) -> QualityView:
    """Return the view that an address names; guild 0 is the first one."""
    return QualityView(guild or 0, state, rule, severity, text.strip(), group, days, page)


ViewDep = Annotated[QualityView, Depends(view_asked_for)]


@dataclass(frozen=True, slots=True)
class Group:
    """Some findings of a page that belong together; `href` leads to their subject."""

    key: str
    name: str
    issues: Sequence[Issue]
    issue_type: str | None = None
    href: str | None = None


def grouped(found: Sequence[Issue], view: QualityView, subjects: Mapping[int, Subject]) -> list[Group]:
    """Put the findings of a page into groups; within each they stay in their order."""
    match view.group:
        case "rule":
            types = dict.fromkeys([*RULES, *(issue.issue_type for issue in found)])
            groups = [
                Group(each, RULES[each].name if each in RULES else each, _of(found, issue_type=each), each)
                for each in types
            ]
        case "subject":
            groups = _by_subject(found, subjects, view.guild)
        case "severity":
            groups = [Group(each, each, _of(found, severity=each)) for each in _SEVEREST_FIRST]
        case "none":
            groups = [Group("all", "All, newest first", found)]
    return [group for group in groups if group.issues]


def _of(found: Sequence[Issue], **fields_of_it: str) -> list[Issue]:
    return [issue for issue in found if all(getattr(issue, name) == value for name, value in fields_of_it.items())]


def _by_subject(found: Sequence[Issue], subjects: Mapping[int, Subject], guild: int) -> list[Group]:
    members: dict[Subject, list[Issue]] = {}
    for issue in found:
        members.setdefault(subjects[issue.id], []).append(issue)
    return [
        Group(
            f"{subject.kind or 'nobody'}-{subject.id or 0}",
            subject.name or "Deleted",
            issues,
            href=_page_of(subject, guild),
        )
        for subject, issues in members.items()
    ]


def _page_of(subject: Subject, guild: int) -> str | None:
    places = {"player": "/admin/players", "character": "/admin/players/characters"}
    return f"{places[subject.kind]}/{subject.id}?guild={guild}" if subject.kind in places else None


PREVIEWED = 200
"""Issues that the preview of a rule shows at once: as many as somebody looks through, and as one page holds."""
SHOWN: tuple[Shown, ...] = get_args(Shown)
_SELECTED = FormReader[SelectedIssues](SelectedIssues)

router = APIRouter(prefix="/admin", dependencies=[Depends(viewer_of)], include_in_schema=False)


@router.get("")
@router.get("/")
async def home() -> Response:
    """Lead to the overview."""
    return RedirectResponse(HOME, 303)


@router.get("/data-quality")
async def data_quality(request: Request, services: ServicesDep, viewer: ViewerDep, asked: ViewDep) -> Response:
    """Show how healthy the data is, the rules with their counts, and the findings."""
    context = await data_quality_context(services.pool, viewer, asked)
    return respond(request, "admin/data_quality.html", viewer, context)


async def data_quality_context(pool: Pool, viewer: Caller, asked: QualityView) -> dict[str, Any]:
    """Return all that the overview shows, in a number of statements that depends on the view alone.

    Without a guild the first one is shown. Raises `NotFound` for a guild or a rule that does not exist.
    """
    async with pool.snapshot() as conn:
        known = await guilds_in_reach(conn, viewer)
        if not known:
            return {"guild": None, "guilds": []}
        guild = chosen_of(known, asked.guild or None)
        here = await pool.narrow(guild.id)
        found = await findings.findings_page(here, asked.filter(), number=asked.page)
        view = replace(asked, guild=guild.id, page=found.number)
        return {
            "guild": guild,
            "guilds": known,
            "view": view,
            "may_act": viewer.may_act_as("officer"),
            "rules": await findings.rule_overviews(here),
            "frequency": frequency,
            "fix_record": fix_record,
            "work": await worker_jobs.under_way(here),
            "losses": await activity.loss_sentences(here),
            **await _health(here, view),
            **await _findings(here, view, found),
        }


async def _health(guild: GuildConnection, view: QualityView) -> dict[str, Any]:
    found = await health.health(guild)
    trends = await health.trends(guild, view.days)
    return {
        "health": found,
        "verdict": verdict(found, trends),
        "shares": [_share("characters", found.characters), _share("members", found.members)],
        "trends": [_trend(rule, len(trends.days) - 1) for rule in trends.rules],
        "total": trends.total[-1],
        "trend_days": get_args(TrendDays),
        "sources": [(DATA_SOURCES[age.source], age, expectation(age), remedy(age)) for age in found.sources],
        "pipelines": {age.source: FRESHNESS[age.source].pipeline for age in found.sources},
    }


async def _findings(guild: GuildConnection, view: QualityView, found: FindingsPage) -> dict[str, Any]:
    ids = [issue.id for issue in found.items]
    subjects = await findings.subjects(guild, ids) if view.group == "subject" else {}
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
    async with reading_guild(services.pool, viewer, guild) as (here, chosen, _):
        work = await worker_jobs.under_way(here)
        known = await lifecycle.open_of_rule(here, rule.issue_type)
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
        "work": work,
        "summaries": {issue.id: issue.summary for issue in known},
        "label": "Fix All" if rule.auto_mitigate else "Attempt Fix",
        "home": QualityView(chosen.id).href(),
        "back": f"{HOME}/rules/{rule.issue_type}/preview?guild={chosen.id}",
    }
    return respond(request, "admin/preview.html", viewer, context)


@router.get("/data-quality/preview")
async def preview_selected(
    request: Request,
    services: ServicesDep,
    viewer: ViewerDep,
    guild: GuildDep,
    back: Annotated[str, Query()] = "",
) -> Response:
    """Show what fixing the selected issues would do, row by row, before anything is done."""
    way = way_back(back)
    try:
        chosen = _SELECTED.read(request.query_params.multi_items())
    except BadInput as error:
        return led_back(request, way, Flash(str(error), "problem"))
    async with reading_guild(services.pool, viewer, guild) as (here, found, _):
        work = await worker_jobs.under_way(here)
        answer = await api.preview_selected(services, chosen, found.id)
    context = {
        "guild": found,
        "groups": _by_rule(answer.issues),
        "count": len(answer.issues),
        "shown": {each.issue_id: each.key for each in answer.issues if each.key is not None},
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
