"""Fixing issues: one transaction, all or nothing for each issue, believed only when the detector agrees; then Discord."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any

import structlog

from sv_common.db.lost import raise_if_lost
from sv_common.db.pool import GuildConnection, Pool
from sv_common.guild_sync.changes.apply import apply
from sv_common.guild_sync.core.errors import PattError
from sv_common.guild_sync.core.language import mark, tr
from sv_common.guild_sync.engine.command import FixRun
from sv_common.guild_sync.engine.fix_by_function import fix_by_function
from sv_common.guild_sync.engine.fix_roles import fix_on_discord
from sv_common.guild_sync.engine.planning import PlannedFix, held, not_of_rule, plan_fixes
from sv_common.guild_sync.engine.record import Applied, keep_review_reasons, record, record_unmade, settle_gone
from sv_common.guild_sync.engine.results import FixResult
from sv_common.guild_sync.issues import lifecycle
from sv_common.guild_sync.issues.history import check_unchanged

log = structlog.get_logger(__name__)

INEFFECTIVE = mark("The fix would not resolve this issue. Nothing was changed.")
_CONTRADICTED = mark(
    "This fix contradicts others of the same run: each changes who the other's note means. Nothing was changed. Fix "
    "one of them on its own."
)


class _StillFound(PattError):
    """After the changes, the detector still finds the subjects of some."""

    def __init__(self, issue_hashes: Collection[str]) -> None:
        super().__init__(tr(INEFFECTIVE))
        self.issue_hashes = frozenset(issue_hashes)


@dataclass(frozen=True, slots=True)
class DatabaseFixes:
    """The results of fixes in the database, and the fixes that are left to be made on Discord."""

    results: Sequence[FixResult]
    on_discord: Sequence[PlannedFix]


async def fix_issues(pool: Pool, run: FixRun) -> list[FixResult]:
    """Fix what can be fixed of these issues of one rule and one guild, and return what became of each.

    1. Scan again and plan, under the guild's lock. What is resolved, gone, refused or needs review is settled here.
    2. With more than the run's limit of plans to apply, all of them need review.
    3. Apply the rows, verify with the detector, record, resolve, and rescan the affected rules: all in one transaction. When
       the batch fails, each issue is tried alone.
    4. Role changes on Discord follow after the transaction, member by member: planned again, recorded before they are made,
       verified by a second look, and recorded again before the next member.

    Raises `PlanStale` where a single issue is not as it was seen, `Busy` while another process changes the roles of the one
    member, and what the guard of the rows refuses. Progress is reported for each batch, each issue that is tried alone, and
    each member.

    A rule that has only a `mitigate_fn` of its own is called issue by issue instead.
    """
    if run.rule.own_function is not None:
        results = await fix_by_function(pool, run, run.rule.own_function)
    else:
        run.settle(0, tr("Planning: {rule}", rule=run.rule.name))
        async with pool.writing(run.guild_id) as guild, run.guard(guild):
            here = await fix_in_database(guild, run)
        results = list(here.results)
        if here.on_discord:
            results += await fix_on_discord(pool, run, here.on_discord)
    order = {issue_id: place for place, issue_id in enumerate(run.issue_ids)}
    return sorted(results, key=lambda result: order[result.issue_id])


async def fix_in_database(guild: GuildConnection, run: FixRun) -> DatabaseFixes:
    """Do the steps 1 to 3 of `fix_issues` in the caller's transaction, which holds the guild's lock. Raises like it."""
    known = [i for i in await lifecycle.get_many(guild, run.issue_ids) if i.issue_type == run.rule.issue_type]
    planning = await plan_fixes(guild, run.rule, known, run.command)
    ready = planning.ready
    first = next(iter(run.issue_ids), None)
    await check_unchanged(guild, first, run.seen, plan_key=ready[0].plan.key if ready else None)
    settled = [*not_of_rule(run.rule, run.issue_ids, known), *planning.settled]
    settled += await settle_gone(guild, planning.gone)
    if run.limit is not None and len(ready) > run.limit:
        settled += [held(fix.issue, fix.plan, len(ready), run.limit) for fix in ready]
        ready = ()
    run.settle(len(settled))
    # Fixes that create a player come first, so that undoing in reverse deletes it last.
    here = sorted((fix for fix in ready if not fix.is_on_discord), key=lambda fix: not fix.plan.created)
    tried = await _Batch(guild, run).apply(here)
    results = [*settled, *tried.settled, *await record(guild, run, tried.applied)]
    await keep_review_reasons(guild, results, known)
    await record_unmade(guild, run, [*settled, *tried.settled], known)
    return DatabaseFixes(results, [fix for fix in ready if fix.is_on_discord])


@dataclass(frozen=True, slots=True)
class _Tried:
    """The fixes that were tried, in the order of trying, and what became of issues that needed none any more."""

    applied: Sequence[Applied]
    settled: Sequence[FixResult] = ()


@dataclass(frozen=True, slots=True)
class _Batch:
    """Fixes that are applied in one transaction."""

    guild: GuildConnection
    run: FixRun

    async def apply(self, ready: Sequence[PlannedFix]) -> _Tried:
        """Apply all plans at once, so that the result does not depend on their order.

        Where the rule still finds some of them, the others go first, and these are planned again after them: a fix can change
        what another one's note means. Where something breaks, each goes alone, so that one failure stops no other.
        """
        if not ready:
            return _Tried(())
        try:
            applied = await self._apply_together(ready)
        except _StillFound as error:
            found = [fix for fix in ready if fix.issue.issue_hash in error.issue_hashes]
            if len(found) == len(ready):
                return await self._apply_what_holds(ready)
            fixed = [fix for fix in ready if fix.issue.issue_hash not in error.issue_hashes]
            return await self._apply_in_turn([fixed, found])
        except Exception as error:  # noqa: BLE001 -- whatever goes wrong with one issue must not stop the others
            raise_if_lost(error, self.guild.conn)
            if len(ready) == 1:
                return _Tried(self._failed(ready, self._explain(error)))
            return await self._apply_in_turn([[fix] for fix in ready])
        self.run.settle(len(ready), tr("Verified: {rule}", rule=self.run.rule.name))
        return _Tried(applied)

    async def _apply_together(self, ready: Sequence[PlannedFix]) -> list[Applied]:
        async with self.guild.savepoint():
            changes = await apply(self.guild, [fix.plan for fix in ready], self.run.command.author)
            kept: dict[str, Any] = {}
            with self.guild.keeping(kept):
                found = await self.run.rule.findings(self.guild)
            ineffective = {fix.issue.issue_hash for fix in ready} & {finding.issue_hash for finding in found}
            if ineffective:
                raise _StillFound(ineffective)
        return [Applied(fix, done, found=found, kept=kept) for fix, done in zip(ready, changes, strict=True)]

    async def _apply_what_holds(self, ready: Sequence[PlannedFix]) -> _Tried:
        """Apply the plans that resolve their issue alone; if all of them do, they contradict each other, and none is applied."""
        if len(ready) == 1:
            return _Tried(self._failed(ready, tr(INEFFECTIVE)))
        holding: list[PlannedFix] = []
        ineffective: list[PlannedFix] = []
        for fix in ready:
            (holding if await self._holds(fix) else ineffective).append(fix)
        if not ineffective:
            return _Tried(self._failed(ready, tr(_CONTRADICTED)))
        tried = await self.apply(holding)
        return _Tried([*self._failed(ineffective, tr(INEFFECTIVE)), *tried.applied], tried.settled)

    async def _holds(self, fix: PlannedFix) -> bool:
        """Whether a plan alone resolves its issue; its changes are rolled back.

        Where it breaks for another reason, applying it reports that.
        """
        try:
            async with self.guild.conn.transaction(force_rollback=True):
                await self._apply_together([fix])
        except Exception as error:  # noqa: BLE001 -- as above
            raise_if_lost(error, self.guild.conn)
            return not isinstance(error, _StillFound)
        return True

    async def _apply_in_turn(self, parts: Sequence[Sequence[PlannedFix]]) -> _Tried:
        """Apply one part after the other, each planned again after the part before."""
        applied: list[Applied] = []
        settled: list[FixResult] = []
        for part in parts:
            try:
                async with self.guild.savepoint():
                    issues = [fix.issue for fix in part]
                    planning = await plan_fixes(self.guild, self.run.rule, issues, self.run.command)
            except Exception as error:  # noqa: BLE001 -- as above
                raise_if_lost(error, self.guild.conn)
                applied += self._failed(part, self._explain(error))
                continue
            settled += [*planning.settled, *await settle_gone(self.guild, planning.gone)]
            self.run.settle(len(part) - len(planning.ready))
            tried = await self.apply(planning.ready)
            applied += tried.applied
            settled += tried.settled
        return _Tried(_judged_again(applied), settled)

    def _failed(self, fixes: Sequence[PlannedFix], error: str) -> list[Applied]:
        self.run.settle(len(fixes))
        return [Applied(fix, (), error) for fix in fixes]

    def _explain(self, error: Exception) -> str:
        if isinstance(error, PattError):
            return str(error)
        log.exception("fix_failed", rule=self.run.rule.issue_type, exc_info=error)
        return tr(
            "An unexpected error ({error}). Nothing was changed for this issue. The log has the details.",
            error=type(error).__name__,
        )


def _judged_again(applied: Sequence[Applied]) -> list[Applied]:
    """Report those as failed that a later fix of the same batch has broken again."""
    done = [each for each in applied if each.error is None]
    found = {finding.issue_hash for finding in done[-1].found} if done else set()
    error = tr("Fixed, but another fix of the same run caused it again. Check the issue.")
    return [
        replace(each, error=error) if each.error is None and each.fix.issue.issue_hash in found else each
        for each in applied
    ]
