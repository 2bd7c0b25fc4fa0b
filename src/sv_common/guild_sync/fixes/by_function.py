"""Fixes of a rule that has no plan, only a function of its own: issue by issue, each written down when it is done."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import asdict

import structlog

from sv_common.db.lost import raise_if_lost
from sv_common.db.pool import Connection, Pool
from sv_common.guild_sync import issues
from sv_common.guild_sync.domain.errors import reason_of
from sv_common.guild_sync.domain.issue import Issue, IssueState
from sv_common.guild_sync.domain.progress import Count
from sv_common.guild_sync.domain.report import FixOutcome, FixResult
from sv_common.guild_sync.domain.rule import Mitigation, RuleDefinition
from sv_common.guild_sync.fixes.command import Command
from sv_common.guild_sync.fixes.planning import held, nothing_to_do, set_aside, vanished
from sv_common.guild_sync.fixes.recording import keep_reasons
from sv_common.guild_sync.issue_history import Seen, check_unchanged
from sv_common.guild_sync.store import attempts
from sv_common.guild_sync.store.attempts import NewAttempt

log = structlog.get_logger(__name__)

_DONE = "Done by the rule's own function."
_NOT_DONE = "The rule's own function could not fix it."
_STILL_FOUND = (
    "The rule's own function says that it is done, but the rule still finds the same. Look at it before you try again."
)


async def fix_by_function(
    pool: Pool,
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
    """Call the function for each issue that is to be fixed, and believe it where the detector, if there is one, agrees.

    The function takes connections of its own, so none is held while it works. Raises `PlanStale` like `fix_issues`.
    """
    async with pool.connection() as conn:
        await check_unchanged(conn, issue_ids[0] if issue_ids else None, seen)
        known = [i for i in await issues.get_many(conn, issue_ids, guild_id) if i.issue_type == rule.issue_type]
        results = [*vanished(rule, issue_ids, known), *(each for i in known if (each := _settled(i, command)))]
        ready = [issue for issue in known if _settled(issue, command) is None]
        if limit is not None and len(ready) > limit:
            results += [held(issue, None, len(ready), limit) for issue in ready]
            ready = []
        await keep_reasons(conn, results, known)
    count.add(len(results), f"Fixing: {rule.name}")
    for issue in ready:
        results.append(await _fix(pool, rule, mitigate, issue, command))
        count.add(1, f"Fixing: {rule.name}")
    return results


def _settled(issue: Issue, command: Command) -> FixResult | None:
    """What there is to say of an issue that is not to be fixed."""
    if issue.state is IssueState.RESOLVED:
        return nothing_to_do(issue)
    return set_aside(issue) if command.is_automatic and issue.state is IssueState.DISMISSED else None


async def _fix(pool: Pool, rule: RuleDefinition, mitigate: Mitigation, issue: Issue, command: Command) -> FixResult:
    started = time.monotonic()
    try:
        is_done = await mitigate(pool, asdict(issue))
        outcome, reason = (FixOutcome.FIXED, _DONE) if is_done else (_refusal_to(command), _NOT_DONE)
    except Exception as error:  # one failure never stops the others
        raise_if_lost(error)
        log.exception("own_fix_failed", rule=rule.issue_type, issue_id=issue.id)
        outcome, reason = FixOutcome.FAILED, reason_of(error)
    async with pool.connection() as conn:
        if outcome is FixOutcome.FIXED and await _is_still_found(conn, rule, issue):
            outcome, reason = FixOutcome.FAILED, _STILL_FOUND
        result = FixResult(issue.id, issue.issue_type, outcome, reason)
        return await _keep(conn, issue, result, command, round((time.monotonic() - started) * 1000))


async def _is_still_found(conn: Connection, rule: RuleDefinition, issue: Issue) -> bool:
    if not rule.has_detector:
        return False
    return any(found.issue_hash == issue.issue_hash for found in await rule.detect_fn(conn, guild_id=issue.guild_id))


async def _keep(conn: Connection, issue: Issue, result: FixResult, command: Command, duration_ms: int) -> FixResult:
    """Record the attempt, resolve what is fixed, and keep why the rest is not. Automation that repeats itself is recorded once."""
    await keep_reasons(conn, [result], [issue])
    if result.outcome is FixOutcome.FIXED:
        await issues.resolve(conn, [issue.id], resolved_by=command.actor, reason=f"Fixed by {command.actor}.")
    if command.is_automatic and result.outcome is not FixOutcome.FIXED and result.reason == issue.waiting_reason:
        return result
    if result.outcome is FixOutcome.WAITING:
        return result
    attempt = NewAttempt(issue.id, result.outcome.value, result.reason, None)
    numbers = await attempts.add(
        conn,
        issue.guild_id,
        issue.issue_type,
        [attempt],
        actor=command.actor,
        is_automatic=command.is_automatic,
        duration_ms=duration_ms,
    )
    return FixResult(issue.id, issue.issue_type, result.outcome, result.reason, attempt_id=numbers[0])


def _refusal_to(command: Command) -> FixOutcome:
    return FixOutcome.WAITING if command.is_automatic else FixOutcome.REFUSED
