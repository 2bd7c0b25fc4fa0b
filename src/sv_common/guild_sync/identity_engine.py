"""Who is who, on an officer's command: single decisions, and the full match of all characters without a player.

Each is previewed as a changeset, applied in one transaction, recorded as an attempt, and can be undone as a whole. What a
person decided is never changed by automation, and "not this player" is respected by every later decision.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Annotated

from pydantic import Field, computed_field

from sv_common.db.pool import GuildConnection, Pool
from sv_common.guild_sync.changes import attempts
from sv_common.guild_sync.changes.apply import apply
from sv_common.guild_sync.changes.attempts import NewAttempt
from sv_common.guild_sync.changes.changeset import LEARNED_BY_MATCH, MANUAL, Author, Changeset
from sv_common.guild_sync.changes.describe import Effect, describe, sentences
from sv_common.guild_sync.core.errors import PlanStale
from sv_common.guild_sync.core.language import tr
from sv_common.guild_sync.core.reports import count_in_words
from sv_common.guild_sync.core.undo_offer import UndoOffer, undo_of_attempts
from sv_common.guild_sync.engine.command import SOME_OFFICER, Guard, unguarded
from sv_common.guild_sync.engine.scan import rescan
from sv_common.guild_sync.identity.decisions import ManualDecision
from sv_common.guild_sync.identity.known import resolver_of
from sv_common.guild_sync.identity.matcher import MatchEvidence, MatchGroup, match
from sv_common.guild_sync.identity.plans.overruling import check_reason, overruled
from sv_common.guild_sync.issues import lifecycle
from sv_common.guild_sync.roster import guilds
from sv_common.guild_sync.rules import RULES

__all__ = ["MatchEvidence", "MatchGroup"]

FULL_MATCH = LEARNED_BY_MATCH
MOST_STEPS_IN_A_SENTENCE = 3


@dataclass(frozen=True, slots=True)
class DecisionReport:
    """What a decision would do or did; `attempt_id` is what to undo, None for a preview."""

    guild_id: int
    plan: Annotated[Changeset, Field(exclude=True)]
    effects: Sequence[Effect]
    attempt_id: Annotated[
        int | None,
        Field(description="The attempt that was made, which `undo` undoes. Null for a preview."),
    ] = None
    overrules: Annotated[
        str | None,
        Field(
            description="What a Battle.net sign-in has proven and this overrules; it needs a reason then.",
            examples=["Grimalt-Area 52 is Mito’s, proven by a Battle.net sign-in."],
        ),
    ] = None

    @computed_field(description="How to undo it; null for a preview.")
    @property
    def undo(self) -> UndoOffer | None:
        """How to undo it, once it was done."""
        return undo_of_attempts([self.attempt_id]) if self.attempt_id is not None else None

    @computed_field(alias="steps")
    @property
    def sentences(self) -> Sequence[str]:
        """What is done, in words."""
        return sentences(self.plan)

    @computed_field
    @property
    def sentence(self) -> str:
        """What is done, in short; of a merge, or of many changes, the reason says it all."""
        is_merge = any(row.table == "player" and row.after is None for row in self.plan.rows)
        is_long = is_merge or len(self.plan.rows) > MOST_STEPS_IN_A_SENTENCE
        if self.attempt_id is None or is_long:
            return self.plan.reason if self.attempt_id is None else f"{tr('Done.')} {self.plan.reason}"
        return " ".join([tr("Done."), *self.sentences])

    @computed_field(description="Send it with the decision, so that exactly this plan is applied.")
    @property
    def plan_key(self) -> str:
        """What names this very plan."""
        return self.plan.key


@dataclass(frozen=True, slots=True)
class MatchReport:
    """What a full match would do or did. `attempt_id` is what to undo; None for a preview or when there was nothing.

    `missing` counts the selected people who have changed since they were selected; nothing was done for them.
    """

    guild_id: int
    groups: Sequence[MatchGroup]
    left_alone: Sequence[MatchGroup]
    attempt_id: int | None = None
    missing: int = 0

    @property
    def plan(self) -> Changeset:
        return Changeset(tuple(row for group in self.groups for row in group.rows), tr("An officer's full match."))

    @property
    def counts(self) -> dict[str, int]:
        plan = self.plan
        return {
            "players_created": len(plan.created),
            "characters_linked": len(plan.linked),
            "left_alone": len(self.left_alone),
        }


async def preview_decision(pool: Pool, decision: ManualDecision, *, guild_id: int | None = None) -> DecisionReport:
    """Return exactly what `apply_decision` would do now, and do nothing. Raises like it."""
    async with pool.reading(await guilds.resolve_guild(pool, guild_id)) as guild:
        return await _plan(guild, decision, "")


async def apply_decision(
    pool: Pool, decision: ManualDecision, *, actor: str, guild_id: int | None = None, guard: Guard = unguarded
) -> DecisionReport:
    """Carry out an officer's decision and look again at every rule.

    Raises `NotFound` for an unknown character or player, `Refused` where there is nothing to do or where the decision
    contradicts an earlier one, or where the guard of the rows refuses it, and `PlanStale` where another plan than the one
    that was seen would be carried out.
    """
    async with pool.writing(await guilds.resolve_guild(pool, guild_id)) as guild, guard(guild):
        return await decide_in_transaction(guild, decision, actor=actor)


async def decide_in_transaction(guild: GuildConnection, decision: ManualDecision, *, actor: str) -> DecisionReport:
    """Do the same in the transaction of the caller, who holds the guild's lock. Raises like it."""
    started = time.monotonic()
    report = await _plan(guild, decision, actor)
    check_reason(report.overrules, decision.why)
    if decision.plan_key not in (None, report.plan.key):
        raise PlanStale(tr("The data has changed since the preview. Nothing was done. Preview it again."))
    attempt = await write_and_record(guild, MANUAL, report.plan, report.plan.reason, manual_author(actor), started)
    await rescan(guild, RULES)
    return replace(report, attempt_id=attempt)


