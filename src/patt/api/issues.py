"""The API of issues: scan, fix all of a rule, preview that, and list what there is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

from fastapi import Query
from pydantic import Field

from patt.api.routing import officer_router, the_guild
from patt.web.context import GuildDep, IssueType, OfficerDep, PageQuery, ServicesDep
from sv_common.guild_sync import mitigations
from sv_common.guild_sync.core.paging import Page
from sv_common.guild_sync.engine.planning import NO_PLAN, Planning
from sv_common.guild_sync.engine.results import FixOutcome, FixReport
from sv_common.guild_sync.insights import findings
from sv_common.guild_sync.insights.findings import Dismissal, FindingFilter, FindingsPage, RuleOverview
from sv_common.guild_sync.integrity_checker import run_integrity_check
from sv_common.guild_sync.issues.lifecycle import open_of_rule
from sv_common.guild_sync.issues.model import Issue, IssueState, Severity
from sv_common.guild_sync.issues.reports import CheckReport
from sv_common.guild_sync.roster import guilds
from sv_common.guild_sync.rules import rule_named

Shown = Literal["open", "dismissed", "resolved", "all"]
"""Which issues to list."""

GONE_REASON = "No longer found; it will be closed."
LONGEST_SEARCH = 100
"""Letters that a search may have."""

TextQuery = Annotated[
    str,
    Query(
        max_length=LONGEST_SEARCH,
        pattern=r"^[^\x00]*$",
        description="Words that the summary holds, with or without accents, in upper or lower case.",
        examples=["newalt"],
    ),
]
IdleQuery = Annotated[
    bool, Query(description="Only dismissals that hide nothing any more. End them with `reopen`.", examples=[True])
]

router = officer_router("data-quality", "data quality")


@dataclass(frozen=True, slots=True)
class PlannedIssue:
    """What fixing one issue would do now."""

    issue_id: int
    issue_type: str
    summary: Annotated[str, Field(examples=["'Newalt' has no player link"])]
    outcome: Annotated[
        Literal["ready", "refused", "waiting", "nothing_to_do", "no_longer_found"], Field(examples=["ready"])
    ]
    reason: str
    steps: Sequence[str] = ()
    key: Annotated[
        str | None,
        Field(
            description="What to send back as `seen` of chosen issues, so that nothing else is done; null where it is left."
        ),
    ] = None


@dataclass(frozen=True, slots=True)
class FixesPreview:
    """What fixing issues would do now. Nothing was changed."""

    guild_id: int
    issues: Sequence[PlannedIssue]


@router.post("/scan", summary="Run all detection rules now")
async def scan(services: ServicesDep, officer: OfficerDep, guild: GuildDep) -> CheckReport:
    """Look for issues by every rule; nothing is fixed. Without a guild, every guild is looked at."""
    return await run_integrity_check(services.pool, guild_id=guild, actor=officer.actor)


@router.post("/scan/{issue_type}", summary="Run one rule's detection now")
async def scan_rule(services: ServicesDep, officer: OfficerDep, guild: GuildDep, issue_type: IssueType) -> CheckReport:
    """Look for issues by one rule; nothing is fixed. Without a guild, every guild is looked at."""
    return await run_integrity_check(services.pool, guild_id=guild, issue_types=[issue_type], actor=officer.actor)


@router.post("/fix-all/{issue_type}", summary="Fix all open issues of a rule")
async def fix_all(services: ServicesDep, officer: OfficerDep, guild: GuildDep, issue_type: IssueType) -> FixReport:
    """Fix what evidence decides; everything else stays open with its reason. Works on one guild."""
    return await mitigations.fix_all(
        services.pool,
        issue_type,
        actor=officer.actor,
        guild_id=(await the_guild(services, guild)).id,
        discord_bot=services.sources.discord,
    )


@router.get("/rules", summary="All rules with their counts")
async def rules(
    services: ServicesDep,
    guild: GuildDep,
    ever: Annotated[
        bool, Query(description="Also count since the beginning; the whole history is read for that.", examples=[True])
    ] = False,
) -> list[RuleOverview]:
    """Every rule of the registry, in its order, as the guild has set it."""
    read = findings.rule_records if ever else findings.rule_overviews
    async with services.pool.snapshot() as conn:
        return await read(conn, (await guilds.the_only(conn, guild)).id)


@router.get("/rules/{issue_type}/preview", summary="What fixing all issues of a rule would do")
async def preview(services: ServicesDep, guild: GuildDep, issue_type: IssueType) -> FixesPreview:
    """The plans that `fix-all` would apply now; nothing is changed."""
    async with services.pool.snapshot() as conn:
        number = (await guilds.the_only(conn, guild)).id
        planning = await mitigations.preview_all(services.pool, issue_type, guild_id=number)
        return FixesPreview(number, planned(planning, await open_of_rule(conn, number, issue_type)))


@router.get("/issues", summary="Issues, 50 a page, newest first")
async def issues(
    services: ServicesDep,
    guild: GuildDep,
    rule: Annotated[str | None, Query(description="Only issues of this rule.", examples=["orphan_wow"])] = None,
    state: Annotated[Shown, Query(description="Which issues.", examples=["open"])] = "open",
    severity: Annotated[
        Severity | None, Query(description="Only issues of this severity.", examples=["warning"])
    ] = None,
    text: TextQuery = "",
    page: PageQuery = 1,
) -> FindingsPage:
    """A page beyond the last one gives the last one."""
    chosen = finding_filter(state, rule, severity, text)
    async with services.pool.snapshot() as conn:
        return await findings.findings_page(conn, (await guilds.the_only(conn, guild)).id, chosen, number=page)


@router.get("/dismissals", summary="Dismissals, 50 a page, newest first")
async def dismissals(
    services: ServicesDep, guild: GuildDep, idle: IdleQuery = False, page: PageQuery = 1
) -> Page[Dismissal]:
    """All that was set aside, also of issues that are resolved. A page beyond the last one gives the last one."""
    async with services.pool.snapshot() as conn:
        number = (await guilds.the_only(conn, guild)).id
        return await findings.dismissals(conn, number, only_idle=idle, number=page)


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
    summaries = {issue.id: issue.summary for issue in issues}
    ready = [
        PlannedIssue(
            fix.issue.id,
            fix.issue.issue_type,
            fix.issue.summary,
            "ready",
            fix.plan.reason,
            fix.sentences,
            fix.plan.key,
        )
        for fix in planning.ready
    ]
    gone = [
        PlannedIssue(each.id, each.issue_type, each.summary, "no_longer_found", GONE_REASON, key=NO_PLAN)
        for each in planning.gone
    ]
    settled = [
        PlannedIssue(each.issue_id, each.issue_type, summaries[each.issue_id], _settled(each.outcome), each.reason)
        for each in planning.settled
    ]
    return [*ready, *gone, *settled]


def _settled(outcome: FixOutcome) -> Literal["refused", "waiting", "nothing_to_do"]:
    match outcome:
        case FixOutcome.WAITING:
            return "waiting"
        case FixOutcome.NOTHING_TO_DO:
            return "nothing_to_do"
        case _:
            return "refused"
