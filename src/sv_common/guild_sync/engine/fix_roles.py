"""Fixes on Discord, member by member: recorded, planned again, made, verified, recorded; then the next one.

Nothing is requested from Discord inside a transaction, under a guild's lock or while a pooled connection is held. Whatever
is killed when: what Discord has done was recorded before, and `interrupted` finishes what was left behind.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import psycopg
import structlog

from sv_common.db.pool import GuildConnection, Pool
from sv_common.guild_sync.changes import attempts
from sv_common.guild_sync.changes.attempts import Attempt, NewAttempt
from sv_common.guild_sync.changes.changeset import RoleChange
from sv_common.guild_sync.changes.roles import Member, MemberGone, RoleOutcome, RoleRun, still_to_do
from sv_common.guild_sync.core.errors import Busy, PlanStale, Refused, SourceError
from sv_common.guild_sync.core.progress import Count
from sv_common.guild_sync.engine.command import Command
from sv_common.guild_sync.engine.interrupted import finish_of_member
from sv_common.guild_sync.engine.planning import NOT_AS_SEEN, PlannedFix, plan_fixes
from sv_common.guild_sync.engine.record import Rules, affected_rules, keep_review_reasons, record_unmade, settle_gone
from sv_common.guild_sync.engine.results import FixOutcome, FixResult
from sv_common.guild_sync.engine.role_records import Ending, member_at, member_lock, record_fix, recorded
from sv_common.guild_sync.engine.scan import rescan
from sv_common.guild_sync.issues import lifecycle
from sv_common.guild_sync.issues.history import Seen, check_unchanged
from sv_common.guild_sync.roster import members
from sv_common.guild_sync.rulebook.rule import RuleDefinition
from sv_common.guild_sync.sources.ports import DiscordSource

log = structlog.get_logger(__name__)

_NO_BOT = "No Discord bot is set up, so roles cannot be changed. Set PATT_DISCORD_BOT_TOKEN and try again."
_NO_DATABASE = "The database did not answer, so nothing was changed for this issue. Try it again."
_NOT_RECORDED = (
    "Discord was told to change the roles, and the database did not answer when that was to be recorded. It is looked up "
    "on Discord and recorded with the next sync."
)
_ALREADY_SO = "The member has the right roles on Discord by now; nothing was changed."


def is_on_discord(fix: PlannedFix) -> bool:
    """Whether a fix changes something on Discord, which no transaction can roll back."""
    return bool(fix.plan.roles)


async def fix_on_discord(
    pool: Pool,
    rules: Rules,
    rule: RuleDefinition,
    guild_id: int,
    fixes: Sequence[PlannedFix],
    command: Command,
    source: DiscordSource | None,
    count: Count,
    *,
    seen: Seen | None = None,
) -> list[FixResult]:
    """Do step 4 of `fix_issues`, outside of any transaction: what Discord has done stays done.

    Each result is its own member's, whatever happened to the others. For an officer's click on one issue, raises `Busy` while
    another process changes the member's roles, and `PlanStale` where it is not as it was `seen`.
    """
    busy: set[int] = set()
    if source is None:
        results = [fix.result(FixOutcome.REFUSED, _NO_BOT) for fix in fixes]
    else:
        run = _Run(pool, rules, rule, guild_id, command, source, seen, busy=busy)
        results = []
        for fix in fixes:
            results.append(await run.fix(fix))
            count.add(1, "Changing roles on Discord")
    told = [result for result in results if result.issue_id not in busy]
    try:
        await _conclude(pool, rules, rule, guild_id, fixes, told, command)
    except psycopg.OperationalError as error:
        if all(result.attempt_id is None for result in results):
            raise
        log.exception("rules_not_looked_at_again", rule=rule.issue_type, exc_info=error)  # the next scan does it
    return results


async def _conclude(
    pool: Pool,
    rules: Rules,
    rule: RuleDefinition,
    guild_id: int,
    fixes: Sequence[PlannedFix],
    results: Sequence[FixResult],
    command: Command,
) -> None:
    """Record the fixes that never reached Discord, and rescan the rules that the others affect."""
    started = time.monotonic()
    unmade = [result for result in results if result.attempt_id is None]
    async with pool.writing(guild_id) as guild:
        known = [fix.issue for fix in fixes]
        await record_unmade(guild, rule, unmade, known, command, started)
        await keep_review_reasons(guild, unmade, known)
        if len(unmade) < len(results):
            await rescan(guild, affected_rules(rules, rule), {})


@dataclass(slots=True)
class _Run:
    """Fixes of one rule for many members, one after the other."""

    pool: Pool
    rules: Rules
    rule: RuleDefinition
    guild_id: int
    command: Command
    source: DiscordSource
    seen: Seen | None
    roles: RoleRun = field(init=False)
    busy: set[int] = field(default_factory=set)
    """Issues whose members somebody else is changing: there is nothing to be recorded of that."""

    def __post_init__(self) -> None:
        self.roles = RoleRun(self.source)

    async def fix(self, fix: PlannedFix) -> FixResult:
        """Fix one member under the member's lock."""
        if self.roles.stopped_by is not None:
            return fix.result(FixOutcome.FAILED, self.roles.stopped_by)
        try:
            async with member_lock(self.pool, _member_of(fix)):
                return await self._fix_alone(fix)
        except MemberGone as gone:
            return fix.result(FixOutcome.FAILED, str(gone))
        except (Busy, PlanStale) as error:
            if not self.command.is_bulk:
                raise
            if isinstance(error, Busy):
                self.busy.add(fix.issue.id)
            return fix.result(FixOutcome.REFUSED, str(error))
        except Refused as refusal:
            return fix.result(FixOutcome.REFUSED, str(refusal))
        except SourceError as error:
            return fix.result(FixOutcome.FAILED, str(error))
        except psycopg.OperationalError as error:
            log.exception("fix_failed", rule=self.rule.issue_type, exc_info=error)
            self.roles.stopped_by = _NO_DATABASE
            return fix.result(FixOutcome.FAILED, _NO_DATABASE)

    async def _fix_alone(self, fix: PlannedFix) -> FixResult:
        member_id = _member_of(fix)
        finished = await finish_of_member(self.pool, self.rules, self.source, self.guild_id, member_id)
        if (done := _own_success(fix, finished, self.command)) is not None:
            return done
        async with self.pool.reading(self.guild_id) as guild:
            member = await member_at(guild, member_id)
        held = await self.roles.look(member)
        planned = await self._plan_again(fix, member, held)
        if isinstance(planned, FixResult):
            return planned
        roles = still_to_do(planned.plan.roles, held)
        if not roles:
            return planned.result(FixOutcome.NOTHING_TO_DO, _ALREADY_SO)
        await self.roles.check(member, roles)
        attempt = await self._begin(planned, roles)
        why = f"PATT, {self.command.actor}: {planned.plan.reason}"
        outcome = await self.roles.make(member, roles, reason=why)
        return await self._record(planned, attempt, member, outcome)

    async def _plan_again(self, fix: PlannedFix, member: Member, held: Sequence[str]) -> PlannedFix | FixResult:
        """Plan from what Discord shows of the member now.

        No other plan than the one seen is applied; what Discord shows is stored, so that the next preview shows it.
        """
        async with self.pool.writing(self.guild_id) as guild:
            await members.set_roles(guild, {member.row_id: held})
            await check_unchanged(guild, fix.issue.id, self.seen)
            known = await lifecycle.get_many(guild, [fix.issue.id])
            planning = await plan_fixes(guild, self.rule, known, replace(self.command, seen={}))
            settled = [*planning.settled, *await settle_gone(guild, planning.gone)]
            is_as_seen = all(self._is_as_seen(fresh, fix) for fresh in planning.ready)
            if not is_as_seen:
                await rescan(guild, affected_rules(self.rules, self.rule), {})
        if not is_as_seen:
            raise PlanStale(f"{NOT_AS_SEEN} Nothing was changed for this member.")
        return settled[0] if settled else planning.ready[0]

    def _is_as_seen(self, fresh: PlannedFix, fix: PlannedFix) -> bool:
        """Whether no more is planned than the officer has seen, if they have seen a preview."""
        is_bound = self.seen is not None or fix.issue.id in self.command.seen
        return not is_bound or set(fresh.plan.roles) <= set(fix.plan.roles)

    async def _begin(self, fix: PlannedFix, roles: Sequence[RoleChange]) -> Attempt:
        """Record what is about to be done."""
        async with self.pool.writing(self.guild_id, alone=False) as guild:
            number = await attempts.begin(
                guild,
                self.rule.issue_type,
                NewAttempt(fix.issue.id, "running", fix.plan.reason, fix.plan),
                roles,
                actor=self.command.actor,
                is_automatic=self.command.is_automatic,
            )
            return await attempts.get(guild, number)

    async def _record(self, fix: PlannedFix, attempt: Attempt, member: Member, outcome: RoleOutcome) -> FixResult:
        async def write(guild: GuildConnection) -> Ending:
            return await record_fix(guild, self.rule, attempt, member, outcome)

        try:
            ending = await recorded(self.pool, self.guild_id, write)
        except psycopg.OperationalError as error:
            log.exception("role_change_not_recorded", attempt_id=attempt.id, exc_info=error)
            self.roles.stopped_by = _NO_DATABASE
            return fix.result(FixOutcome.UNVERIFIED, _NOT_RECORDED, attempt.id)
        return fix.result(ending.outcome, ending.reason, attempt.id)


def _own_success(fix: PlannedFix, finished: Sequence[Attempt], command: Command) -> FixResult | None:
    """What the same person requested before, and was done although its response was lost, is their success."""
    for attempt in finished:
        is_it = attempt.issue_id == fix.issue.id and attempt.outcome == FixOutcome.FIXED
        if is_it and attempt.actor == command.actor and attempt.undone_at is None:
            return fix.result(FixOutcome.FIXED, attempt.reason, attempt.id)
    return None


def _member_of(fix: PlannedFix) -> int:
    return fix.plan.roles[0].member_id
