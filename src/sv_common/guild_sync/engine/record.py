"""The results of fixes, stored: attempts with every row, review reasons, and a rescan of the affected rules."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import structlog

from sv_common.db.lost import raise_if_lost
from sv_common.db.pool import GuildConnection
from sv_common.guild_sync.changes import attempts
from sv_common.guild_sync.changes.attempts import NewAttempt
from sv_common.guild_sync.changes.changeset import RowChange
from sv_common.guild_sync.core.errors import reason_of
from sv_common.guild_sync.core.kept_texts import NO_LONGER_FOUND, fixed_by
from sv_common.guild_sync.core.language import tr
from sv_common.guild_sync.engine.command import FixRun
from sv_common.guild_sync.engine.planning import PlannedFix
from sv_common.guild_sync.engine.results import FixOutcome, FixResult
from sv_common.guild_sync.engine.scan import DETECTION, rescan
from sv_common.guild_sync.issues import lifecycle
from sv_common.guild_sync.issues.model import Finding, Issue
from sv_common.guild_sync.rulebook.rule import RuleDefinition

log = structlog.get_logger(__name__)

_FOR_REVIEW = (FixOutcome.WAITING, FixOutcome.HELD, FixOutcome.REFUSED, FixOutcome.FAILED, FixOutcome.UNVERIFIED)


@dataclass(frozen=True, slots=True)
class Applied:
    """A fix that was tried: what it changed, why it failed if it did, and what the detector read and found after it."""

    fix: PlannedFix
    changes: Sequence[RowChange]
    error: str | None = None
    found: Sequence[Finding] = ()
    kept: dict[str, Any] | None = None


async def record(guild: GuildConnection, run: FixRun, applied: Sequence[Applied]) -> list[FixResult]:
    """Record attempts, resolve what is fixed, and rescan the affected rules."""
    results = [
        each.fix.result(FixOutcome.FIXED, each.fix.plan.reason)
        if each.error is None
        else each.fix.result(FixOutcome.FAILED, each.error)
        for each in applied
    ]
    new = [
        NewAttempt(result.issue_id, result.outcome.value, result.reason, result.plan, each.changes)
        for each, result in zip(applied, results, strict=True)
        if each.changes or not is_known_failure(run, result, each.fix.issue)
    ]
    numbers = await add_attempts(guild, run, new)
    attempt_of = {attempt.issue_id: number for attempt, number in zip(new, numbers, strict=True)}
    await resolve_fixed(guild, run, results)
    changed = [each for each in applied if each.error is None or each.changes]
    if changed:
        changes = [change for each in changed for change in each.changes]
        last = changed[-1]
        await rescan(guild, run.rules, run.rule.issue_type, {run.rule.issue_type: last.found}, changes, last.kept)
    return [replace(result, attempt_id=attempt_of.get(result.issue_id)) for result in results]


async def resolve_fixed(guild: GuildConnection, run: FixRun, results: Sequence[FixResult]) -> None:
    fixed = [result.issue_id for result in results if result.outcome is FixOutcome.FIXED]
    if fixed:
        actor = run.command.actor
        await lifecycle.resolve(guild, fixed, resolved_by=actor, reason=fixed_by(actor))


async def keep_review_reasons(guild: GuildConnection, results: Sequence[FixResult], known: Sequence[Issue]) -> None:
    current = {issue.id: issue.review_reason for issue in known}
    reasons = {
        r.issue_id: r.reason for r in results if r.outcome in _FOR_REVIEW and current.get(r.issue_id) != r.reason
    }
    await lifecycle.save_review_reasons(guild, reasons)


async def record_unmade(
    guild: GuildConnection, run: FixRun, results: Sequence[FixResult], known: Sequence[Issue]
) -> None:
    """Record an officer's refused clicks, and new failures that changed nothing.

    Automation that needs review is not recorded, since it repeats at every run.
    """
    issues = {issue.id: issue for issue in known}
    new = [
        NewAttempt(result.issue_id, result.outcome.value, result.reason, result.plan)
        for result in results
        if (result.outcome is FixOutcome.REFUSED and not run.command.is_automatic)
        or (result.outcome is FixOutcome.FAILED and not is_known_failure(run, result, issues[result.issue_id]))
    ]
    await add_attempts(guild, run, new)


def is_known_failure(run: FixRun, result: FixResult, issue: Issue) -> bool:
    """Automation that fails in the same way at every run is recorded once."""
    is_same = result.outcome is not FixOutcome.FIXED and result.reason == issue.review_reason
    return run.command.is_automatic and is_same


async def add_attempts(guild: GuildConnection, run: FixRun, new: Sequence[NewAttempt]) -> list[int]:
    return await attempts.add(
        guild,
        run.rule.issue_type,
        new,
        actor=run.command.actor,
        is_automatic=run.command.is_automatic,
        duration_ms=round((time.monotonic() - run.started) * 1000),
    )


async def settle_gone(guild: GuildConnection, gone: Sequence[Issue]) -> list[FixResult]:
    if gone:
        await lifecycle.resolve(guild, [issue.id for issue in gone], resolved_by=DETECTION, reason=NO_LONGER_FOUND)
    sentence = tr("No longer found, so the issue was closed. Nothing else was changed.")
    return [FixResult(issue.id, issue.issue_type, FixOutcome.NOTHING_TO_DO, sentence) for issue in gone]


async def verify(
    guild: GuildConnection, rule: RuleDefinition, issue: Issue, *, fixed: str, still_found: str, in_doubt: str
) -> tuple[FixOutcome, str]:
    """Ask the detector whether what cannot be rolled back has fixed an issue. What was done is recorded, whatever it answers."""
    try:
        async with guild.savepoint():
            found = await rule.findings(guild)
    except Exception as doubt:  # a rule that concludes nothing, or is broken
        raise_if_lost(doubt, guild.conn)
        log.warning("fix_not_verified", rule=rule.issue_type, issue_id=issue.id, exc_info=doubt)
        return FixOutcome.UNVERIFIED, f"{in_doubt} {reason_of(doubt)}"
    if any(each.issue_hash == issue.issue_hash for each in found):
        return FixOutcome.FAILED, still_found
    return FixOutcome.FIXED, fixed
