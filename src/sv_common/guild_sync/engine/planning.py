"""Plans for issues, made from the database as it is now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sv_common.db.pool import GuildConnection
from sv_common.guild_sync.changes import attempts
from sv_common.guild_sync.changes.changeset import CLICK_ONLY, Changeset
from sv_common.guild_sync.changes.describe import sentences
from sv_common.guild_sync.core.language import day, mark, number, tr
from sv_common.guild_sync.core.text import name_of
from sv_common.guild_sync.engine.command import Command
from sv_common.guild_sync.engine.results import FixOutcome, FixResult
from sv_common.guild_sync.issues.model import Finding, Issue, IssueState
from sv_common.guild_sync.rulebook.rule import RuleDefinition

NO_PLAN = "0"
"""What a preview gives as the key of an issue that is no longer found: it would be closed, and no plan be carried out."""

NOT_AS_SEEN = mark("The fix has changed since the preview. Preview it again.")


@dataclass(frozen=True, slots=True)
class PlannedFix:
    """An issue that is still found, and what would fix it."""

    issue: Issue
    plan: Changeset

    @property
    def sentences(self) -> list[str]:
        return sentences(self.plan)

    @property
    def is_on_discord(self) -> bool:
        """Whether it changes something on Discord, which no transaction can roll back."""
        return bool(self.plan.roles)

    @property
    def member_id(self) -> int:
        """The one member whose roles it changes."""
        return self.plan.roles[0].member_id

    def result(self, outcome: FixOutcome, reason: str, attempt_id: int | None = None) -> FixResult:
        return FixResult(self.issue.id, self.issue.issue_type, outcome, reason, self.plan, attempt_id)


@dataclass(frozen=True, slots=True)
class Planning:
    """What can be done about some issues of one rule.

    `ready` may be applied for this command; `settled` already have their result; `gone` are open in the log although the
    detector no longer finds them. `found` holds what it finds of the others, by issue.
    """

    ready: Sequence[PlannedFix]
    settled: Sequence[FixResult]
    gone: Sequence[Issue]
    found: Mapping[int, Finding] = field(default_factory=dict)

    @property
    def keys(self) -> dict[int, str]:
        """By issue, the key of what would be done about it: returned with the command, so that nothing else is done."""
        return {fix.issue.id: fix.plan.key for fix in self.ready} | {issue.id: NO_PLAN for issue in self.gone}


async def plan_fixes(
    guild: GuildConnection, rule: RuleDefinition, issues: Sequence[Issue], command: Command
) -> Planning:
    """Scan again, then plan. The issues are of one rule and one guild, and the caller holds the guild's lock."""
    settled = [nothing_to_do(issue) for issue in issues if issue.state is IssueState.RESOLVED]
    unresolved = [issue for issue in issues if issue.state is not IssueState.RESOLVED]
    if command.is_automatic:
        settled += [left_dismissed(issue) for issue in unresolved if issue.state is IssueState.DISMISSED]
        unresolved = [issue for issue in unresolved if issue.state is IssueState.OPEN]
    refusal = None
    if rule.own_function is not None:
        refusal = tr("“{rule}” uses its own fix function, which has no preview.", rule=rule.name)
    elif rule.plan is None or rule.detect is None:
        refusal = tr("“{rule}” is for information and has no fix.", rule=rule.name)
    if refusal is not None:
        settled += [FixResult(each.id, each.issue_type, FixOutcome.REFUSED, refusal) for each in unresolved]
    if rule.plan is None or refusal is not None or not unresolved:
        return Planning((), settled, ())
    found = {f.issue_hash: f for f in await rule.findings(guild, among=_subjects(unresolved))}
    current = [issue for issue in unresolved if issue.issue_hash in found]
    plans = await rule.plan(guild, [found[issue.issue_hash] for issue in current])
    planned = [PlannedFix(issue, plan) for issue, plan in zip(current, plans, strict=True)]
    barred = await _barred(guild, planned, command)
    return Planning(
        [fix for fix in planned if fix.issue.id not in barred],
        [*settled, *(fix.result(*barred[fix.issue.id]) for fix in planned if fix.issue.id in barred)],
        [issue for issue in unresolved if issue.issue_hash not in found],
        {issue.id: found[issue.issue_hash] for issue in current},
    )


