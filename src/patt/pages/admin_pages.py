"""The data quality pages: the overview, and what a fix of many would do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby
from typing import Annotated, Any, Literal, get_args
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Query
from starlette.responses import RedirectResponse, Response

from patt.api import activity
from patt.api import issues as api
from patt.api.issues import PlannedIssue, Shown, TextQuery, TrendQuery, finding_filter
from patt.pages import words
from patt.pages.drawing.charts import bar, line_chart
from patt.pages.layout import View, Visit, VisitDep
from patt.web.context import LARGEST_BODY, GuildDep, IssueType, PageQuery, officer_of, viewer_of
from patt.web.forms import FormReader, pairs_of, way_back
from patt.web.places import DATA_QUALITY, INBOX, PEOPLE
from patt.worker import jobs as worker_jobs
from patt.worker.jobs import MOST_SELECTED, SelectedIssues
from sv_common.db.pool import GuildConnection
from sv_common.guild_sync import mitigations
from sv_common.guild_sync.core.errors import BadInput
from sv_common.guild_sync.core.language import mark, tr, tr_n
from sv_common.guild_sync.identity_engine import preview_matching
from sv_common.guild_sync.insights import findings, health
from sv_common.guild_sync.insights.activity import was_matched
from sv_common.guild_sync.insights.findings import FindingsPage, Subject
from sv_common.guild_sync.insights.health import RuleTrend, Share, TrendDays
from sv_common.guild_sync.issues import lifecycle
from sv_common.guild_sync.issues.model import Issue, Severity
from sv_common.guild_sync.roster.freshness import FRESHNESS
from sv_common.guild_sync.rules import RULES, rule_named

HOME = DATA_QUALITY.href
PREVIEWED = 200
"""Issues that the preview of a rule shows at once: as many as an officer looks through, and as one page holds."""

SHOWN: tuple[Shown, ...] = get_args(Shown)
Grouping = Literal["rule", "subject", "severity", "none"]
GROUPINGS: Mapping[Grouping, str] = {
    "rule": mark("rule"),
    "subject": mark("player"),
    "severity": mark("severity"),
    "none": mark("nothing"),
}
"""How findings can be grouped, in words."""

_SEVEREST_FIRST = (Severity.ERROR, Severity.WARNING, Severity.INFO)
_Anything = Literal[""]
"""What a form sends where nothing was selected."""

_SELECTED = FormReader[SelectedIssues](SelectedIssues)

router = APIRouter(
    prefix="/admin", dependencies=[Depends(viewer_of)], include_in_schema=False, max_body_size=LARGEST_BODY
)


@dataclass(frozen=True, slots=True)
class QualityView(View):
    """Which part of the page is shown."""

    home = HOME
    state: Shown = "open"
    rule: str = ""
    severity: Severity | _Anything = ""
    text: str = ""
    group: Grouping = "rule"
    days: TrendDays = 30
    page: int = 1

    @property
    def is_filtered(self) -> bool:
        """Whether some findings of the state are not shown."""
        return bool(self.rule or self.severity or self.text)

    def all_href(self) -> str:
        """Return the address of the preview of all findings that the filter lets through."""
        return f"{self.home}/preview/all?{self.href(page=1).partition('?')[2]}"


def _view(
    guild: GuildDep,
    state: Annotated[Shown, Query()] = "open",
    rule: Annotated[str, Query()] = "",
    severity: Annotated[Severity | _Anything, Query()] = "",
    text: TextQuery = "",
    group: Annotated[Grouping, Query()] = "rule",
    days: TrendQuery = 30,
    page: PageQuery = 1,
) -> QualityView:
    return QualityView(guild or 0, state, rule, severity, text.strip(), group, days, page)


@dataclass(frozen=True, slots=True)
class Group:
    """Some findings of a page that belong together; `href` leads to their subject."""

    key: str
    name: str
    issues: Sequence[Issue]
    issue_type: str | None = None
    href: str | None = None


def _grouped(found: Sequence[Issue], view: QualityView, subjects: Mapping[int, Subject]) -> list[Group]:
    """Put the findings of a page into groups; within each they stay in their order."""
    match view.group:
        case "rule":
            groups = [
                Group(each, _rule_name(each), [issue for issue in found if issue.issue_type == each], each)
                for each in dict.fromkeys([*RULES, *(issue.issue_type for issue in found)])
            ]
        case "subject":
            groups = _by_subject(found, subjects, view.guild)
        case "severity":
            groups = [
                Group(each, each, [issue for issue in found if issue.severity == each]) for each in _SEVEREST_FIRST
            ]
        case "none":
            groups = [Group("all", tr("All, newest first"), found)]
    return [group for group in groups if group.issues]


def _by_subject(found: Sequence[Issue], subjects: Mapping[int, Subject], guild: int) -> list[Group]:
    places = {"player": PEOPLE.href, "character": f"{PEOPLE.href}/characters"}
    members: dict[Subject, list[Issue]] = {}
    for issue in found:
        members.setdefault(subjects[issue.id], []).append(issue)
    return [
        Group(
            f"{subject.kind or 'nobody'}-{subject.id or 0}",
            subject.name or tr("Deleted"),
            issues,
            href=f"{places[subject.kind]}/{subject.id}?guild={guild}" if subject.kind in places else None,
        )
        for subject, issues in members.items()
    ]


def _rule_name(issue_type: str) -> str:
    return RULES[issue_type].name if issue_type in RULES else issue_type


@router.get("")
@router.get("/")
async def home() -> Response:
    return RedirectResponse(INBOX.href, 303)


@router.get("/data-quality")
async def data_quality(visit: VisitDep, wanted: Annotated[QualityView, Depends(_view)]) -> Response:
    """Show how healthy the data is, the rules with their counts, and the findings.

    The number of statements depends on the view alone.
    """
    async with visit.snapshot() as known:
        if not known:
            return visit.page("data_quality", guild=None)
        here, guild = await visit.narrow(known)
        chosen = finding_filter(wanted.state, wanted.rule, wanted.severity or None, wanted.text)
        by_person = wanted.group == "subject"
        found = await findings.findings_page(here, chosen, number=wanted.page, quiet_last=by_person)
        view = replace(wanted, guild=guild.id, page=found.number)
        return visit.page(
            "data_quality",
            guild=guild,
            guilds=known,
            view=view,
            rules=await findings.rule_overviews(here),
            frequency=words.frequency,
            fix_record=words.fix_record,
            work=await worker_jobs.under_way(here),
            losses=await activity.loss_sentences(here),
            match=await _first_match(visit, here),
            **await _health(here, view),
            **await _findings(here, view, found),
        )


async def _first_match(visit: Visit, guild: GuildConnection) -> dict[str, int] | None:
    """What the full match would do, until one was made; None where it would link nothing."""
    if await was_matched(guild):
        return None
    counts = (await preview_matching(visit.services.pool, guild_id=guild.id)).counts
    return counts if counts["characters_linked"] or counts["players_created"] else None


async def _health(guild: GuildConnection, view: QualityView) -> dict[str, Any]:
    found = await health.health(guild)
    trends = await health.trends(guild, view.days)
    return {
        "health": found,
        "verdict": words.verdict(found, trends),
        "shares": [_share("characters", found.characters), _share("members", found.members)],
        "trends": {rule.issue_type: _trend(rule, len(trends.days) - 1) for rule in trends.rules},
        "total": trends.total[-1],
        "trend_days": get_args(TrendDays),
        "sources": [
            (tr(words.DATA_SOURCES[age.source]), age, words.expectation(age), words.remedy(age))
            for age in found.sources
        ],
        "pipelines": {age.source: FRESHNESS[age.source].pipeline for age in found.sources},
    }


async def _findings(guild: GuildConnection, view: QualityView, found: FindingsPage) -> dict[str, Any]:
    ids = [issue.id for issue in found.items]
    subjects = await findings.subjects(guild, ids) if view.group == "subject" else {}
    return {
        "findings": found,
        "groups": _grouped(found.items, view, subjects),
        "states": SHOWN,
        "severities": tuple(Severity),
        "groupings": words.translated(GROUPINGS),
        "rule_names": {rule.issue_type: rule.name for rule in RULES.values()},
        "fixable": {rule.issue_type for rule in RULES.values() if rule.is_fixable},
    }


def _share(kind: str, share: Share) -> dict[str, Any]:
    parts = [("healthy", share.healthy), ("troubled", share.troubled), ("unlinked", share.unlinked)]
    return {"kind": kind, "share": share, "bar": bar(parts), "not_counted": words.not_counted(kind, share)}


def _trend(rule: RuleTrend, days: int) -> dict[str, Any]:
    if days:
        title = tr_n(
            "Open issues of “{rule}” over {n} day", "Open issues of “{rule}” over {n} days", days, rule=rule.name
        )
    else:
        title = tr("Open issues of “{rule}” today", rule=rule.name)
    return {
        "chart": line_chart(rule.open, title),
        "change": words.compared(rule.open, days) or tr("first counted today"),
    }


@router.get("/data-quality/rules/{issue_type}/preview")
async def preview(visit: VisitDep, issue_type: IssueType) -> Response:
    """Show what fixing all open issues of a rule would do, before anything is done."""
    rule = rule_named(issue_type)
    async with visit.reading() as (here, guild, _):
        work = await worker_jobs.under_way(here)
        known = await lifecycle.open_of_rule(here, rule.issue_type)
        planning = await mitigations.preview_all(visit.services.pool, rule.issue_type, guild_id=guild.id)
    keys = planning.keys
    return visit.page(
        "preview",
        guild=guild,
        rule=rule,
        planning=planning,
        shown=dict(list(keys.items())[:PREVIEWED]),
        total=len(keys),
        most=PREVIEWED,
        work=work,
        summaries={issue.id: issue.summary for issue in known},
        label=tr("Fix All") if rule.auto_mitigate else tr("Attempt Fix"),
        home=QualityView(guild.id).href(),
        back=f"{HOME}/rules/{rule.issue_type}/preview?guild={guild.id}",
    )


@router.post("/data-quality/preview", dependencies=[Depends(officer_of)])
async def select(visit: VisitDep) -> Response:
    """Lead to the preview of the ticked rows; nothing else of the form gets into an address."""
    pairs = await pairs_of(visit.request)
    shown = [(name, value) for name, value in pairs if name == "back" or name.startswith("seen")]
    query = urlencode([*shown, *([("guild", visit.guild_id)] if visit.guild_id else [])])
    return RedirectResponse(f"{HOME}/preview?{query}", 303)


@router.get("/data-quality/preview")
async def preview_selected(visit: VisitDep, back: Annotated[str, Query()] = "") -> Response:
    """Show what fixing the selected issues would do, row by row, before anything is done."""
    back = way_back(back)
    try:
        selected = _SELECTED.read(visit.request.query_params.multi_items())
    except BadInput as error:
        return visit.leads_back(back, error)
    return await _preview(visit, selected, back)


@router.get("/data-quality/preview/all")
async def preview_filtered(visit: VisitDep, wanted: Annotated[QualityView, Depends(_view)]) -> Response:
    """Show what acting on all findings of a filter would do, those beyond the page too: as many as one job takes."""
    chosen = finding_filter(wanted.state, wanted.rule, wanted.severity or None, wanted.text)
    async with visit.reading() as (here, guild, _):
        found = await findings.findings_page(here, chosen, page_size=MOST_SELECTED)
    back = replace(wanted, guild=guild.id, page=1).href()
    try:
        selected = SelectedIssues(seen={each.id: each.key for each in found.items})
    except BadInput as error:
        return visit.leads_back(back, error)
    return await _preview(visit, selected, back, state=wanted.state, total=found.total)


async def _preview(
    visit: Visit, selected: SelectedIssues, back: str, *, state: Shown | None = None, total: int = 0
) -> Response:
    """Show what can be done with these issues; `state` is theirs where they are all that a filter finds."""
    async with visit.reading() as (here, guild, _):
        work = await worker_jobs.under_way(here)
        planned = (await api.preview_selected(visit.services, selected, guild.id)).issues
    return visit.page(
        "preview_selected",
        guild=guild,
        groups=_by_rule(planned),
        count=len(planned),
        shown={each.issue_id: each.key for each in planned if each.key is not None},
        selected=selected.seen,
        state=state,
        total=max(total, len(planned)),
        work=work,
        back=back,
    )


def _by_rule(planned: Sequence[PlannedIssue]) -> list[tuple[str, str, list[PlannedIssue]]]:
    """Planned issues by rule, rules in the registry's order."""
    places = {issue_type: place for place, issue_type in enumerate(RULES)}
    ordered = sorted(planned, key=lambda each: (places.get(each.issue_type, len(places)), each.issue_type))
    return [
        (issue_type, _rule_name(issue_type), list(group))
        for issue_type, group in groupby(ordered, key=lambda each: each.issue_type)
    ]
