"""From an officer's decision to a plan: what has to be written, what it would change, or why it cannot be. Reads nothing."""

from __future__ import annotations

from collections.abc import Sequence

from sv_common.guild_sync.domain.errors import NotFound, Refused
from sv_common.guild_sync.domain.names import name_key, realm_key
from sv_common.guild_sync.domain.plan import Link, Plan, RejectLink, RememberAlias, Step, Unlink
from sv_common.guild_sync.resolution import Directory
from sv_common.guild_sync.store.directory import GuildFacts, KnownCharacter, KnownPlayer
from sv_common.guild_sync.store.links import DECIDED_BY_A_PERSON

MOST_NAMES_IN_A_SENTENCE = 5


def belongs_to(directory: Directory, character: KnownCharacter, player: KnownPlayer, *, remember_note: bool) -> Plan:
    """Plan that a character is a player's. Raises `Refused` where an officer has said that it is not, or it is so already."""
    if (character.id, player.id) in directory.facts.rejections:
        raise Refused(
            f"An officer has said that {character.label} does not belong to {player.display_name}. Undo that first."
        )
    steps: list[Step] = []
    if character.player_id != player.id or character.link_source not in DECIDED_BY_A_PERSON:
        steps += _unlink(directory, character)
        evidence = "an officer says so."
        steps.append(Link(character.id, character.label, player.id, player.display_name, evidence))
    if remember_note:
        steps.append(_alias_of_note(directory, character, player))
    if not steps:
        raise Refused(f"{character.label} belongs to {player.display_name} already, as a person decided.")
    return Plan(tuple(steps), f"{character.label} belongs to {player.display_name}: an officer says so.")


def belongs_to_nobody(directory: Directory, character: KnownCharacter) -> Plan:
    """Plan that a character has no player. Raises `Refused` where it has none."""
    steps = _unlink(directory, character)
    if not steps:
        raise Refused(f"{character.label} belongs to nobody already.")
    return Plan(tuple(steps), f"{character.label} belongs to nobody for now: an officer says so.")


def not_this_player(directory: Directory, character: KnownCharacter, player: KnownPlayer, why: str) -> Plan:
    """Plan that a character is not a player's. Raises `Refused` where that is known."""
    if (character.id, player.id) in directory.facts.rejections:
        raise Refused(f"It is known already that {character.label} does not belong to {player.display_name}.")
    rejection = RejectLink(
        character.id, character.label, player.id, player.display_name, why.strip() or "an officer says so."
    )
    steps: list[Step] = [*(_unlink(directory, character) if character.player_id == player.id else ()), rejection]
    return Plan(tuple(steps), f"{character.label} does not belong to {player.display_name}: an officer says so.")


def character_called(facts: GuildFacts, called: str) -> KnownCharacter:
    """Return the character of a name, Name-Realm, or number. Raises `NotFound`, and `Refused` for a name that several bear."""
    if called.isdecimal() and int(called) in facts.characters:
        return facts.characters[int(called)]
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


def player_called(facts: GuildFacts, called: str) -> KnownPlayer:
    """Return the player of a display name or number. Raises `NotFound`, and `Refused` for a name that several have."""
    if called.isdecimal() and int(called) in facts.players:
        return facts.players[int(called)]
    found = [player for player in facts.players.values() if name_key(player.display_name) == name_key(called)]
    if not found:
        raise NotFound(f"No player is called “{called}”. Give the display name, or the number of the player.")
    if len(found) > 1:
        numbers = [f"{player.display_name} (number {player.id})" for player in found]
        raise Refused(f"“{called}” could be {_or(numbers)}. Give the number.")
    return found[0]


def _unlink(directory: Directory, character: KnownCharacter) -> list[Step]:
    if character.player_id is None:
        return []
    player = directory.facts.players[character.player_id]
    return [Unlink(character.id, character.label, player.id, player.display_name)]


def _alias_of_note(directory: Directory, character: KnownCharacter, player: KnownPlayer) -> RememberAlias:
    """The name in the character's note, which from now on means the player."""
    named = directory.decide(character).named
    if named is None:
        raise Refused(f"The note of {character.label} names nobody, so there is no word to remember.")
    known = directory.facts.aliases.get(name_key(named))
    if known is not None:
        other = directory.facts.players[known].display_name
        raise Refused(f"“{named}” is already remembered to mean {other}.")
    return RememberAlias(player.id, player.display_name, named)


def _or(names: Sequence[str]) -> str:
    more = len(names) - MOST_NAMES_IN_A_SENTENCE
    return " or ".join(names[:MOST_NAMES_IN_A_SENTENCE]) + (f" (and {more} more)" if more > 0 else "")
