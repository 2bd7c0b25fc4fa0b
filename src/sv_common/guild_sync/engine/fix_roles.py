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
from sv_common.guild_sync.changes.roles import Member, MemberGone, RoleOutcome, RoleRun, still_to_do
from sv_common.guild_sync.core.errors import Busy, PlanStale, Refused, SourceError
from sv_common.guild_sync.core.language import mark, tr
from sv_common.guild_sync.engine.command import FixRun
from sv_common.guild_sync.engine.interrupted import finish_of_member
from sv_common.guild_sync.engine.planning import NOT_AS_SEEN, PlannedFix, plan_fixes
from sv_common.guild_sync.engine.record import keep_review_reasons, record_unmade, settle_gone
from sv_common.guild_sync.engine.results import FixOutcome, FixResult
from sv_common.guild_sync.engine.role_records import member_at, member_lock, record_fix, recorded
from sv_common.guild_sync.engine.scan import rescan
from sv_common.guild_sync.issues import lifecycle
from sv_common.guild_sync.issues.history import check_unchanged
from sv_common.guild_sync.roster import members
from sv_common.guild_sync.sources.ports import DiscordSource

log = structlog.get_logger(__name__)

_NO_BOT = mark("No Discord bot is set up, so roles cannot be changed. Set PATT_DISCORD_BOT_TOKEN and try again.")
_NO_DATABASE = mark("The database did not answer. Nothing was changed for this issue. Try again.")
_NOT_RECORDED = mark(
    "Discord was told to change the roles, but the database did not record it. The next sync checks Discord and "
    "records the result."
)
_ALREADY_SO = mark("The member already has the right roles on Discord. Nothing was changed.")


async def fix_on_discord(pool: Pool, run: FixRun, fixes: Sequence[PlannedFix]) -> list[FixResult]:
    """Do step 4 of `fix_issues`, outside of any transaction: what Discord has done stays done.

    Each result is its own member's, whatever happened to the others. For an officer's click on one issue, raises `Busy` while
    another process changes the member's roles, and `PlanStale` where it is not as it was seen.
    """
    busy: set[int] = set()
    if run.source is None:
        results = [fix.result(FixOutcome.REFUSED, tr(_NO_BOT)) for fix in fixes]
    else:
        members_of = _Members(pool, run, run.source, RoleRun(run.source), busy)
        results = []
        for fix in fixes:
            results.append(await members_of.fix(fix))
            run.settle(1, tr("Changing roles on Discord"))
    reported = [result for result in results if result.issue_id not in busy]
    unmade = [result for result in reported if result.attempt_id is None]
    known = [fix.issue for fix in fixes]
    run.started = time.monotonic()
    try:
        async with pool.writing(run.guild_id) as guild:
            await record_unmade(guild, run, unmade, known)
            await keep_review_reasons(guild, unmade, known)
            if len(unmade) < len(reported):
                await rescan(guild, run.rules, run.rule.issue_type)
    except psycopg.OperationalError as error:
        if all(result.attempt_id is None for result in results):
            raise
        log.exception("rules_not_looked_at_again", rule=run.rule.issue_type, exc_info=error)  # the next scan does it
    return results


