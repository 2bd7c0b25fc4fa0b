"""Fixing issues: one transaction, all or nothing for each issue, believed only when the detector agrees; then Discord."""

from __future__ import annotations

import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

import structlog

from sv_common.db.lost import raise_if_lost
from sv_common.db.pool import GuildConnection, Pool
from sv_common.guild_sync.changes.apply import apply
from sv_common.guild_sync.core.errors import PattError
from sv_common.guild_sync.core.progress import Count, OnProgress, ignore_progress
from sv_common.guild_sync.engine.command import Command, Guard, unguarded
from sv_common.guild_sync.engine.fix_by_function import fix_by_function
from sv_common.guild_sync.engine.fix_roles import fix_on_discord, is_on_discord
from sv_common.guild_sync.engine.planning import PlannedFix, Planning, held, not_of_rule, plan_fixes
from sv_common.guild_sync.engine.record import Applied, Rules, keep_review_reasons, record, record_refusals, settle_gone
from sv_common.guild_sync.engine.results import FixResult
from sv_common.guild_sync.issues import lifecycle
from sv_common.guild_sync.issues.history import Seen, check_unchanged
from sv_common.guild_sync.rulebook.rule import RuleDefinition
from sv_common.guild_sync.sources.ports import DiscordSource

log = structlog.get_logger(__name__)

INEFFECTIVE = "The fix would not resolve this issue, so nothing was changed."
_CONTRADICTED = (
    "This fix and others of the same run contradict each other: each changes who the other's note means. "
    "Nothing was changed; fix one of them on its own."
)


class _StillFound(PattError):
    """After the changes, the detector still finds the subjects of some."""

    def __init__(self, issue_hashes: Collection[str]) -> None:
        super().__init__(INEFFECTIVE)
        self.issue_hashes = frozenset(issue_hashes)


@dataclass(frozen=True, slots=True)
class DatabaseFixes:
    """The results of fixes in the database, and the fixes that are left to be made on Discord."""

    results: Sequence[FixResult]
    on_discord: Sequence[PlannedFix]


async def fix_in_database(
    guild: GuildConnection,
    rules: Rules,
    rule: RuleDefinition,
    issue_ids: Sequence[int],
    command: Command,
    count: Count,
    *,
    limit: int | None = None,
    seen: Seen | None = None,
) -> DatabaseFixes:
    """Do the steps 1 to 3 of `fix_issues` in the caller's transaction, which holds the guild's lock. Raises like it."""
    started = time.monotonic()
    known = [i for i in await lifecycle.get_many(guild, issue_ids) if i.issue_type == rule.issue_type]
    planning = await plan_fixes(guild, rule, known, command)
    await check_unchanged(guild, issue_ids[0] if issue_ids else None, seen, plan_key=_key_of(planning))
    results = [*not_of_rule(rule, issue_ids, known), *planning.settled]
    results += await settle_gone(guild, planning.gone)
    ready = planning.ready
    if limit is not None and len(ready) > limit:
        results += [held(fix.issue, fix.plan, len(ready), limit) for fix in ready]
        ready = ()
    here = sorted((fix for fix in ready if not is_on_discord(fix)), key=_creates_player_first)
    count.add(len(results), f"Fixing: {rule.name}")
    applied, settled = await _apply(guild, rule, here, command, count)
    results += settled
    results += await record(guild, rules, rule, applied, command, started)
    await keep_review_reasons(guild, results, known)
    await record_refusals(guild, rule, results, command, started)
    return DatabaseFixes(results, [fix for fix in ready if is_on_discord(fix)])


_Tried: TypeAlias = tuple[list[Applied], list[FixResult]]
"""The fixes that were tried, in the order of trying, and what became of issues that needed none any more."""


