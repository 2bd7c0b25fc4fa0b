"""One issue for an officer who sees it for the first time: why it is there, who could be meant, what a fix would do.

Everything comes from the current data, in a number of statements that depends on nothing but the rule.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from sv_common.db.pool import GuildConnection, Pool
from sv_common.db.sql import load_sql
from sv_common.guild_sync.changes import attempts
from sv_common.guild_sync.changes.changeset import Changeset
from sv_common.guild_sync.changes.describe import Effect, describe
from sv_common.guild_sync.core.errors import PattError
from sv_common.guild_sync.core.language import tr
from sv_common.guild_sync.engine.command import Command
from sv_common.guild_sync.engine.planning import Planning, plan_fixes, why_not_repeated
from sv_common.guild_sync.engine.results import FixOutcome
from sv_common.guild_sync.identity.known import resolver_of
from sv_common.guild_sync.issues import lifecycle
from sv_common.guild_sync.issues.explanation import Explanation, WeighedCandidate
from sv_common.guild_sync.issues.history import Move, Seen, moves
from sv_common.guild_sync.issues.model import Finding, Issue, IssueState, SubjectKind
from sv_common.guild_sync.rulebook.explain import (
    Known,
    LinkFact,
    RejectionFact,
    SharedFact,
    UnlinkFact,
    changes_since_scan,
)
from sv_common.guild_sync.rulebook.rule import RuleDefinition
from sv_common.guild_sync.rules import RULES

SQL = load_sql(__package__, "issue.sql")
_CLICK = Command("preview")
READY, GONE = "ready", "no_longer_found"

_ASKING = [rule for rule in RULES.values() if rule.candidates is not None]
ABOUT_AN_OWNER = frozenset(rule.issue_type for rule in _ASKING if rule.subject is SubjectKind.CHARACTER)
"""Rules that ask whose a character is."""
ABOUT_A_MEMBER = frozenset(rule.issue_type for rule in _ASKING if rule.subject is SubjectKind.DISCORD_MEMBER)
"""Rules that ask who a Discord member is."""
ABOUT_A_PLAYER = frozenset(rule.issue_type for rule in _ASKING if rule.subject is SubjectKind.PLAYER)
"""Rules that ask who a player is on Discord."""


@dataclass(frozen=True, slots=True)
class FixPreview:
    """What fixing the issue would do now. `outcome` is `READY`, `GONE`, or why not.

    `waits` says why automation leaves it to an officer, `remedy` what an officer can do where there is no fix.
    """

    outcome: str
    reason: str
    plan: Changeset | None = None
    effects: Sequence[Effect] = ()
    waits: str | None = None
    remedy: str | None = None


@dataclass(frozen=True, slots=True)
class IssueDetails:
    """An issue as an officer needs it to decide. `explanation` is None for a rule that is no longer there, or explains nothing.

    `is_found`: the rule finds it now; None where it cannot tell, and `doubt` says why. `changed` says what is otherwise
    than when a scan last looked. `seen` is what a command sends back, so that it is refused once this has changed.
    """

    issue: Issue
    history: Sequence[Move]
    seen: Seen
    explanation: Explanation | None = None
    is_found: bool | None = None
    doubt: str | None = None
    changed: Sequence[str] = ()
    candidates: Sequence[WeighedCandidate] = ()
    fix: FixPreview | None = None


@dataclass(frozen=True, slots=True)
class _Look:
    """What the rule finds now: its finding, if there is one, or why it cannot tell."""

    finding: Finding | None = None
    planning: Planning | None = None
    doubt: str | None = None


async def issue_details(pool: Pool, issue_id: int, *, guild_id: int | None = None) -> IssueDetails:
    """Return one issue with all that helps to decide about it. Raises `NotFound`."""
    async with pool.reading(await lifecycle.guild_of(pool, issue_id, guild_id)) as guild:
        issue = await lifecycle.get(guild, issue_id)
        history = await moves(guild, issue.id)
        newest = history[-1].id if history else 0
        rule = RULES.get(issue.issue_type)
        if rule is None:
            return IssueDetails(issue, history, Seen(newest))
        look = await _look(guild, rule, issue)
        known = await known_about(guild, issue)
        fix = await _fix(guild, rule, issue, look, known)
    plan = fix.plan if fix is not None and fix.outcome == READY else None
    kind, number = issue.subject
    finding = look.finding or Finding(issue.issue_type, issue.guild_id, kind, number, issue.summary, issue.details)
    is_over = issue.state is IssueState.RESOLVED and look.finding is None
    return IssueDetails(
        issue,
        history,
        Seen(newest, plan.key if plan is not None else None),
        explanation=rule.explain(known, finding) if rule.explain else None,
        is_found=None if look.doubt else look.finding is not None,
        doubt=look.doubt,
        changed=changes_since_scan(issue.details, look.finding.details) if look.finding else (),
        candidates=rule.candidates(known, number, plan) if rule.candidates and not is_over else (),
        fix=fix,
    )


async def _look(guild: GuildConnection, rule: RuleDefinition, issue: Issue) -> _Look:
    """Call the rule as a fix would; a rule may refuse to tell."""
    try:
        found = await rule.findings(guild)
        finding = next((each for each in found if each.issue_hash == issue.issue_hash), None)
        planning = None
        if issue.state is not IssueState.RESOLVED:
            planning = await plan_fixes(guild, rule, [issue], _CLICK)
    except PattError as refusal:
        return _Look(doubt=str(refusal))
    return _Look(finding, planning)


async def _fix(
    guild: GuildConnection, rule: RuleDefinition, issue: Issue, look: _Look, known: Known
) -> FixPreview | None:
    """What a fix would do; None for an issue that is resolved."""
    if look.doubt is not None and issue.state is not IssueState.RESOLVED:
        return FixPreview(FixOutcome.REFUSED, look.doubt)
    if look.planning is None:
        return None
    if look.planning.gone:
        return FixPreview(GONE, tr("No longer found; it will be closed."))
    if look.planning.settled:
        settled = look.planning.settled[0]
        remedy = rule.remedy(known, issue.subject[1]) if rule.remedy is not None else None
        if remedy is None:
            return FixPreview(settled.outcome, settled.reason)
        return FixPreview(settled.outcome, remedy.reason or settled.reason, remedy=remedy.advice)
    plan = look.planning.ready[0].plan
    rows = known.resolver.facts.as_known(row.by(_CLICK.author) for row in plan.rows)
    effects = describe([*rows, *plan.roles], plan.names)
    waits = plan.why_not_automatic
    for who, when in (await attempts.undone_plans(guild, [plan.key])).values():
        waits = why_not_repeated(who, when)
    return FixPreview(READY, plan.reason, plan, effects, waits)


async def known_about(guild: GuildConnection, issue: Issue) -> Known:
    """Read what an explanation of the issue may use."""
    resolver = await resolver_of(guild)
    now = datetime.now(UTC)
    if (member_id := issue.discord_member_id) is not None:
        rejections = await guild.all(RejectionFact, SQL["member_rejections"], member_id=member_id)
        return Known(resolver, now, rejections=rejections)
    if issue.wow_character_id is None:
        return Known(resolver, now)
    number = issue.wow_character_id
    return Known(
        resolver,
        now,
        rank=await guild.value(SQL["rank"], character_id=number),
        link=await guild.one(LinkFact, SQL["link"], character_id=number),
        unlinked=await guild.one(UnlinkFact, SQL["unlinked"], character_id=number),
        rejections=await guild.all(RejectionFact, SQL["rejections"], character_id=number),
        shared=await guild.one(SharedFact, SQL["shared"], character_id=number),
    )
