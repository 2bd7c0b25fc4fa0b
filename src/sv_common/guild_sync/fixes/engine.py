"""Fixing issues: one transaction, all or nothing for each issue, believed only when the detector agrees."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import structlog

from sv_common.db.pool import Connection, Pool
from sv_common.guild_sync import issues
from sv_common.guild_sync.checking import DETECTION, look_again
from sv_common.guild_sync.domain.errors import PattError
from sv_common.guild_sync.domain.issue import Finding, Issue
from sv_common.guild_sync.domain.plan import AddDiscordRole, CreatePlayer, RemoveDiscordRole
from sv_common.guild_sync.domain.progress import Progress, Watch, unwatched
from sv_common.guild_sync.domain.report import FixOutcome, FixResult
from sv_common.guild_sync.domain.rule import RuleDefinition
from sv_common.guild_sync.fixes import database_steps, discord_steps
from sv_common.guild_sync.fixes.command import Command
from sv_common.guild_sync.fixes.planning import PlannedFix, Planning, nothing_to_do, plan_fixes
from sv_common.guild_sync.issue_history import Seen, check_unchanged
from sv_common.guild_sync.ports import DiscordSource
from sv_common.guild_sync.store import attempts, discord, guilds
from sv_common.guild_sync.store.attempts import NewAttempt
from sv_common.guild_sync.store.links import Change

log = structlog.get_logger(__name__)

Rules = Mapping[str, RuleDefinition]

_NO_BOT = "No Discord bot is set up, so roles cannot be changed. Set PATT_DISCORD_BOT_TOKEN and try again."


@dataclass(slots=True)
class Count:
    """How many issues are settled so far, for whoever watches."""

    total: int
    watch: Watch = unwatched
    done: int = 0

    def add(self, issues: int, doing: str) -> None:
        """Count issues that are settled, and say what comes next."""
        self.done = min(self.done + issues, self.total)
        self.tell(doing)

    def tell(self, doing: str) -> None:
        """Say what is being done."""
        self.watch(Progress(self.done, self.total, doing))


class _StillFound(PattError):
    """After the steps were carried out, the detector still finds the subject."""


@dataclass(frozen=True, slots=True)
class _Applied:
    """A fix that was tried: what it changed, why it failed if it did, and what the detector has found after it."""

    fix: PlannedFix
    changes: Sequence[Change]
    error: str | None = None
    found: Sequence[Finding] = ()


@dataclass(frozen=True, slots=True)
class FixedHere:
    """What became of issues in the database, and the fixes that are left to be carried out on Discord."""

    results: Sequence[FixResult]
    on_discord: Sequence[PlannedFix]


async def preview(pool: Pool, rule: RuleDefinition, issue_ids: Sequence[int], command: Command) -> Planning:
    """Return what fixing would do, and do nothing. The issues are of one rule and one guild."""
    async with pool.connection() as conn:
        return await plan_fixes(conn, rule, await issues.get_many(conn, issue_ids), command)


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
) -> list[FixResult]:
    """Fix what can be fixed of these issues of one rule and one guild, and say what became of each.

    1. Look again and plan, under the guild's lock. What is resolved, gone, refused or waiting is settled here.
    2. With more than `limit` plans to apply, all of them are held for an officer.
    3. Carry out the steps on the database, verify with the detector, record, resolve, and look again at the rules that
       the fix can touch: all in one transaction. When the batch fails, each issue is tried by itself.
    4. Steps on Discord follow after the transaction, member by member, each verified by a second look.

    `seen` is what whoever asks for the fix of one issue has seen of it. Raises `PlanStale` where that is no longer so.
    Whoever watches hears of each batch, of each issue that is tried by itself, and of each member.
    """
    count = Count(len(issue_ids), watch)
    count.tell(f"Planning: {rule.name}")
    async with pool.connection() as conn:
        await guilds.lock(conn, guild_id)
        here = await fix_in_database(conn, rules, rule, guild_id, issue_ids, command, count, limit=limit, seen=seen)
    results = list(here.results)
    if here.on_discord:
        results += await fix_on_discord(pool, rules, rule, guild_id, here.on_discord, command, source, count)
    order = {issue_id: place for place, issue_id in enumerate(issue_ids)}
    return sorted(results, key=lambda result: order[result.issue_id])


async def fix_in_database(
    conn: Connection,
    rules: Rules,
    rule: RuleDefinition,
    guild_id: int,
    issue_ids: Sequence[int],
    command: Command,
    count: Count,
    *,
    limit: int | None = None,
    seen: Seen | None = None,
) -> FixedHere:
    """Do the steps 1 to 3 of `fix_issues` in the transaction of the caller, who holds the guild's lock. Raises like it."""
    started = time.monotonic()
    known = [i for i in await issues.get_many(conn, issue_ids, guild_id) if i.issue_type == rule.issue_type]
    planning = await plan_fixes(conn, rule, known, command)
    await check_unchanged(conn, issue_ids[0] if issue_ids else None, seen, plan_key=_key_of(planning))
    results = [*_vanished(rule, issue_ids, known), *planning.settled]
    results += await _settle_gone(conn, planning.gone)
    ready = planning.ready
    if limit is not None and len(ready) > limit:
        results += [_held(fix, len(ready), limit) for fix in ready]
        ready = ()
    here = sorted((fix for fix in ready if not _is_on_discord(fix)), key=_founders_first)
    count.add(len(results), f"Fixing: {rule.name}")
    applied = await _apply(conn, rule, here, command, count)
    results += await _record(conn, rules, rule, guild_id, applied, command, started)
    await _keep_reasons(conn, results, known)
    await _record_refusals(conn, rule, guild_id, results, command, started)
    return FixedHere(results, [fix for fix in ready if _is_on_discord(fix)])


