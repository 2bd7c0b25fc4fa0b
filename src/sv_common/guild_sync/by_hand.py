"""What an officer decides about one character: whose it is, whose it is not, and which word means whom.

Each decision is previewed as a plan, applied in one transaction, recorded as an attempt, and can be undone as a whole.
What a person decided is never changed by automation, and "not this player" is respected by every later decision.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeAlias

from sv_common.db.pool import Connection, Pool
from sv_common.guild_sync.checking import look_again
from sv_common.guild_sync.domain.errors import NotFound, Refused
from sv_common.guild_sync.domain.names import name_key, realm_key
from sv_common.guild_sync.domain.plan import Link, Plan, RejectLink, RememberAlias, Step, Unlink
from sv_common.guild_sync.fixes import database_steps
from sv_common.guild_sync.resolution import Directory
from sv_common.guild_sync.rules import RULES
from sv_common.guild_sync.store import attempts, guilds
from sv_common.guild_sync.store.attempts import NewAttempt
from sv_common.guild_sync.store.directory import GuildFacts, KnownCharacter, KnownPlayer, read_facts
from sv_common.guild_sync.store.links import DECIDED_BY_A_PERSON, LinkAuthor

BY_HAND = "by_hand"
MOST_NAMES_IN_A_SENTENCE = 5


@dataclass(frozen=True, slots=True)
class BelongsTo:
    """The character is this player's; with `remember_note`, whoever else its note names so is this player too."""

    character: str
    player: str
    remember_note: bool = False


@dataclass(frozen=True, slots=True)
class BelongsToNobody:
    """The character is taken from its player, and may be linked again by whatever its note says."""

    character: str


@dataclass(frozen=True, slots=True)
class NotThisPlayer:
    """The character is not this player's, whatever notes and names say."""

    character: str
    player: str
    why: str


HandDecision: TypeAlias = BelongsTo | BelongsToNobody | NotThisPlayer
"""A decision of an officer. Characters are called Name-Realm, or by a name that only one bears; players by display name or number."""


@dataclass(frozen=True, slots=True)
class HandReport:
    """What a decision would do or did; `attempt_id` is what to undo, None for a preview."""

    guild_id: int
    plan: Plan
    attempt_id: int | None = None


async def preview_by_hand(pool: Pool, decision: HandDecision, *, guild_id: int | None = None) -> HandReport:
    """Return exactly what `decide_by_hand` would do now, and do nothing. Raises like it."""
    async with pool.connection() as conn:
        guild = await guilds.the_only(conn, guild_id)
        return HandReport(guild.id, await _plan(conn, guild.id, decision))


async def decide_by_hand(pool: Pool, decision: HandDecision, *, actor: str, guild_id: int | None = None) -> HandReport:
    """Carry out an officer's decision and look again at every rule.

    Raises `NotFound` for an unknown character or player, and `Refused` where there is nothing to do or where the decision
    contradicts an earlier one.
    """
    started = time.monotonic()
    async with pool.connection() as conn:
        number = await guilds.lock_the_only(conn, guild_id)
        plan = await _plan(conn, number, decision)
        changes = await database_steps.write(conn, number, [plan], LinkAuthor(actor, "manual", "confirmed"))
        attempt = NewAttempt(None, "fixed", plan.reason, plan, changes[0])
        duration_ms = round((time.monotonic() - started) * 1000)
        numbers = await attempts.add(
            conn, number, BY_HAND, [attempt], actor=actor, is_automatic=False, duration_ms=duration_ms
        )
        await look_again(conn, list(RULES.values()), number, {})
    return HandReport(number, plan, numbers[0])


async def _plan(conn: Connection, guild_id: int, decision: HandDecision) -> Plan:
    directory = Directory(await read_facts(conn, guild_id))
    character = _character_called(directory.facts, decision.character)
    match decision:
        case BelongsTo():
            return _belongs_to(directory, character, _player_called(directory.facts, decision.player), decision)
        case BelongsToNobody():
            return _belongs_to_nobody(directory, character)
        case NotThisPlayer():
            return _not_this_player(
                directory, character, _player_called(directory.facts, decision.player), decision.why
            )


