"""The steps of fixes on Discord: after the transaction, member by member, each verified by a second look."""

from __future__ import annotations

import time
from collections.abc import Sequence

from sv_common.db.pool import Pool
from sv_common.guild_sync import issues
from sv_common.guild_sync.domain.issue import Finding
from sv_common.guild_sync.domain.plan import AddDiscordRole, RemoveDiscordRole
from sv_common.guild_sync.domain.progress import Count
from sv_common.guild_sync.domain.report import FixOutcome, FixResult
from sv_common.guild_sync.domain.rule import RuleDefinition
from sv_common.guild_sync.fixes import discord_steps
from sv_common.guild_sync.fixes.command import Command
from sv_common.guild_sync.fixes.planning import PlannedFix, nothing_to_do
from sv_common.guild_sync.fixes.recording import Applied, Rules, keep_reasons, record, record_refusals
from sv_common.guild_sync.ports import DiscordSource
from sv_common.guild_sync.store import discord, guilds

_NO_BOT = "No Discord bot is set up, so roles cannot be changed. Set PATT_DISCORD_BOT_TOKEN and try again."


def is_on_discord(fix: PlannedFix) -> bool:
    """True where a fix changes something on Discord, which no transaction can take back."""
    return any(isinstance(step, AddDiscordRole | RemoveDiscordRole) for step in fix.plan.steps)


async def fix_on_discord(
    pool: Pool,
    rules: Rules,
    rule: RuleDefinition,
    guild_id: int,
    fixes: Sequence[PlannedFix],
    command: Command,
    source: DiscordSource | None,
    count: Count,
) -> list[FixResult]:
    """Do step 4 of `fix_issues`, outside of any transaction: what Discord has done stays done."""
    started = time.monotonic()
    if source is None:
        async with pool.connection() as conn:
            results = [fix.result(FixOutcome.REFUSED, _NO_BOT) for fix in fixes]
            await record_refusals(conn, rule, guild_id, results, command, started)
        return results
    outcomes = await _change_roles(pool, guild_id, fixes, command, source, count)
    refused = [fix.result(FixOutcome.REFUSED, outcome.error or "") for fix, outcome in outcomes if outcome.is_refused]
    outcomes = [(fix, outcome) for fix, outcome in outcomes if not outcome.is_refused]
    async with pool.connection() as conn:
        await guilds.lock(conn, guild_id)
        await record_refusals(conn, rule, guild_id, refused, command, started)
        await keep_reasons(conn, refused, [fix.issue for fix in fixes])
        seen = {_member_of(fix): outcome.roles for fix, outcome in outcomes if outcome.roles is not None}
        await discord.set_roles(conn, guild_id, seen)
        found = await rule.detect_fn(conn, guild_id=guild_id)
        now = {issue.id: issue for issue in await issues.get_many(conn, [fix.issue.id for fix in fixes], guild_id)}
        applied = [
            _judge(fix, outcome, found)
            for fix, outcome in outcomes
            if outcome.changes or outcome.error or now[fix.issue.id].resolved_at is None
        ]
        done = {each.fix.issue.id for each in applied} | {result.issue_id for result in refused}
        others = [nothing_to_do(now[fix.issue.id]) for fix in fixes if fix.issue.id not in done]
        return [*refused, *others, *await record(conn, rules, rule, guild_id, applied, command, started)]


async def _change_roles(
    pool: Pool,
    guild_id: int,
    fixes: Sequence[PlannedFix],
    command: Command,
    source: DiscordSource,
    count: Count,
) -> list[tuple[PlannedFix, discord_steps.RoleOutcome]]:
    async with pool.connection() as conn:
        known = await discord.addresses(conn, guild_id, [_member_of(fix) for fix in fixes])
    run = discord_steps.RoleRun(source)
    outcomes = []
    for fix in fixes:
        address = known[_member_of(fix)]
        member = discord_steps.Member(address.row_id, address.discord_id, address.discord_guild_id or "")
        why = f"PATT, {command.actor}: {fix.plan.reason}"
        outcomes.append((fix, await run.carry_out(member, fix.plan, reason=why)))
        count.add(1, "Changing roles on Discord")
    return outcomes


def _judge(fix: PlannedFix, outcome: discord_steps.RoleOutcome, found: Sequence[Finding]) -> Applied:
    error = outcome.error
    if error is None and any(finding.issue_hash == fix.issue.issue_hash for finding in found):
        error = "The roles were changed, and the rule still finds a mismatch. Look at the member on Discord."
    return Applied(fix, outcome.changes, error, found)


def _member_of(fix: PlannedFix) -> int:
    return next(step.discord_user_id for step in fix.plan.steps if isinstance(step, AddDiscordRole | RemoveDiscordRole))
