"""Fixes of a rule that brings its own function: called for each issue, believed only when the detector agrees, recorded.

Such a function's changes cannot be previewed or undone, and the record says so.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import asdict, replace

import structlog

from sv_common.db.lost import raise_if_lost
from sv_common.db.pool import GuildConnection, Pool
from sv_common.guild_sync.changes import attempts
from sv_common.guild_sync.changes.attempts import NewAttempt
from sv_common.guild_sync.core.errors import reason_of
from sv_common.guild_sync.core.progress import Count
from sv_common.guild_sync.engine.command import Command
from sv_common.guild_sync.engine.planning import held, not_of_rule, nothing_to_do, set_aside
from sv_common.guild_sync.engine.record import Rules, affected_rules, keep_review_reasons
from sv_common.guild_sync.engine.results import FixOutcome, FixResult
from sv_common.guild_sync.engine.scan import rescan
from sv_common.guild_sync.issues import lifecycle
from sv_common.guild_sync.issues.history import Seen, check_unchanged
from sv_common.guild_sync.issues.model import Issue, IssueState
from sv_common.guild_sync.rulebook.rule import Mitigation, RuleDefinition

log = structlog.get_logger(__name__)

CANNOT_BE_UNDONE = "Fixed by the rule’s own function; what it changed cannot be undone here."
_NOT_FIXED = "The rule’s own function did not fix it."
_NOT_VERIFIED = "The rule’s own function has run, and the rule cannot tell whether it worked. Run a scan later and look at the issue."
_STILL_FOUND = "The rule’s own function says that it is fixed, but the rule still finds it."


async def fix_by_function(
    pool: Pool,
    rules: Rules,
    rule: RuleDefinition,
    mitigate: Mitigation,
    guild_id: int,
    issue_ids: Sequence[int],
    command: Command,
    count: Count,
    *,
    limit: int | None = None,
    seen: Seen | None = None,
) -> list[FixResult]:
    """Fix issues one after the other; one that fails stops no other. With more than `limit`, none is."""
    async with pool.writing(guild_id) as guild:
        await check_unchanged(guild, issue_ids[0] if issue_ids else None, seen, plan_key=None)
        known = [i for i in await lifecycle.get_many(guild, issue_ids) if i.issue_type == rule.issue_type]
        results = [*not_of_rule(rule, issue_ids, known), *(each for i in known if (each := _settled(i, command)))]
        ready = [issue for issue in known if _settled(issue, command) is None]
        if limit is not None and len(ready) > limit:
            results += [held(issue, None, len(ready), limit) for issue in ready]
            ready = []
        await keep_review_reasons(guild, results, known)
    count.add(len(results), f"Fixing: {rule.name}")
    for issue in ready:
        results.append(await _fix(pool, rules, rule, mitigate, issue, command))
        count.add(1, f"Fixing: {rule.name}")
    return results


def _settled(issue: Issue, command: Command) -> FixResult | None:
    if issue.state is IssueState.RESOLVED:
        return nothing_to_do(issue)
    return set_aside(issue) if command.is_automatic and issue.state is IssueState.DISMISSED else None


async def _fix(
    pool: Pool, rules: Rules, rule: RuleDefinition, mitigate: Mitigation, issue: Issue, command: Command
) -> FixResult:
    started = time.monotonic()
    outcome, reason = await _call(pool, rule, mitigate, issue, command)
    async with pool.writing(issue.guild_id) as guild:
        if outcome is FixOutcome.FIXED:
            outcome, reason = await _verify(guild, rule, issue)
        result = FixResult(issue.id, issue.issue_type, outcome, reason)
        return await _record(guild, rules, rule, issue, command, result, round((time.monotonic() - started) * 1000))


async def _call(
    pool: Pool, rule: RuleDefinition, mitigate: Mitigation, issue: Issue, command: Command
) -> tuple[FixOutcome, str]:
    try:
        is_fixed = await mitigate(pool, asdict(issue))
    except Exception as error:  # one issue's failure never stops the others
        raise_if_lost(error)
        log.exception("own_fix_failed", rule=rule.issue_type, issue_id=issue.id)
        return FixOutcome.FAILED, reason_of(error)
    if is_fixed:
        return FixOutcome.FIXED, CANNOT_BE_UNDONE
    return FixOutcome.WAITING if command.is_automatic else FixOutcome.REFUSED, _NOT_FIXED


async def _verify(guild: GuildConnection, rule: RuleDefinition, issue: Issue) -> tuple[FixOutcome, str]:
    """Ask the detector whether the issue is fixed; the attempt is recorded even where it cannot tell."""
    try:
        async with guild.savepoint():
            found = await rule.findings(guild)
    except Exception as doubt:  # the function has run, whatever the detector does
        raise_if_lost(doubt, guild.conn)
        log.warning("own_fix_not_verified", rule=rule.issue_type, issue_id=issue.id, exc_info=doubt)
        return FixOutcome.UNVERIFIED, f"{_NOT_VERIFIED} {reason_of(doubt)}"
    if any(each.issue_hash == issue.issue_hash for each in found):
        return FixOutcome.FAILED, _STILL_FOUND
    return FixOutcome.FIXED, CANNOT_BE_UNDONE


async def _record(
    guild: GuildConnection,
    rules: Rules,
    rule: RuleDefinition,
    issue: Issue,
    command: Command,
    result: FixResult,
    duration_ms: int,
) -> FixResult:
    """Record the attempt; resolve what is fixed, keep why the rest is not. Automation that repeats itself is recorded once."""
    await keep_review_reasons(guild, [result], [issue])
    if result.outcome is FixOutcome.FIXED:
        await lifecycle.resolve(guild, [issue.id], resolved_by=command.actor, reason=f"Fixed by {command.actor}.")
        await rescan(guild, affected_rules(rules, rule), {})
    is_known = command.is_automatic and result.reason == issue.review_reason
    if result.outcome is FixOutcome.WAITING or is_known:
        return result
    (number,) = await attempts.add(
        guild,
        rule.issue_type,
        [NewAttempt(issue.id, result.outcome.value, result.reason, None)],
        actor=command.actor,
        is_automatic=command.is_automatic,
        duration_ms=duration_ms,
    )
    return replace(result, attempt_id=number)
