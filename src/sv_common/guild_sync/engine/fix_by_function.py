"""Fixes of a rule that brings its own function: called for each issue, believed only when the detector agrees, recorded.

Such a function's changes cannot be previewed or undone, and the record says so.
"""

from __future__ import annotations

import time
from dataclasses import asdict, replace

import structlog

from sv_common.db.lost import raise_if_lost
from sv_common.db.pool import GuildConnection, Pool
from sv_common.guild_sync.changes.attempts import NewAttempt
from sv_common.guild_sync.core.errors import reason_of
from sv_common.guild_sync.core.language import mark, tr
from sv_common.guild_sync.engine import record
from sv_common.guild_sync.engine.command import FixRun
from sv_common.guild_sync.engine.planning import held, left_dismissed, not_of_rule, nothing_to_do
from sv_common.guild_sync.engine.results import FixOutcome, FixResult
from sv_common.guild_sync.engine.scan import rescan
from sv_common.guild_sync.issues import lifecycle
from sv_common.guild_sync.issues.history import check_unchanged
from sv_common.guild_sync.issues.model import Issue, IssueState
from sv_common.guild_sync.rulebook.rule import Mitigation

log = structlog.get_logger(__name__)

CANNOT_BE_UNDONE = mark("Fixed by the rule’s own function, so it cannot be undone here.")
_NOT_FIXED = mark("The rule’s own function did not fix it.")
_NOT_VERIFIED = mark("The rule’s own function ran, but the result is unknown. Run a scan later and check the issue.")
_STILL_FOUND = mark("The rule’s own function reported a fix, but the rule still finds the issue.")


async def fix_by_function(pool: Pool, run: FixRun, mitigate: Mitigation) -> list[FixResult]:
    """Fix issues one after the other; one that fails stops no other. With more than the run's limit, none is."""
    async with pool.writing(run.guild_id) as guild:
        await check_unchanged(guild, next(iter(run.issue_ids), None), run.seen)
        known = [i for i in await lifecycle.get_many(guild, run.issue_ids) if i.issue_type == run.rule.issue_type]
        results = not_of_rule(run.rule, run.issue_ids, known)
        ready = []
        for issue in known:
            if issue.state is IssueState.RESOLVED:
                results.append(nothing_to_do(issue))
            elif run.command.is_automatic and issue.state is IssueState.DISMISSED:
                results.append(left_dismissed(issue))
            else:
                ready.append(issue)
        if run.limit is not None and len(ready) > run.limit:
            results += [held(issue, None, len(ready), run.limit) for issue in ready]
            ready = []
        await record.keep_review_reasons(guild, results, known)
    run.settle(len(results))
    for issue in ready:
        run.started = time.monotonic()
        outcome, reason = await _call(pool, run, mitigate, issue)
        async with pool.writing(run.guild_id) as guild:
            results.append(await _conclude(guild, run, issue, outcome, reason))
        run.settle(1)
    return results


async def _call(pool: Pool, run: FixRun, mitigate: Mitigation, issue: Issue) -> tuple[FixOutcome, str]:
    try:
        is_fixed = await mitigate(pool, asdict(issue))
    except Exception as error:  # one issue's failure never stops the others
        raise_if_lost(error)
        log.exception("own_fix_failed", rule=run.rule.issue_type, issue_id=issue.id)
        return FixOutcome.FAILED, reason_of(error)
    if is_fixed:
        return FixOutcome.FIXED, tr(CANNOT_BE_UNDONE)
    return FixOutcome.WAITING if run.command.is_automatic else FixOutcome.REFUSED, tr(_NOT_FIXED)


async def _conclude(guild: GuildConnection, run: FixRun, issue: Issue, outcome: FixOutcome, reason: str) -> FixResult:
    """Verify and record; resolve what is fixed, keep why the rest is not. Automation that repeats itself is recorded once."""
    if outcome is FixOutcome.FIXED:
        outcome, reason = await record.verify(
            guild, run.rule, issue, fixed=reason, still_found=tr(_STILL_FOUND), in_doubt=tr(_NOT_VERIFIED)
        )
    result = FixResult(issue.id, issue.issue_type, outcome, reason)
    await record.keep_review_reasons(guild, [result], [issue])
    await record.resolve_fixed(guild, run, [result])
    if outcome is FixOutcome.FIXED:
        await rescan(guild, run.rules, run.rule.issue_type)
    if outcome is FixOutcome.WAITING or record.is_known_failure(run, result, issue):
        return result
    (number,) = await record.add_attempts(guild, run, [NewAttempt(issue.id, outcome.value, reason, None)])
    return replace(result, attempt_id=number)
