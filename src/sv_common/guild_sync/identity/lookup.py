"""The character, player or Discord member that an officer names. Pure.

`#12` is always the number of a row. A bare number is a name first, where someone has that name. Those who are here go
before namesakes who have left; where several who are here share a name, the error lists them with their numbers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeVar

from sv_common.guild_sync.core.errors import NotFound, Refused
from sv_common.guild_sync.core.language import mark, tr
from sv_common.guild_sync.core.names import name_key, realm_key
from sv_common.guild_sync.core.row_number import bare_row, marked_row
from sv_common.guild_sync.core.text import with_or
from sv_common.guild_sync.identity.facts import GuildFacts, KnownCharacter, KnownMember, KnownPlayer

MOST_NAMES_IN_A_SENTENCE = 5

_Known = TypeVar("_Known", KnownCharacter, KnownPlayer, KnownMember)


def find_character(facts: GuildFacts, called: str) -> KnownCharacter:
    """Return the character of a name, Name-Realm, or number. Raises `NotFound`, and `Refused` for a name that several have."""
    if (number := marked_row(called)) is not None:
        return _by_number(facts.characters, number, mark("No character of the guild has number #{number}."))
    name, _, realm = called.partition("-")
    namesakes = [
        character
        for character in facts.characters.values()
        if character.name_key == name_key(name)
        and (not realm or realm_key(realm) in (character.realm_key, realm_key(character.realm_name or "")))
    ]
    found = [character for character in namesakes if character.is_present] or namesakes
    if not found and (bare := facts.characters.get(bare_row(called) or 0)) is not None:
        return bare
    if not found:
        raise NotFound(tr("No character is named “{called}”. Write it as Name-Realm.", called=called))
    if len(found) > 1:
        told = _or([f"{character.label} (#{character.id})" for character in found])
        raise Refused(
            tr(
                "“{called}” could be {told}. Write it as Name-Realm, or use its number with #.",
                called=called,
                told=told,
            )
        )
    return found[0]


def find_player(facts: GuildFacts, called: str, *, rather_than: KnownPlayer | None = None) -> KnownPlayer:
    """Return the player of a display name or number. Raises `NotFound`, and `Refused` for a name that several have.

    A name that `rather_than` has too means the other one who has it.
    """
    if (number := marked_row(called)) is not None:
        return _by_number(facts.players, number, mark("No player of this guild has number #{number}."))
    namesakes = [player for player in facts.players.values() if name_key(player.display_name) == name_key(called)]
    found = [player for player in namesakes if player is not rather_than] or namesakes
    if not found and (bare := facts.players.get(bare_row(called) or 0)) is not None:
        return bare
    if not found:
        raise NotFound(tr("No player is named “{called}”. Use the display name or number of a player.", called=called))
    if len(found) > 1:
        told = _or([_told(facts, player) for player in found])
        raise Refused(
            tr(
                "“{called}” could be {told}. Use the number with #, such as #{number}.",
                called=called,
                told=told,
                number=found[0].id,
            )
        )
    return found[0]


def find_member(facts: GuildFacts, called: str) -> KnownMember:
    """Return the Discord member of a user name, a name shown there, or a number: PATT's or Discord's own.

    Raises `NotFound`, and `Refused` for a name that several have.
    """
    if (number := marked_row(called)) is not None:
        return _by_number(facts.members, number, mark("No Discord member of this guild has number #{number}."))
    here = [member for member in facts.members.values() if member.is_present]
    away = [member for member in facts.members.values() if not member.is_present]
    found = (
        _members_named(here, called)
        or _members_named(away, called)
        or [member for member in facts.members.values() if member.discord_id == called]
        or [member for member in facts.members.values() if member.id == bare_row(called)]
    )
    if not found:
        raise NotFound(
            tr("No Discord member is named “{called}”. Use the user name that Discord shows.", called=called)
        )
    if len(found) > 1:
        told = _or([f"@{member.username} (#{member.id})" for member in found])
        raise Refused(
            tr("“{called}” could be {told}. Use the user name, or the number with #.", called=called, told=told)
        )
    return found[0]


def _members_named(members: Sequence[KnownMember], called: str) -> list[KnownMember]:
    """Those with this user name, which is unique on Discord; else those with this display name."""
    key = name_key(called)
    return [member for member in members if member.username == called.removeprefix("@")] or [
        member for member in members if key in (name_key(member.display_name), name_key(member.global_name or ""))
    ]


def _by_number(known: Mapping[int, _Known], number: int, otherwise: str) -> _Known:
    if number not in known:
        raise NotFound(tr(otherwise, number=number))
    return known[number]


def _told(facts: GuildFacts, player: KnownPlayer) -> str:
    theirs = [each for each in facts.characters.values() if each.player_id == player.id]
    main = facts.characters.get(player.main_character_id or 0) or (theirs[0] if theirs else None)
    if main is None:
        return f"{player.display_name} (#{player.id})"
    return tr("{player} (#{number}, who plays {main})", player=player.display_name, number=player.id, main=main.label)


def _or(names: Sequence[str]) -> str:
    first, more = with_or(names[:MOST_NAMES_IN_A_SENTENCE]), len(names) - MOST_NAMES_IN_A_SENTENCE
    return tr("{names} (and {n} more)", names=first, n=more) if more > 0 else first
