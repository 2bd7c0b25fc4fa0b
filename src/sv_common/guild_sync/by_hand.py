"""What an officer decides: whose a character is and whose not, who somebody is on Discord, mains, aliases, who is one person.

Each decision is previewed as a plan, applied in one transaction, recorded as an attempt, and can be undone as a whole.
What a person decided is never changed by automation, and "not this player" is respected by every later decision.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TypeAlias

from sv_common.db.pool import Connection, Pool
from sv_common.guild_sync import hand_members, hand_merge, hand_plans, issues
from sv_common.guild_sync.checking import look_again
from sv_common.guild_sync.domain.errors import PlanStale
from sv_common.guild_sync.domain.plan import Plan
from sv_common.guild_sync.fixes import database_steps
from sv_common.guild_sync.fixes.guard import Guard, unguarded
from sv_common.guild_sync.hand_effects import Effect, effects_of
from sv_common.guild_sync.hand_names import character_called, member_called, player_called
from sv_common.guild_sync.resolution import Directory
from sv_common.guild_sync.rules import RULES
from sv_common.guild_sync.store import attempts, guilds
from sv_common.guild_sync.store.attempts import NewAttempt
from sv_common.guild_sync.store.directory import read_facts
from sv_common.guild_sync.store.links import LinkAuthor

BY_HAND = "by_hand"


@dataclass(frozen=True, slots=True)
class BelongsTo:
    """The character is this player's; with `remember_note`, whoever else its note names so is this player too."""

    character: str
    player: str
    remember_note: bool = False


@dataclass(frozen=True, slots=True)
class LinkIsRight:
    """The character is the player's to whom it is linked: the officer vouches for the link."""

    character: str


@dataclass(frozen=True, slots=True)
class BelongsToNobody:
    """The character is taken from its player: no note and no name links the two again, but an officer may."""

    character: str


@dataclass(frozen=True, slots=True)
class NotThisPlayer:
    """The character is not this player's, whatever notes and names say."""

    character: str
    player: str
    why: str


@dataclass(frozen=True, slots=True)
class MayBeThisPlayer:
    """The character may be this player's after all: what was said against it is taken back."""

    character: str
    player: str


@dataclass(frozen=True, slots=True)
class IsMember:
    """The player is this Discord member."""

    player: str
    member: str


@dataclass(frozen=True, slots=True)
class BelongsToMember:
    """The character is this Discord member's, who becomes a player with it where they are none yet."""

    character: str
    member: str


@dataclass(frozen=True, slots=True)
class NotThisMember:
    """The player is not the Discord member that it was taken for: no name makes it that one again, but an officer may."""

    player: str


@dataclass(frozen=True, slots=True)
class MayBeThisMember:
    """The player may be this Discord member after all: what was said against it is taken back."""

    player: str
    member: str


@dataclass(frozen=True, slots=True)
class OnePerson:
    """Two players are one person: `player` stays and takes over what is the other's, which is deleted."""

    player: str
    other: str


@dataclass(frozen=True, slots=True)
class MainIs:
    """The character is the main of the player that it belongs to."""

    character: str


@dataclass(frozen=True, slots=True)
class AliasMeans:
    """A word of notes means this player from now on, and nobody else."""

    alias: str
    player: str


@dataclass(frozen=True, slots=True)
class AliasMeansNobody:
    """A word of notes is no alias any more."""

    alias: str


HandDecision: TypeAlias = (
    BelongsTo
    | LinkIsRight
    | BelongsToNobody
    | NotThisPlayer
    | MayBeThisPlayer
    | IsMember
    | BelongsToMember
    | NotThisMember
    | MayBeThisMember
    | OnePerson
    | MainIs
    | AliasMeans
    | AliasMeansNobody
)
"""A decision of an officer. Characters are called Name-Realm, by a name that only one bears, or by number (`#12`); players by
display name or number; Discord members by user name, display name or number. See `hand_names`."""


@dataclass(frozen=True, slots=True)
class HandReport:
    """What a decision would do or did; `attempt_id` is what to undo, None for a preview."""

    guild_id: int
    plan: Plan
    effects: tuple[Effect, ...]
    attempt_id: int | None = None


async def preview_by_hand(pool: Pool, decision: HandDecision, *, guild_id: int | None = None) -> HandReport:
    """Return exactly what `decide_by_hand` would do now, and do nothing. Raises like it."""
    async with pool.snapshot() as conn:
        guild = await guilds.the_only(conn, guild_id)
        return HandReport(guild.id, *await _plan(conn, guild.id, decision))


async def decide_by_hand(
    pool: Pool,
    decision: HandDecision,
    *,
    actor: str,
    guild_id: int | None = None,
    seen: str | None = None,
    guard: Guard = unguarded,
) -> HandReport:
    """Carry out an officer's decision and look again at every rule. `seen` is the key of the plan that was previewed.

    Raises `NotFound` for an unknown character or player, `Refused` where there is nothing to do or where the decision
    contradicts an earlier one, or where the guard of the rows refuses it, and `PlanStale` where another plan than the one
    that was seen would be carried out.
    """
    async with pool.connection() as conn:
        number = await guilds.lock_the_only(conn, guild_id)
        async with guard(conn, number):
            return await decide_here(conn, number, decision, actor=actor, seen=seen)


