"""Fixing issues: one transaction, all or nothing for each issue, believed only when the detector agrees; then Discord."""

from __future__ import annotations

from collections.abc import Sequence

from sv_common.db.pool import Pool
from sv_common.guild_sync.core.progress import Count, Watch, unwatched
from sv_common.guild_sync.engine.command import Command
from sv_common.guild_sync.engine.fix_by_function import fix_by_function
from sv_common.guild_sync.engine.fix_roles import fix_on_discord
from sv_common.guild_sync.engine.fix_rows import fix_in_database
from sv_common.guild_sync.engine.guard import Guard, unguarded
from sv_common.guild_sync.engine.planning import Planning, plan_fixes
from sv_common.guild_sync.engine.record import Rules
from sv_common.guild_sync.engine.results import FixResult
from sv_common.guild_sync.issues import lifecycle
from sv_common.guild_sync.issues.history import Seen
from sv_common.guild_sync.roster import guilds
from sv_common.guild_sync.rulebook.rule import RuleDefinition
from sv_common.guild_sync.sources.ports import DiscordSource


async def preview(pool: Pool, rule: RuleDefinition, issue_ids: Sequence[int], command: Command) -> Planning:
    """Return what fixing would do, and do nothing. The issues are of one rule and one guild."""
    async with pool.snapshot() as conn:
        return await plan_fixes(conn, rule, await lifecycle.get_many(conn, issue_ids), command)


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
    watch: Watch = unwatched,
    guard: Guard = unguarded,
) -> list[FixResult]:
    """Fix what can be fixed of these issues of one rule and one guild, and say what became of each.

    1. Look again and plan, under the guild's lock. What is resolved, gone, refused or waiting is settled here.
    2. With more than `limit` plans to apply, all of them are held for an officer.
    3. Carry out the steps on the database, verify with the detector, record, resolve, and look again at the rules that
       the fix can touch: all in one transaction. When the batch fails, each issue is tried by itself.
    4. Steps on Discord follow after the transaction, member by member: planned again on the spot, written down before they
       are done, verified by a second look, and recorded before the next member's turn.

    `seen` is what whoever asks for the fix of one issue has seen of it. Raises `PlanStale` where that is no longer so,
    `Busy` where somebody else changes the roles of the one member just now, and what the guard of the rows refuses.
    Whoever watches hears of each batch, of each issue that is tried by itself, and of each member.

    A rule that has only a `mitigate_fn` of its own is asked issue by issue instead.
    """
    count = Count(len(issue_ids), watch)
    if rule.own_function is not None:
        results = await fix_by_function(
            pool, rules, rule, rule.own_function, guild_id, issue_ids, command, count, limit=limit, seen=seen
        )
        return _in_order(results, issue_ids)
    count.tell(f"Planning: {rule.name}")
    async with pool.connection() as conn:
        await guilds.lock(conn, guild_id)
        async with guard(conn, guild_id):
            here = await fix_in_database(conn, rules, rule, guild_id, issue_ids, command, count, limit=limit, seen=seen)
    results = list(here.results)
    if here.on_discord:
        results += await fix_on_discord(pool, rules, rule, guild_id, here.on_discord, command, source, count, seen=seen)
    return _in_order(results, issue_ids)


def _in_order(results: Sequence[FixResult], issue_ids: Sequence[int]) -> list[FixResult]:
    order = {issue_id: place for place, issue_id in enumerate(issue_ids)}
    return sorted(results, key=lambda result: order[result.issue_id])