async def write_in_transaction(guild: GuildConnection, decision: ManualDecision, *, actor: str) -> Changeset:
    """Write only what a decision changes, for a rehearsal that is rolled back. Raises like `decide_in_transaction`."""
    report = await _plan(guild, decision, actor)
    check_reason(report.overrules, decision.why)
    await apply(guild, [report.plan], manual_author(actor))
    return report.plan


def manual_author(actor: str) -> Author:
    """How what an officer decides is marked: it is their word."""
    return Author(actor, MANUAL, "confirmed")


async def preview_matching(pool: Pool, *, guild_id: int | None = None) -> MatchReport:
    """Return exactly what `run_matching` would do now, and do nothing."""
    async with pool.reading(await guilds.resolve_guild(pool, guild_id)) as guild:
        return await _match(guild)


async def run_matching(
    pool: Pool, *, actor: str = SOME_OFFICER, guild_id: int | None = None, selected: Collection[str] | None = None
) -> MatchReport:
    """Match the whole guild: create and link in one transaction, recorded as one attempt that can be undone as a whole.

    `selected` holds the keys of the groups to apply; None applies all. Without a name, the log says that an officer did it.
    Raises `Refused` where there are several guilds and none is named.
    """
    started = time.monotonic()
    async with pool.writing(await guilds.resolve_guild(pool, guild_id)) as guild:
        report = await _match(guild)
        if selected is not None:
            groups = [group for group in report.groups if group.key in selected]
            report = replace(report, groups=groups, missing=len(set(selected)) - len(groups))
        if not report.groups:
            return report
        counts = report.counts
        reason = tr(
            "Full match: {players}, {characters}.",
            players=count_in_words("players_created", counts["players_created"]),
            characters=count_in_words("characters_linked", counts["characters_linked"]),
        )
        author = Author(actor, FULL_MATCH, "exact")
        attempt = await write_and_record(guild, FULL_MATCH, report.plan, reason, author, started)
    return replace(report, attempt_id=attempt)


async def _plan(guild: GuildConnection, decision: ManualDecision, actor: str) -> DecisionReport:
    resolver = await resolver_of(guild)
    plan = decision.plan(resolver)
    effects = describe(resolver.facts.as_known(row.by(manual_author(actor)) for row in plan.rows), plan.names)
    overrules = decision.overrules(resolver) or overruled(resolver.facts, plan.rows)
    return DecisionReport(guild.id, plan, effects, overrules=overrules)


async def write_and_record(
    guild: GuildConnection, issue_type: str, plan: Changeset, reason: str, author: Author, started: float
) -> int:
    """Apply a changeset and record it; return the number of the attempt.

    What was open about a player that is gone is closed: a rule that can conclude nothing just now would leave it open.
    """
    (written,) = await apply(guild, [plan], author)
    duration_ms = round((time.monotonic() - started) * 1000)
    attempt = NewAttempt(None, "fixed", reason, plan, written)
    (number,) = await attempts.add(
        guild, issue_type, [attempt], actor=author.actor, is_automatic=False, duration_ms=duration_ms
    )
    orphaned = [change.id for change in written if change.table == "issue"]
    if orphaned:
        await lifecycle.resolve(guild, orphaned, resolved_by=author.actor, reason=reason)
    return number


async def _match(guild: GuildConnection) -> MatchReport:
    groups = match(await resolver_of(guild))
    acting = [group for group in groups if group.rows]
    return MatchReport(guild.id, acting, [group for group in groups if not group.rows])