async def decide_here(
    conn: Connection, guild_id: int, decision: HandDecision, *, actor: str, seen: str | None = None
) -> HandReport:
    """Do the same in the transaction of the caller, who holds the guild's lock. Raises like it."""
    started = time.monotonic()
    plan, effects = await _plan(conn, guild_id, decision)
    if seen not in (None, plan.key):
        raise PlanStale("The data has changed since the preview, so nothing was done. Look at the preview again.")
    changes = await database_steps.write(conn, guild_id, [plan], author_by_hand(actor))
    attempt = NewAttempt(None, "fixed", plan.reason, plan, changes[0])
    duration_ms = round((time.monotonic() - started) * 1000)
    numbers = await attempts.add(
        conn, guild_id, BY_HAND, [attempt], actor=actor, is_automatic=False, duration_ms=duration_ms
    )
    await _close_issues_of_nobody(conn, attempt, actor)
    await look_again(conn, list(RULES.values()), guild_id, {})
    return HandReport(guild_id, plan, effects, numbers[0])


async def write_here(conn: Connection, guild_id: int, decision: HandDecision, *, actor: str) -> Plan:
    """Write only what a decision changes, for a rehearsal that is rolled back; return its plan. Raises like `decide_here`."""
    plan, _ = await _plan(conn, guild_id, decision)
    await database_steps.write(conn, guild_id, [plan], author_by_hand(actor))
    return plan


def author_by_hand(actor: str) -> LinkAuthor:
    """How what an officer writes by hand is marked: it is their word."""
    return LinkAuthor(actor, "manual", "confirmed")


async def _close_issues_of_nobody(conn: Connection, attempt: NewAttempt, actor: str) -> None:
    """Close what was open about a player that is gone: a rule that can conclude nothing just now would leave it open."""
    orphaned = [change["id"] for change in attempt.changes if change["table"] == "issue"]
    if orphaned:
        await issues.resolve(conn, orphaned, resolved_by=actor, reason=attempt.reason)


async def _plan(conn: Connection, guild_id: int, decision: HandDecision) -> tuple[Plan, tuple[Effect, ...]]:
    directory = Directory(await read_facts(conn, guild_id))
    plan = _plan_of(directory, decision)
    return plan, effects_of(directory.facts, plan)


def _plan_of(directory: Directory, decision: HandDecision) -> Plan:
    facts = directory.facts
    match decision:
        case BelongsTo() | LinkIsRight() | BelongsToNobody() | NotThisPlayer() | MayBeThisPlayer() | MainIs():
            return _plan_for_character(directory, decision)
        case IsMember() | BelongsToMember() | NotThisMember() | MayBeThisMember():
            return _plan_for_member(directory, decision)
        case OnePerson():
            stays = player_called(facts, decision.player)
            return hand_merge.merged(facts, stays, player_called(facts, decision.other, rather_than=stays))
        case AliasMeans():
            return hand_plans.alias_means(facts, decision.alias, player_called(facts, decision.player))
        case AliasMeansNobody():
            return hand_plans.alias_means_nobody(facts, decision.alias)


def _plan_for_member(
    directory: Directory, decision: IsMember | BelongsToMember | NotThisMember | MayBeThisMember
) -> Plan:
    facts = directory.facts
    match decision:
        case IsMember():
            player = player_called(facts, decision.player)
            return hand_members.is_member(facts, player, member_called(facts, decision.member))
        case BelongsToMember():
            character = character_called(facts, decision.character)
            return hand_members.belongs_to_member(directory, character, member_called(facts, decision.member))
        case NotThisMember():
            return hand_members.not_this_member(facts, player_called(facts, decision.player))
        case MayBeThisMember():
            player = player_called(facts, decision.player)
            return hand_members.may_be_this_member(facts, player, member_called(facts, decision.member))


def _plan_for_character(
    directory: Directory, decision: BelongsTo | LinkIsRight | BelongsToNobody | NotThisPlayer | MayBeThisPlayer | MainIs
) -> Plan:
    facts = directory.facts
    character = character_called(facts, decision.character)
    match decision:
        case BelongsTo():
            player = player_called(facts, decision.player)
            return hand_plans.belongs_to(directory, character, player, remember_note=decision.remember_note)
        case LinkIsRight():
            return hand_plans.link_is_right(directory, character)
        case BelongsToNobody():
            return hand_plans.belongs_to_nobody(directory, character)
        case NotThisPlayer():
            return hand_plans.not_this_player(directory, character, player_called(facts, decision.player), decision.why)
        case MayBeThisPlayer():
            return hand_plans.may_be_this_player(facts, character, player_called(facts, decision.player))
        case MainIs():
            return hand_plans.main_is(facts, character)