def concerned_by(rules: Rules, rule: RuleDefinition) -> list[RuleDefinition]:
    """Return the rules whose findings a fix of this rule can change: itself, for one fix may give or take another's, and others."""
    return [rule, *(rules[issue_type] for issue_type in rule.page.affects)]


async def _apply(
    conn: Connection, rule: RuleDefinition, ready: Sequence[PlannedFix], command: Command, count: Count
) -> list[_Applied]:
    """Carry out all plans at once; when that fails, one by one, each planned anew, so that one failure stops no other."""
    if not ready:
        return []
    try:
        applied = await _apply_together(conn, rule, ready, command)
    except Exception as error:  # noqa: BLE001 -- whatever goes wrong with one issue must not stop the others
        if len(ready) == 1:
            return [_Applied(ready[0], (), _explain(error, rule))]
    else:
        count.add(len(ready), f"Verified: {rule.name}")
        return applied
    applied = []
    for fix in ready:
        applied += await _apply_alone(conn, rule, fix, command)
        count.add(1, f"Fixing one by one: {rule.name}")
    return _judged_again(applied)


def _judged_again(applied: Sequence[_Applied]) -> list[_Applied]:
    """Take back the word "fixed" from what a later fix of the same batch has made wrong again."""
    done = [each for each in applied if each.error is None]
    found = {finding.issue_hash for finding in done[-1].found} if done else set()
    error = "It was done, and another fix of the same run made the rule find it again. Look at it once more."
    return [
        replace(each, error=error) if each.error is None and each.fix.issue.issue_hash in found else each
        for each in applied
    ]


async def _apply_alone(conn: Connection, rule: RuleDefinition, fix: PlannedFix, command: Command) -> list[_Applied]:
    try:
        async with conn.transaction():
            planning = await plan_fixes(conn, rule, [fix.issue], command)
    except Exception as error:  # noqa: BLE001 -- as above
        return [_Applied(fix, (), _explain(error, rule))]
    return await _apply(conn, rule, planning.ready, command, Count(1, unwatched))


async def _apply_together(
    conn: Connection, rule: RuleDefinition, ready: Sequence[PlannedFix], command: Command
) -> list[_Applied]:
    guild_id = ready[0].issue.guild_id
    async with conn.transaction():
        changes = await database_steps.write(conn, guild_id, [fix.plan for fix in ready], command.author)
        found = await rule.detect_fn(conn, guild_id=guild_id)
        if {fix.issue.issue_hash for fix in ready} & {finding.issue_hash for finding in found}:
            raise _StillFound("The fix did not mend it: the rule still finds the same. Nothing was changed.")
    return [_Applied(fix, done, found=found) for fix, done in zip(ready, changes, strict=True)]


async def _record(
    conn: Connection,
    rules: Rules,
    rule: RuleDefinition,
    guild_id: int,
    applied: Sequence[_Applied],
    command: Command,
    started: float,
) -> list[FixResult]:
    """Record attempts, resolve what is mended, and look again at the rules that this fix can touch."""
    new = [_new_attempt(each) for each in applied if not _is_known_failure(each, command)]
    numbers = await attempts.add(
        conn,
        guild_id,
        rule.issue_type,
        new,
        actor=command.actor,
        is_automatic=command.is_automatic,
        duration_ms=_milliseconds(started),
    )
    attempt_of = {attempt.issue_id: number for attempt, number in zip(new, numbers, strict=True)}
    fixed = [each.fix.issue.id for each in applied if each.error is None]
    if fixed:
        await issues.resolve(conn, fixed, resolved_by=command.actor, reason=f"Fixed by {command.actor}.")
    changed = [each for each in applied if each.error is None or each.changes]
    if changed:
        await look_again(conn, concerned_by(rules, rule), guild_id, {rule.issue_type: changed[-1].found})
    return [
        each.fix.result(
            FixOutcome.FIXED if each.error is None else FixOutcome.FAILED,
            each.error or each.fix.plan.reason,
            attempt_of.get(each.fix.issue.id),
        )
        for each in applied
    ]


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
            await _record_refusals(conn, rule, guild_id, results, command, started)
        return results
    outcomes = await _change_roles(pool, guild_id, fixes, command, source, count)
    refused = [fix.result(FixOutcome.REFUSED, outcome.error or "") for fix, outcome in outcomes if outcome.is_refused]
    outcomes = [(fix, outcome) for fix, outcome in outcomes if not outcome.is_refused]
    async with pool.connection() as conn:
        await guilds.lock(conn, guild_id)
        await _record_refusals(conn, rule, guild_id, refused, command, started)
        await _keep_reasons(conn, refused, [fix.issue for fix in fixes])
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
        return [*refused, *others, *await _record(conn, rules, rule, guild_id, applied, command, started)]


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