def _subjects(issues: Sequence[Issue]) -> list[int] | None:
    """The numbers of their subjects; None where one of them has none."""
    numbers = [number for _, number in (issue.subject for issue in issues)]
    return None if 0 in numbers else numbers


async def _barred(
    guild: GuildConnection, planned: Sequence[PlannedFix], command: Command
) -> dict[int, tuple[FixOutcome, str]]:
    """What keeps each plan from being applied for this command, by issue."""
    refused = FixOutcome.WAITING if command.is_automatic else FixOutcome.REFUSED
    previewed = [fix for fix in planned if fix.issue.id in command.seen]
    changed = [fix.issue.id for fix in previewed if command.seen[fix.issue.id] != fix.plan.key]
    barred = dict.fromkeys(changed, (refused, tr(NOT_AS_SEEN)))
    barred |= {fix.issue.id: (refused, fix.plan.reason) for fix in planned if not fix.plan.changes}
    if command.is_bulk:
        barred |= {fix.issue.id: (refused, fix.plan.not_in_bulk) for fix in planned if fix.plan.not_in_bulk}
    if command.is_automatic:
        barred |= {fix.issue.id: (refused, why) for fix in planned if (why := fix.plan.why_not_automatic)}
        if command.only_by_account:
            barred |= {fix.issue.id: (refused, tr(CLICK_ONLY)) for fix in planned if not fix.plan.is_by_account}
        others = [fix for fix in planned if fix.issue.id not in barred]
        undone = await attempts.undone_plans(guild, [fix.plan.key for fix in others]) if others else {}
        for fix in others:
            if fix.plan.key in undone:
                actor, at = undone[fix.plan.key]
                barred[fix.issue.id] = (FixOutcome.WAITING, why_not_repeated(actor, at))
    return barred


def why_not_repeated(actor: str, at: datetime) -> str:
    """Return why automation leaves a fix alone that someone undid."""
    return tr(
        "{actor} undid this fix on {day}, so it is not repeated automatically.", actor=name_of(actor), day=day(at)
    )


def nothing_to_do(issue: Issue) -> FixResult:
    match issue.resolved_by:
        case "detection":
            reason = tr("Already resolved: a scan no longer found it. Nothing was changed.")
        case "subject gone":
            reason = tr("Already resolved: the character or member has left. Nothing was changed.")
        case actor:
            reason = tr("Already resolved by {actor}. Nothing was changed.", actor=name_of(actor or ""))
    return FixResult(issue.id, issue.issue_type, FixOutcome.NOTHING_TO_DO, reason)


def left_dismissed(issue: Issue) -> FixResult:
    reason = tr("Dismissed by {officer}, so automation skips it.", officer=name_of(issue.dismissed_by or ""))
    return FixResult(issue.id, issue.issue_type, FixOutcome.NOTHING_TO_DO, reason)


def not_of_rule(rule: RuleDefinition, issue_ids: Sequence[int], known: Sequence[Issue]) -> list[FixResult]:
    there = {issue.id for issue in known}
    reason = tr("This issue belongs to another rule than “{rule}”. Nothing was changed.", rule=rule.name)
    return [
        FixResult(issue_id, rule.issue_type, FixOutcome.NOTHING_TO_DO, reason)
        for issue_id in dict.fromkeys(issue_ids)
        if issue_id not in there
    ]


def held(issue: Issue, plan: Changeset | None, count: int, limit: int) -> FixResult:
    reason = tr(
        "{n} fixes are more than the limit of {limit} automatic fixes, so they are held for you. If they are "
        "right, Fix All applies them.",
        n=number(count),
        limit=number(limit),
    )
    return FixResult(issue.id, issue.issue_type, FixOutcome.HELD, reason, plan)