async def _apply(
    guild: GuildConnection, rule: RuleDefinition, ready: Sequence[PlannedFix], command: Command, count: Count
) -> _Tried:
    """Apply all plans at once, so that the result does not depend on their order.

    Where the rule still finds some of them, the others go first, and these are planned again after them: a fix can change
    what another one's note means. Where something breaks, each goes alone, so that one failure stops no other.
    """
    if not ready:
        return [], []
    try:
        applied = await _apply_together(guild, rule, ready, command)
    except _StillFound as error:
        found = [fix for fix in ready if fix.issue.issue_hash in error.issue_hashes]
        if len(found) == len(ready):
            return await _apply_what_holds(guild, rule, ready, command, count)
        fixed = [fix for fix in ready if fix.issue.issue_hash not in error.issue_hashes]
        return await _apply_in_turn(guild, rule, [fixed, found], command, count)
    except Exception as error:  # noqa: BLE001 -- whatever goes wrong with one issue must not stop the others
        raise_if_lost(error, guild.conn)
        if len(ready) == 1:
            return _failed(ready, _explain(error, rule), rule, count), []
        return await _apply_in_turn(guild, rule, [[fix] for fix in ready], command, count)
    count.add(len(ready), f"Verified: {rule.name}")
    return applied, []


async def _apply_what_holds(
    guild: GuildConnection, rule: RuleDefinition, ready: Sequence[PlannedFix], command: Command, count: Count
) -> _Tried:
    """Apply the plans that resolve their issue alone; if all of them do, they contradict each other, and none is applied."""
    if len(ready) == 1:
        return _failed(ready, INEFFECTIVE, rule, count), []
    holds = [await _holds(guild, rule, fix, command) for fix in ready]
    if all(holds):
        return _failed(ready, _CONTRADICTED, rule, count), []
    ineffective = [fix for fix, does_hold in zip(ready, holds, strict=True) if not does_hold]
    holding = [fix for fix, does_hold in zip(ready, holds, strict=True) if does_hold]
    applied, settled = await _apply(guild, rule, holding, command, count)
    return [*_failed(ineffective, INEFFECTIVE, rule, count), *applied], settled


async def _holds(guild: GuildConnection, rule: RuleDefinition, fix: PlannedFix, command: Command) -> bool:
    """Whether a plan alone resolves its issue; its changes are rolled back.

    Where it breaks for another reason, applying it reports that.
    """
    try:
        async with guild.conn.transaction(force_rollback=True):
            await _apply_together(guild, rule, [fix], command)
    except Exception as error:  # noqa: BLE001 -- as above
        raise_if_lost(error, guild.conn)
        return not isinstance(error, _StillFound)
    return True


async def _apply_in_turn(
    guild: GuildConnection, rule: RuleDefinition, parts: Sequence[Sequence[PlannedFix]], command: Command, count: Count
) -> _Tried:
    """Apply one part after the other, each planned again after the part before."""
    applied: list[Applied] = []
    settled: list[FixResult] = []
    for part in parts:
        try:
            async with guild.savepoint():
                planning = await plan_fixes(guild, rule, [fix.issue for fix in part], command)
        except Exception as error:  # noqa: BLE001 -- as above
            raise_if_lost(error, guild.conn)
            applied += _failed(part, _explain(error, rule), rule, count)
            continue
        settled += [*planning.settled, *await settle_gone(guild, planning.gone)]
        count.add(len(part) - len(planning.ready), f"Fixing: {rule.name}")
        tried, others = await _apply(guild, rule, planning.ready, command, count)
        applied += tried
        settled += others
    return _judged_again(applied), settled


def _failed(fixes: Sequence[PlannedFix], error: str, rule: RuleDefinition, count: Count) -> list[Applied]:
    count.add(len(fixes), f"Fixing: {rule.name}")
    return [Applied(fix, (), error) for fix in fixes]


