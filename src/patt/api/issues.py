"""The API of issues: scan, fix all of a rule or the selected ones, preview that, list what there is, and how healthy the data is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Annotated, Literal, NamedTuple

from fastapi import Query
from pydantic import BeforeValidator, Field

from patt.api.routing import FOR_OFFICERS, ReadingDep, officer_router
from patt.web.context import GuildDep, IssueType, OfficerDep, PageQuery, ServicesDep
from patt.worker.jobs import SelectedIssues
from sv_common.guild_sync import mitigations
from sv_common.guild_sync.core.kept_texts import DECISION
from sv_common.guild_sync.core.language import day, mark, tr, tr_n
from sv_common.guild_sync.core.paging import Page
from sv_common.guild_sync.core.undo_offer import UndoOffer, undo_of_events
from sv_common.guild_sync.engine.planning import NO_PLAN, Planning
from sv_common.guild_sync.engine.results import FixOutcome, FixReport
from sv_common.guild_sync.insights import findings
from sv_common.guild_sync.insights import health as insight
from sv_common.guild_sync.insights.findings import Dismissal, FindingFilter, FindingsPage, RuleOverview
from sv_common.guild_sync.insights.health import Health, Trends
from sv_common.guild_sync.integrity_checker import run_integrity_check
from sv_common.guild_sync.issues import lifecycle
from sv_common.guild_sync.issues.model import Issue, IssueState, Severity
from sv_common.guild_sync.issues.reports import CheckReport
from sv_common.guild_sync.roster import guilds
from sv_common.guild_sync.rules import rule_named

Shown = Literal["open", "dismissed", "resolved", "all"]
"""Which issues to list."""

GONE_REASON = mark("Already resolved; it will be closed.")
LONGEST_SEARCH = 100
"""Letters that a search may have."""

TextQuery = Annotated[
    str,
    Query(
        max_length=LONGEST_SEARCH,
        pattern=r"^[^\x00]*$",
        description="Words of the summary, name, note or player. Accents and case do not count.",
        examples=["newalt"],
    ),
]
SortQuery = Annotated[
    Literal["newest", "quiet_last"],
    Query(
        description="`quiet_last`: a stale character whose player is active on another one comes after the rest.",
        examples=["newest"],
    ),
]
IdleQuery = Annotated[
    bool, Query(description="Only dismissals that no longer hide anything. End them with `reopen`.", examples=[True])
]

Reason = Annotated[
    str,
    Field(max_length=500, description="Why, for the next officer who reads it.", examples=["Asked him on Discord."]),
]
router = officer_router("data-quality", "data quality")


Outlook = Literal["ready", "refused", "waiting", "nothing_to_do", "no_longer_found"]


@dataclass(frozen=True, slots=True)
class PlannedIssue:
    """What fixing one issue would do now."""

    issue_id: int
    issue_type: str
    summary: Annotated[str, Field(examples=["'Newalt' has no player link"])]
    outcome: Annotated[Outlook, Field(examples=["ready"])]
    reason: str
    steps: Sequence[str] = ()
    key: Annotated[
        str | None,
        Field(
            description="Send it back as `seen` of the selected issues, so that exactly this is done. Null if not fixed."
        ),
    ] = None


@dataclass(frozen=True, slots=True)
class FixesPreview:
    """What fixing issues would do now. Nothing was changed."""

    guild_id: int
    issues: Sequence[PlannedIssue]


@router.post("/scan", summary="Run all detection rules now")
async def scan(services: ServicesDep, officer: OfficerDep, guild: GuildDep) -> CheckReport:
    """Scan with every rule; nothing is fixed. Without a guild, every guild is scanned."""
    return await run_integrity_check(services.pool, guild_id=guild, actor=officer.actor)


@router.post("/scan/{issue_type}", summary="Run one rule's detection now")
async def scan_rule(services: ServicesDep, officer: OfficerDep, guild: GuildDep, issue_type: IssueType) -> CheckReport:
    """Scan with one rule; nothing is fixed. Without a guild, every guild is scanned."""
    return await run_integrity_check(services.pool, guild_id=guild, issue_types=[issue_type], actor=officer.actor)


@router.post("/fix-all/{issue_type}", summary="Fix all open issues of a rule")
async def fix_all(services: ServicesDep, officer: OfficerDep, guild: GuildDep, issue_type: IssueType) -> FixReport:
    """Fix what evidence decides; everything else stays open with its reason. Works on one guild."""
    return await mitigations.fix_all(
        services.pool,
        issue_type,
        actor=officer.actor,
        guild_id=await guilds.resolve_guild(services.pool, guild),
        discord_bot=services.sources.discord,
    )


@router.get("/rules", summary="All rules with their counts")
async def rules(
    here: ReadingDep,
    ever: Annotated[
        bool, Query(description="Also count all time, which reads the whole history.", examples=[True])
    ] = False,
) -> list[RuleOverview]:
    """Every rule of the registry, in its order, as the guild has set it."""
    return await (findings.rule_records if ever else findings.rule_overviews)(here)


@router.get("/rules/{issue_type}/preview", summary="Preview fixing all issues of a rule")
async def preview(services: ServicesDep, here: ReadingDep, issue_type: IssueType) -> FixesPreview:
    """The plans that `fix-all` would apply now; nothing is changed."""
    planning = await mitigations.preview_all(services.pool, issue_type, guild_id=here.id)
    return FixesPreview(here.id, planned(planning, await lifecycle.open_of_rule(here, issue_type)))


@router.get("/issues", summary="Issues, 50 a page, newest first")
async def issues(
    here: ReadingDep,
    rule: Annotated[str | None, Query(description="Only issues of this rule.", examples=["orphan_wow"])] = None,
    state: Annotated[Shown, Query(description="Which issues.", examples=["open"])] = "open",
    severity: Annotated[
        Severity | None, Query(description="Only issues of this severity.", examples=["warning"])
    ] = None,
    text: TextQuery = "",
    sort: SortQuery = "newest",
    page: PageQuery = 1,
) -> FindingsPage:
    """A page beyond the last one gives the last one."""
    chosen = finding_filter(state, rule, severity, text)
    return await findings.findings_page(here, chosen, number=page, quiet_last=sort == "quiet_last")


@router.get("/dismissals", summary="Dismissals, 50 a page, newest first")
async def dismissals(here: ReadingDep, idle: IdleQuery = False, page: PageQuery = 1) -> Page[Dismissal]:
    """All dismissed issues, resolved ones too. A page beyond the last one gives the last one."""
    return await findings.dismissals(here, only_idle=idle, number=page)


def end_of_dismissal(until: date | None) -> datetime | None:
    """Return the moment on which a dismissal ends: the beginning of the day, in UTC."""
    return datetime.combine(until, time(), UTC) if until is not None else None


def finding_filter(
    shown: Shown, issue_type: str | None = None, severity: Severity | None = None, text: str | None = None
) -> FindingFilter:
    """Return the filter that is asked for; what is empty filters nothing. Raises `NotFound` for an unknown rule."""
    state = None if shown == "all" else IssueState(shown)
    rule = rule_named(issue_type).issue_type if issue_type else None
    words = (text or "").strip()
    return FindingFilter(state, rule, severity or None, words or None)


def planned(planning: Planning, issues: Sequence[Issue]) -> list[PlannedIssue]:
    """Return what would become of each of these issues, those first that would be fixed."""
    known = {issue.id: issue for issue in issues}
    found = [_planned(fix.issue, "ready", fix.plan.reason, fix.sentences, fix.plan.key) for fix in planning.ready]
    found += [_planned(each, "no_longer_found", tr(GONE_REASON), key=NO_PLAN) for each in planning.gone]
    for each in planning.settled:
        found.append(_planned(known[each.issue_id], _SETTLED.get(each.outcome, "refused"), each.reason))
    return found


_SETTLED: Mapping[FixOutcome, Outlook] = {
    FixOutcome.WAITING: "waiting",
    FixOutcome.NOTHING_TO_DO: "nothing_to_do",
}


def _planned(
    issue: Issue, outcome: Outlook, reason: str, steps: Sequence[str] = (), key: str | None = None
) -> PlannedIssue:
    return PlannedIssue(issue.id, issue.issue_type, issue.summary, outcome, reason, steps, key)


_CHANGED = mark("It has changed since you opened it. Check it again.")
_RESOLVED = mark("It is already resolved.")
_NOT_DISMISSED = mark("It is not dismissed.")


@dataclass(frozen=True, slots=True, kw_only=True)
class DismissSelected(SelectedIssues):
    """Issues to dismiss, why, and until when; `seen` holds their keys as they were listed."""

    reason: Reason
    until: Annotated[date | None, Field(description="The day (UTC) on which they reopen. None: never.")] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReopenSelected(SelectedIssues):
    """Issues whose dismissal ends, and why; `seen` holds their keys as they were listed."""

    reason: Annotated[str, Field(max_length=500)] = DECISION


@dataclass(frozen=True, slots=True)
class MovedIssue:
    """What became of one selected issue."""

    issue_id: int
    issue_type: str
    outcome: Literal["dismissed", "reopened", "left_alone"]
    reason: Annotated[str, Field(description="Why it was skipped, or what was done.")]


@dataclass(frozen=True, slots=True)
class MovedIssues:
    """The outcome of dismissing or reopening the selected issues, in the order requested."""

    sentence: str
    guild_id: int
    found: Annotated[int, Field(description="How many issues were selected.")]
    moved: int
    left_alone: int
    issues: Sequence[MovedIssue]
    undo: Annotated[UndoOffer | None, Field(description="How to undo it for all of them at once; null for none.")]


@router.post("/issues/fix", summary="Fix the selected issues")
async def fix_selected(
    services: ServicesDep, officer: OfficerDep, body: SelectedIssues, guild: GuildDep = None
) -> FixReport:
    """Fix what evidence decides, rule by rule; everything else stays open with its reason. Works on one guild."""
    return await mitigations.fix_selected(
        services.pool,
        body.issue_ids,
        actor=officer.actor,
        guild_id=await guilds.resolve_guild(services.pool, guild),
        discord_bot=services.sources.discord,
        seen=body.seen,
    )


@router.post("/issues/fix/preview", summary="Preview fixing the selected issues", dependencies=FOR_OFFICERS)
async def preview_selected(services: ServicesDep, body: SelectedIssues, guild: GuildDep = None) -> FixesPreview:
    """The plans that fixing them would apply now; nothing is changed."""
    number = await guilds.resolve_guild(services.pool, guild)
    async with services.pool.reading(number) as here:
        chosen = await lifecycle.get_all(here, body.issue_ids)
        plannings = await mitigations.preview_selected(services.pool, body.issue_ids, guild_id=number)
    found = {each.issue_id: each for planning in plannings.values() for each in planned(planning, chosen)}
    return FixesPreview(number, [found[each.id] for each in chosen])


@router.post("/issues/dismiss", summary="Dismiss the selected issues")
async def dismiss_selected(
    services: ServicesDep, officer: OfficerDep, body: DismissSelected, guild: GuildDep = None
) -> MovedIssues:
    """For ever or until a day; resolved ones are left alone. Works on one guild, all at once."""
    number, end = await guilds.resolve_guild(services.pool, guild), end_of_dismissal(body.until)
    async with services.pool.writing(number) as here:
        chosen = await lifecycle.get_all(here, body.issue_ids)
        resolved = {issue.id: tr(_RESOLVED) for issue in chosen if issue.state is IssueState.RESOLVED}
        left = _changed(chosen, body.seen) | resolved
        moved = [issue.id for issue in chosen if issue.id not in left]
        await lifecycle.dismiss_many(here, moved, actor=officer.actor, reason=body.reason, until=end)
        undo = undo_of_events(await lifecycle.last_words(here, moved))
    return _moved(number, chosen, left, _dismissed(len(chosen) - len(left), body.until), undo)


@router.post("/issues/reopen", summary="Reopen the selected issues")
async def reopen_selected(
    services: ServicesDep, officer: OfficerDep, body: ReopenSelected, guild: GuildDep = None
) -> MovedIssues:
    """End their dismissals, also of resolved issues; those that are not dismissed are left alone. All at once."""
    number = await guilds.resolve_guild(services.pool, guild)
    async with services.pool.writing(number) as here:
        chosen = await lifecycle.get_all(here, body.issue_ids)
        open_ones = {issue.id: tr(_NOT_DISMISSED) for issue in chosen if issue.dismissed_at is None}
        left = _changed(chosen, body.seen) | open_ones
        moved = [issue.id for issue in chosen if issue.id not in left]
        await lifecycle.reopen_many(here, moved, actor=officer.actor, reason=body.reason)
        undo = undo_of_events(await lifecycle.last_words(here, moved))
    resolved = all(issue.state is IssueState.RESOLVED for issue in chosen if issue.id not in left)
    return _moved(number, chosen, left, _reopened(len(moved), is_resolved=resolved), undo)


def _changed(chosen: Sequence[Issue], seen: Mapping[int, str]) -> dict[int, str]:
    """Which of the issues have changed since they were seen, with the sentence that says so."""
    return {issue.id: tr(_CHANGED) for issue in chosen if seen.get(issue.id, issue.key) != issue.key}


class _Done(NamedTuple):
    """What was done with the selected issues: for programs, of each issue, and of all of them."""

    outcome: Literal["dismissed", "reopened"]
    of_one: str
    of_all: str


def _dismissed(count: int, until: date | None) -> _Done:
    if until is None:
        all_of_them = tr_n("{n} issue is dismissed.", "{n} issues are dismissed.", count)
        return _Done("dismissed", tr("It is dismissed."), all_of_them)
    end = day(until)
    all_of_them = tr_n("{n} issue is dismissed until {day}.", "{n} issues are dismissed until {day}.", count, day=end)
    return _Done("dismissed", tr("It is dismissed until {day}.", day=end), all_of_them)


def _reopened(count: int, *, is_resolved: bool) -> _Done:
    if is_resolved:
        all_of_them = tr_n("{n} issue is no longer dismissed.", "{n} issues are no longer dismissed.", count)
        return _Done("reopened", tr("It is no longer dismissed."), all_of_them)
    return _Done("reopened", tr("It is reopened."), tr_n("{n} issue is reopened.", "{n} issues are reopened.", count))


def _moved(
    guild_id: int, chosen: Sequence[Issue], left: Mapping[int, str], done: _Done, undo: UndoOffer | None
) -> MovedIssues:
    told = []
    for issue in chosen:
        result = "left_alone" if issue.id in left else done.outcome
        told.append(MovedIssue(issue.id, issue.issue_type, result, left.get(issue.id, done.of_one)))
    sentences = [done.of_all]
    for reason, count in Counter(left.values()).items():
        sentences.append(tr_n("{n} skipped: {reason}", "{n} skipped: {reason}", count, reason=reason))
    moved = len(chosen) - len(left)
    return MovedIssues(" ".join(sentences), guild_id, len(chosen), moved, len(left), told, undo)


TrendQuery = Annotated[insight.TrendDays, BeforeValidator(int), Query(description="How many days back.")]


@router.get("/health", summary="How healthy the guild's data is")
async def health(here: ReadingDep) -> Health:
    """Who is linked and consistent, what was fixed automatically this week, and how old each source's data is."""
    return await insight.health(here)


@router.get("/trends", summary="How many issues were open on each of the last days")
async def trends(here: ReadingDep, days: TrendQuery = 30) -> Trends:
    """One number for each rule and day, for the end of the day (UTC); the last one is how many are open now."""
    return await insight.trends(here, days)
