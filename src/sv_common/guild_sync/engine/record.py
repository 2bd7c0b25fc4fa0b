"""The results of fixes, stored: attempts with every row, review reasons, and a rescan of the affected rules."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sv_common.db.pool import GuildConnection
from sv_common.guild_sync.changes import attempts
from sv_common.guild_sync.changes.attempts import NewAttempt
from sv_common.guild_sync.changes.changeset import RowChange
from sv_common.guild_sync.engine.command import Command
from sv_common.guild_sync.engine.planning import PlannedFix
from sv_common.guild_sync.engine.results import FixOutcome, FixResult
from sv_common.guild_sync.engine.scan import DETECTION, rescan
from sv_common.guild_sync.issues import lifecycle
from sv_common.guild_sync.issues.model import Finding, Issue
from sv_common.guild_sync.rulebook.rule import RuleDefinition

Rules = Mapping[str, RuleDefinition]


@dataclass(frozen=True, slots=True)
class Applied:
    """A fix that was tried: what it changed, why it failed if it did, and what the detector found after it."""

    fix: PlannedFix
    changes: Sequence[RowChange]
    error: str | None = None
    found: Sequence[Finding] = ()


def affected_rules(rules: Rules, rule: RuleDefinition) -> list[RuleDefinition]:
    """Return the rules whose findings a fix of this rule can change, itself first: one fix may affect another's issue."""
    return [rule, *(rules[issue_type] for issue_type in rule.affects)]


async def record(
    guild: GuildConnection,
    rules: Rules,
    rule: RuleDefinition,
    applied: Sequence[Applied],
    command: Command,
    started: float,
) -> list[FixResult]:
    """Record attempts, resolve what is fixed, and rescan the affected rules."""
    new = [_new_attempt(each) for each in applied if not _is_known_failure(each, command)]
    numbers = await _add(guild, rule, new, command, started)
    attempt_of = {attempt.issue_id: number for attempt, number in zip(new, numbers, strict=True)}
    fixed = [each.fix.issue.id for each in applied if each.error is None]
    if fixed:
        await lifecycle.resolve(guild, fixed, resolved_by=command.actor, reason=f"Fixed by {command.actor}.")
    changed = [each for each in applied if each.error is None or each.changes]
    if changed:
        await rescan(guild, affected_rules(rules, rule), {rule.issue_type: changed[-1].found})
    return [
        each.fix.result(
            FixOutcome.FIXED if each.error is None else FixOutcome.FAILED,
            each.error or each.fix.plan.reason,
            attempt_of.get(each.fix.issue.id),
        )
        for each in applied
    ]


async def keep_review_reasons(guild: GuildConnection, results: Sequence[FixResult], known: Sequence[Issue]) -> None:
    current = {issue.id: issue.review_reason for issue in known}
    kept = (FixOutcome.WAITING, FixOutcome.HELD, FixOutcome.REFUSED, FixOutcome.FAILED, FixOutcome.UNVERIFIED)
    reasons = {r.issue_id: r.reason for r in results if r.outcome in kept and current.get(r.issue_id) != r.reason}
    await lifecycle.save_review_reasons(guild, reasons)


async def record_refusals(
    guild: GuildConnection, rule: RuleDefinition, results: Sequence[FixResult], command: Command, started: float
) -> None:
    """Record an officer's refused clicks; automation that needs review is not recorded, since it repeats at every run."""
    refused = [
        NewAttempt(result.issue_id, "refused", result.reason, result.plan)
        for result in results
        if result.outcome is FixOutcome.REFUSED and not command.is_automatic
    ]
    await _add(guild, rule, refused, command, started)


async def record_unmade(
    guild: GuildConnection,
    rule: RuleDefinition,
    results: Sequence[FixResult],
    known: Sequence[Issue],
    command: Command,
    started: float,
) -> None:
    """Record what ended before Discord was asked for anything: refusals, and new failures."""
    await record_refusals(guild, rule, results, command, started)
    reasons = {issue.id: issue.review_reason for issue in known}
    failed = [
        NewAttempt(result.issue_id, "failed", result.reason, result.plan)
        for result in results
        if result.outcome is FixOutcome.FAILED
        and not (command.is_automatic and reasons.get(result.issue_id) == result.reason)
    ]
    await _add(guild, rule, failed, command, started)


async def settle_gone(guild: GuildConnection, gone: Sequence[Issue]) -> list[FixResult]:
    """Resolve issues that are no longer found."""
    if gone:
        await lifecycle.resolve(guild, [issue.id for issue in gone], resolved_by=DETECTION, reason="No longer found.")
    sentence = "No longer found, so the issue is resolved. Nothing else was changed."
    return [FixResult(issue.id, issue.issue_type, FixOutcome.NOTHING_TO_DO, sentence) for issue in gone]


def _new_attempt(applied: Applied) -> NewAttempt:
    outcome = "fixed" if applied.error is None else "failed"
    reason = applied.error or applied.fix.plan.reason
    return NewAttempt(applied.fix.issue.id, outcome, reason, applied.fix.plan, applied.changes)


def _is_known_failure(applied: Applied, command: Command) -> bool:
    """Automation that fails in the same way at every run is recorded once."""
    return (
        command.is_automatic
        and applied.error is not None
        and not applied.changes
        and applied.error == applied.fix.issue.review_reason
    )


async def _add(
    guild: GuildConnection, rule: RuleDefinition, new: Sequence[NewAttempt], command: Command, started: float
) -> list[int]:
    return await attempts.add(
        guild,
        rule.issue_type,
        new,
        actor=command.actor,
        is_automatic=command.is_automatic,
        duration_ms=round((time.monotonic() - started) * 1000),
    )