def _judged_again(applied: Sequence[Applied]) -> list[Applied]:
    """Report those as failed that a later fix of the same batch has broken again."""
    done = [each for each in applied if each.error is None]
    found = {finding.issue_hash for finding in done[-1].found} if done else set()
    error = "It was fixed, but another fix of the same run made the rule find it again. Check the issue again."
    return [
        replace(each, error=error) if each.error is None and each.fix.issue.issue_hash in found else each
        for each in applied
    ]


async def _apply_together(
    guild: GuildConnection, rule: RuleDefinition, ready: Sequence[PlannedFix], command: Command
) -> list[Applied]:
    async with guild.savepoint():
        changes = await apply(guild, [fix.plan for fix in ready], command.author)
        found = await rule.findings(guild)
        ineffective = {fix.issue.issue_hash for fix in ready} & {finding.issue_hash for finding in found}
        if ineffective:
            raise _StillFound(ineffective)
    return [Applied(fix, done, found=found) for fix, done in zip(ready, changes, strict=True)]


def _creates_player_first(fix: PlannedFix) -> bool:
    """Fixes that create a player come first, so that undoing in reverse deletes it last."""
    return not fix.plan.created


def _key_of(planning: Planning) -> str | None:
    return planning.ready[0].plan.key if planning.ready else None


def _explain(error: Exception, rule: RuleDefinition) -> str:
    if isinstance(error, PattError):
        return str(error)
    log.exception("fix_failed", rule=rule.issue_type, exc_info=error)
    return f"An unexpected error ({type(error).__name__}); nothing was changed for this issue. The log has the details."


async def preview(guild: GuildConnection, rule: RuleDefinition, issue_ids: Sequence[int], command: Command) -> Planning:
    """Return what fixing would do, without doing it. The issues are of one rule."""
    return await plan_fixes(guild, rule, await lifecycle.get_many(guild, issue_ids), command)


async def fix_issues(
    pool: Pool,
    rules: Rules,
    rule: RuleDefinition,
    guild_id: int,
    issue_ids: Sequence[int],
    command: Command,
    *,
    source: DiscordSource | None = None,
    limit: int | None = None,
    seen: Seen | None = None,
    on_progress: OnProgress = ignore_progress,
    guard: Guard = unguarded,
) -> list[FixResult]:
    """Fix what can be fixed of these issues of one rule and one guild, and return what became of each.

    1. Scan again and plan, under the guild's lock. What is resolved, gone, refused or needs review is settled here.
    2. With more than `limit` plans to apply, all of them need review.
    3. Apply the rows, verify with the detector, record, resolve, and rescan the affected rules: all in one transaction. When
       the batch fails, each issue is tried alone.
    4. Role changes on Discord follow after the transaction, member by member: planned again, recorded before they are made,
       verified by a second look, and recorded again before the next member.

    `seen` is what the officer has seen of a single issue. Raises `PlanStale` where that has changed, `Busy` while another
    process changes the roles of the one member, and what the guard of the rows refuses. Progress is reported for each batch,
    each issue that is tried alone, and each member.

    A rule that has only a `mitigate_fn` of its own is called issue by issue instead.
    """
    count = Count(len(issue_ids), on_progress)
    if rule.own_function is not None:
        results = await fix_by_function(
            pool, rules, rule, rule.own_function, guild_id, issue_ids, command, count, limit=limit, seen=seen
        )
        return _in_order(results, issue_ids)
    count.report(f"Planning: {rule.name}")
    async with pool.writing(guild_id) as guild, guard(guild):
        here = await fix_in_database(guild, rules, rule, issue_ids, command, count, limit=limit, seen=seen)
    results = list(here.results)
    if here.on_discord:
        results += await fix_on_discord(pool, rules, rule, guild_id, here.on_discord, command, source, count, seen=seen)
    return _in_order(results, issue_ids)


def _in_order(results: Sequence[FixResult], issue_ids: Sequence[int]) -> list[FixResult]:
    order = {issue_id: place for place, issue_id in enumerate(issue_ids)}
    return sorted(results, key=lambda result: order[result.issue_id])