@dataclass(frozen=True, slots=True)
class _Members:
    """Fixes for many members, one after the other."""

    pool: Pool
    run: FixRun
    source: DiscordSource
    roles: RoleRun
    busy: set[int] = field(default_factory=set)
    """Issues whose members another process is changing: there is nothing to be recorded of that."""

    async def fix(self, fix: PlannedFix) -> FixResult:
        if self.roles.stopped_by is not None:
            return fix.result(FixOutcome.FAILED, self.roles.stopped_by)
        try:
            async with member_lock(self.pool, fix.member_id):
                return await self._fix_alone(fix)
        except MemberGone as gone:
            return fix.result(FixOutcome.FAILED, str(gone))
        except (Busy, PlanStale) as error:
            if not self.run.command.is_bulk:
                raise
            if isinstance(error, Busy):
                self.busy.add(fix.issue.id)
            return fix.result(FixOutcome.REFUSED, str(error))
        except Refused as refusal:
            return fix.result(FixOutcome.REFUSED, str(refusal))
        except SourceError as error:
            return fix.result(FixOutcome.FAILED, str(error))
        except psycopg.OperationalError as error:
            log.exception("fix_failed", rule=self.run.rule.issue_type, exc_info=error)
            self.roles.stopped_by = tr(_NO_DATABASE)
            return fix.result(FixOutcome.FAILED, tr(_NO_DATABASE))

    async def _fix_alone(self, fix: PlannedFix) -> FixResult:
        pool, run = self.pool, self.run
        for done in await finish_of_member(pool, run.rules, self.source, run.guild_id, fix.member_id):
            is_it = done.issue_id == fix.issue.id and done.outcome == FixOutcome.FIXED
            if is_it and done.actor == run.command.actor and done.undone_at is None:
                # The same person requested it before, and only the response was lost.
                return fix.result(FixOutcome.FIXED, done.reason, done.id)
        async with pool.reading(run.guild_id) as guild:
            member = await member_at(guild, fix.member_id)
        held = await self.roles.look(member)
        planned = await self._plan_again(fix, member, held)
        if isinstance(planned, FixResult):
            return planned
        roles = still_to_do(planned.plan.roles, held)
        if not roles:
            return planned.result(FixOutcome.NOTHING_TO_DO, tr(_ALREADY_SO))
        await self.roles.check(member, roles)
        async with pool.writing(run.guild_id, alone=False) as guild:
            number = await attempts.begin(
                guild,
                run.rule.issue_type,
                NewAttempt(planned.issue.id, "running", planned.plan.reason, planned.plan),
                roles,
                actor=run.command.actor,
                is_automatic=run.command.is_automatic,
            )
            attempt = await attempts.get(guild, number)
        why = f"PATT, {run.command.actor}: {planned.plan.reason}"
        outcome = await self.roles.make(member, roles, reason=why)
        return await self._record(planned, attempt, member, outcome)

    async def _plan_again(self, fix: PlannedFix, member: Member, held: Sequence[str]) -> PlannedFix | FixResult:
        """Plan from what Discord shows of the member now.

        No other plan than the one seen is applied; what Discord shows is stored, so that the next preview shows it.
        """
        async with self.pool.writing(self.run.guild_id) as guild:
            await members.set_roles(guild, {member.row_id: held})
            await check_unchanged(guild, fix.issue.id, self.run.seen)
            known = await lifecycle.get_many(guild, [fix.issue.id])
            planning = await plan_fixes(guild, self.run.rule, known, replace(self.run.command, seen={}))
            settled = [*planning.settled, *await settle_gone(guild, planning.gone)]
            is_bound = self.run.seen is not None or fix.issue.id in self.run.command.seen
            # No more may be planned than the officer has seen, if they have seen a preview.
            is_as_seen = not is_bound or all(set(fresh.plan.roles) <= set(fix.plan.roles) for fresh in planning.ready)
            if not is_as_seen:
                await rescan(guild, self.run.rules, self.run.rule.issue_type)
        if not is_as_seen:
            raise PlanStale(f"{tr(NOT_AS_SEEN)} {tr('Nothing was changed for this member.')}")
        return settled[0] if settled else planning.ready[0]

    async def _record(self, fix: PlannedFix, attempt: Attempt, member: Member, outcome: RoleOutcome) -> FixResult:
        async def write(guild: GuildConnection) -> tuple[FixOutcome, str]:
            return await record_fix(guild, self.run.rule, attempt, member, outcome)

        try:
            ending, reason = await recorded(self.pool, self.run.guild_id, write)
        except psycopg.OperationalError as error:
            log.exception("role_change_not_recorded", attempt_id=attempt.id, exc_info=error)
            self.roles.stopped_by = tr(_NO_DATABASE)
            return fix.result(FixOutcome.UNVERIFIED, tr(_NOT_RECORDED), attempt.id)
        return fix.result(ending, reason, attempt.id)
