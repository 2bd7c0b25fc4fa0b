"""Fixes of a rule that brings its own function: called for each issue, believed only when the detector agrees, recorded.

What such a function changes is its own, so that nothing can preview or undo it, and the record of it says so.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import asdict

import structlog

from sv_common.db.lost import raise_if_lost
from sv_common.db.pool import Connection, Pool
from sv_common.guild_sync import issues
from sv_common.guild_sync.checking import look_again
from sv_common.guild_sync.domain.errors import PattError, reason_of
from sv_common.guild_sync.domain.issue import Issue, IssueState
from sv_common.guild_sync.domain.progress import Count
from sv_common.guild_sync.domain.report import FixOutcome, FixResult
from sv_common.guild_sync.fixes.command import Command
from sv_common.guild_sync.fixes.planning import nothing_to_do, too_many
from sv_common.guild_sync.fixes.recording import Rules, concerned_by, keep_reasons
from sv_common.guild_sync.issue_history import Seen, check_unchanged
from sv_common.guild_sync.rulebook.rule import Mitigation, RuleDefinition
from sv_common.guild_sync.store import attempts, guilds
from sv_common.guild_sync.store.attempts import NewAttempt

log = structlog.get_logger(__name__)

CANNOT_BE_UNDONE = "Fixed by the rule’s own function; what it changed cannot be undone here."
_NOT_FIXED = "The rule’s own function did not fix it."
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
    async with pool.connection() as conn:
        found = [i for i in await issues.get_many(conn, issue_ids, guild_id) if i.issue_type == rule.issue_type]
        await check_unchanged(conn, issue_ids[0] if issue_ids else None, seen, plan_key=None)
    settled = [nothing_to_do(issue) for issue in found if issue.state is IssueState.RESOLVED]
    to_fix = [
        issue
        for issue in found
        if issue.state is not IssueState.RESOLVED and not (command.is_automatic and issue.dismissed_at)
    ]
    if limit is not None and len(to_fix) > limit:
        return [*settled, *await _hold(pool, to_fix, limit)]
    for issue in to_fix:
        settled.append(await _fix(pool, rules, rule, mitigate, issue, command))
        count.add(1, f"Fixing: {rule.name}")
    return settled


async def _hold(pool: Pool, to_fix: Sequence[Issue], limit: int) -> list[FixResult]:
    results = [FixResult(each.id, each.issue_type, FixOutcome.HELD, too_many(len(to_fix), limit)) for each in to_fix]
    async with pool.connection() as conn:
        await guilds.lock(conn, to_fix[0].guild_id)
        await keep_reasons(conn, results, to_fix)
    return results


async def _fix(
    pool: Pool, rules: Rules, rule: RuleDefinition, mitigate: Mitigation, issue: Issue, command: Command
) -> FixResult:
    started = time.monotonic()
    error = await _call(pool, rule, mitigate, issue)
    async with pool.connection() as conn:
        await guilds.lock(conn, issue.guild_id)
        if error is None and await _is_still_found(conn, rule, issue):
            error = _STILL_FOUND
        return await _record(conn, rules, rule, issue, command, error, started)


async def _call(pool: Pool, rule: RuleDefinition, mitigate: Mitigation, issue: Issue) -> str | None:
    """Call the function with the issue's row; return why it did not fix the issue, or None."""
    try:
        return None if await mitigate(pool, asdict(issue)) else _NOT_FIXED
    except PattError as error:
        return str(error)
    except Exception as error:  # one issue's failure never stops the others
        raise_if_lost(error)
        log.exception("mitigation_failed", rule=rule.issue_type, guild_id=issue.guild_id)
        return reason_of(error)


async def _is_still_found(conn: Connection, rule: RuleDefinition, issue: Issue) -> bool:
    return any(each.issue_hash == issue.issue_hash for each in await rule.findings(conn, guild_id=issue.guild_id))


async def _record(
    conn: Connection,
    rules: Rules,
    rule: RuleDefinition,
    issue: Issue,
    command: Command,
    error: str | None,
    started: float,
) -> FixResult:
    outcome = FixOutcome.FIXED if error is None else FixOutcome.FAILED
    reason = error or CANNOT_BE_UNDONE
    is_known = command.is_automatic and error is not None and error == issue.waiting_reason
    numbers = await attempts.add(
        conn,
        issue.guild_id,
        rule.issue_type,
        [] if is_known else [NewAttempt(issue.id, outcome.value, reason, None)],
        actor=command.actor,
        is_automatic=command.is_automatic,
        duration_ms=round((time.monotonic() - started) * 1000),
    )
    result = FixResult(issue.id, issue.issue_type, outcome, reason, None, numbers[0] if numbers else None)
    if error is None:
        await issues.resolve(conn, [issue.id], resolved_by=command.actor, reason=f"Fixed by {command.actor}.")
        await look_again(conn, concerned_by(rules, rule), issue.guild_id, {})
    else:
        await keep_reasons(conn, [result], [issue])
    return result