def _belongs_to(directory: Directory, character: KnownCharacter, player: KnownPlayer, decision: BelongsTo) -> Plan:
    if (character.id, player.id) in directory.facts.rejections:
        raise Refused(
            f"An officer has said that {character.label} does not belong to {player.display_name}. Undo that first."
        )
    steps: list[Step] = []
    if character.player_id != player.id or character.link_source not in DECIDED_BY_A_PERSON:
        steps += _unlink(directory, character)
        evidence = "an officer says so."
        steps.append(Link(character.id, character.label, player.id, player.display_name, evidence))
    if decision.remember_note:
        steps.append(_alias(directory, character, player))
    if not steps:
        raise Refused(f"{character.label} belongs to {player.display_name} already, as a person decided.")
    return Plan(tuple(steps), f"{character.label} belongs to {player.display_name}: an officer says so.")


def _belongs_to_nobody(directory: Directory, character: KnownCharacter) -> Plan:
    steps = _unlink(directory, character)
    if not steps:
        raise Refused(f"{character.label} belongs to nobody already.")
    return Plan(tuple(steps), f"{character.label} belongs to nobody for now: an officer says so.")


def _not_this_player(directory: Directory, character: KnownCharacter, player: KnownPlayer, why: str) -> Plan:
    if (character.id, player.id) in directory.facts.rejections:
        raise Refused(f"It is known already that {character.label} does not belong to {player.display_name}.")
    rejection = RejectLink(
        character.id, character.label, player.id, player.display_name, why.strip() or "an officer says so."
    )
    steps: list[Step] = [*(_unlink(directory, character) if character.player_id == player.id else ()), rejection]
    return Plan(tuple(steps), f"{character.label} does not belong to {player.display_name}: an officer says so.")


def _unlink(directory: Directory, character: KnownCharacter) -> list[Step]:
    if character.player_id is None:
        return []
    player = directory.facts.players[character.player_id]
    return [Unlink(character.id, character.label, player.id, player.display_name)]


def _alias(directory: Directory, character: KnownCharacter, player: KnownPlayer) -> RememberAlias:
    """The name in the character's note, which from now on means the player."""
    named = directory.decide(character).named
    if named is None:
        raise Refused(f"The note of {character.label} names nobody, so there is no word to remember.")
    known = directory.facts.aliases.get(name_key(named))
    if known is not None:
        other = directory.facts.players[known].display_name
        raise Refused(f"“{named}” is already remembered to mean {other}.")
    return RememberAlias(player.id, player.display_name, named)


def _character_called(facts: GuildFacts, called: str) -> KnownCharacter:
    name, _, realm = called.partition("-")
    found = [
        character
        for character in facts.characters.values()
        if character.name_key == name_key(name)
        and (not realm or realm_key(realm) in (character.realm_key, realm_key(character.realm_name or "")))
    ]
    if not found:
        raise NotFound(f"No character of the guild is called “{called}”. Write it as Name-Realm.")
    if len(found) > 1:
        raise Refused(f"“{called}” could be {_or([c.label for c in found])}. Write it as Name-Realm.")
    return found[0]


def _player_called(facts: GuildFacts, called: str) -> KnownPlayer:
    if called.isdecimal() and int(called) in facts.players:
        return facts.players[int(called)]
    found = [player for player in facts.players.values() if name_key(player.display_name) == name_key(called)]
    if not found:
        raise NotFound(f"No player is called “{called}”. Give the display name, or the number of the player.")
    if len(found) > 1:
        numbers = [f"{player.display_name} (number {player.id})" for player in found]
        raise Refused(f"“{called}” could be {_or(numbers)}. Give the number.")
    return found[0]


def _or(names: Sequence[str]) -> str:
    more = len(names) - MOST_NAMES_IN_A_SENTENCE
    return " or ".join(names[:MOST_NAMES_IN_A_SENTENCE]) + (f" (and {more} more)" if more > 0 else "")