def _judge(fix: PlannedFix, outcome: discord_steps.RoleOutcome, found: Sequence[Finding]) -> _Applied:
    error = outcome.error
    if error is None and any(finding.issue_hash == fix.issue.issue_hash for finding in found):
        error = "The roles were changed, and the rule still finds a mismatch. Look at the member on Discord."
    return _Applied(fix, outcome.changes, error, found)


def _member_of(fix: PlannedFix) -> int:
    return next(step.discord_user_id for step in fix.plan.steps if isinstance(step, AddDiscordRole | RemoveDiscordRole))


def _founders_first(fix: PlannedFix) -> bool:
    """Order fixes so that whatever uses a new player has a higher number than what makes it, and is undone before it."""
    return not any(isinstance(step, CreatePlayer) for step in fix.plan.steps)


def _is_on_discord(fix: PlannedFix) -> bool:
    return any(isinstance(step, AddDiscordRole | RemoveDiscordRole) for step in fix.plan.steps)


async def _settle_gone(conn: Connection, gone: Sequence[Issue]) -> list[FixResult]:
    reason = "No longer found."
    if gone:
        await issues.resolve(conn, [issue.id for issue in gone], resolved_by=DETECTION, reason=reason)
    sentence = "This is no longer so, and the issue is resolved; nothing else was changed."
    return [FixResult(issue.id, issue.issue_type, FixOutcome.NOTHING_TO_DO, sentence) for issue in gone]


async def _keep_reasons(conn: Connection, results: Sequence[FixResult], known: Sequence[Issue]) -> None:
    """Keep with each issue why it is left to an officer."""
    current = {issue.id: issue.waiting_reason for issue in known}
    kept = (FixOutcome.WAITING, FixOutcome.HELD, FixOutcome.REFUSED, FixOutcome.FAILED)
    reasons = {r.issue_id: r.reason for r in results if r.outcome in kept and current.get(r.issue_id) != r.reason}
    await issues.say_why_waiting(conn, reasons)


async def _record_refusals(
    conn: Connection,
    rule: RuleDefinition,
    guild_id: int,
    results: Sequence[FixResult],
    command: Command,
    started: float,
) -> None:
    """An officer's click that was refused is recorded too; automation that waits is not, for it asks at every run."""
    refused = [
        NewAttempt(result.issue_id, "refused", result.reason, result.plan)
        for result in results
        if result.outcome is FixOutcome.REFUSED and not command.is_automatic
    ]
    await attempts.add(
        conn,
        guild_id,
        rule.issue_type,
        refused,
        actor=command.actor,
        is_automatic=False,
        duration_ms=_milliseconds(started),
    )


def _key_of(planning: Planning) -> str | None:
    """The key of the plan that would be carried out for the first issue."""
    return planning.ready[0].plan.key if planning.ready else None


def _vanished(rule: RuleDefinition, issue_ids: Sequence[int], known: Sequence[Issue]) -> list[FixResult]:
    there = {issue.id for issue in known}
    reason = f"There is no such issue of the rule “{rule.name}”; nothing was changed."
    return [
        FixResult(issue_id, rule.issue_type, FixOutcome.NOTHING_TO_DO, reason)
        for issue_id in dict.fromkeys(issue_ids)
        if issue_id not in there
    ]


def _held(fix: PlannedFix, count: int, limit: int) -> FixResult:
    reason = (
        f"{count} fixes at once is more than the {limit} that may run by themselves, so all of them wait. "
        "If they are right, one click on Fix All applies them."
    )
    return fix.result(FixOutcome.HELD, reason)


def _new_attempt(applied: _Applied) -> NewAttempt:
    outcome = "fixed" if applied.error is None else "failed"
    reason = applied.error or applied.fix.plan.reason
    return NewAttempt(applied.fix.issue.id, outcome, reason, applied.fix.plan, applied.changes)


def _is_known_failure(applied: _Applied, command: Command) -> bool:
    """Automation that fails in the same way at every run is recorded once."""
    return (
        command.is_automatic
        and applied.error is not None
        and not applied.changes
        and applied.error == applied.fix.issue.waiting_reason
    )


def _explain(error: Exception, rule: RuleDefinition) -> str:
    if isinstance(error, PattError):
        return str(error)
    log.exception("fix_failed", rule=rule.issue_type, exc_info=error)
    return f"An unexpected error ({type(error).__name__}); nothing was changed for this issue. The log has the details."


def _milliseconds(started: float) -> int:
    return round((time.monotonic() - started) * 1000)
