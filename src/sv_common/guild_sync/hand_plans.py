"""From an officer's decision to a plan: what has to be written, what it would change, or why it cannot be. Reads nothing."""

from __future__ import annotations

from collections.abc import Iterator

from sv_common.guild_sync.domain.errors import BadInput, NotFound, Refused
from sv_common.guild_sync.domain.names import LONGEST_ALIAS, is_alias, name_key
from sv_common.guild_sync.domain.plain_text import checked_text
from sv_common.guild_sync.domain.plan import (
    ForgetAlias,
    ForgetRejection,
    Link,
    Plan,
    RejectLink,
    RememberAlias,
    SetMain,
    SetOffspec,
    Step,
    Unlink,
)
from sv_common.guild_sync.resolution import Directory
from sv_common.guild_sync.store.directory import GuildFacts, KnownCharacter, KnownPlayer


def belongs_to(directory: Directory, character: KnownCharacter, player: KnownPlayer, *, remember_note: bool) -> Plan:
    """Plan that a character is a player's. Raises `Refused` where an officer has said that it is not, or it is so already.

    That an officer once unlinked the two is taken back by it.
    """
    facts, pair = directory.facts, (character.id, player.id)
    if pair in facts.rejections - facts.unlinked:
        raise Refused(
            f"An officer has said that {character.label} does not belong to {player.display_name}. Undo that first."
        )
    steps: list[Step] = []
    if pair in facts.unlinked:
        steps.append(ForgetRejection(character.id, character.label, player.id, player.display_name))
    if character.player_id != player.id or not character.is_decided:
        steps += _unlink(directory, character)
        evidence = "an officer says so."
        steps.append(Link(character.id, character.label, player.id, player.display_name, evidence))
        steps += _kept_pointers(character, player)
    if remember_note:
        steps.append(_alias_of_note(directory, character, player))
    if not steps:
        raise Refused(f"{character.label} belongs to {player.display_name} already, as a person decided.")
    return Plan(tuple(steps), f"{character.label} belongs to {player.display_name}: an officer says so.")


def link_is_right(directory: Directory, character: KnownCharacter) -> Plan:
    """Plan that an officer vouches for the link that a character has. Raises `Refused` where it has none, or somebody has."""
    if character.player_id is None:
        raise Refused(f"{character.label} belongs to nobody, so there is no link to confirm. Link it first.")
    return belongs_to(directory, character, directory.facts.players[character.player_id], remember_note=False)


def belongs_to_nobody(directory: Directory, character: KnownCharacter) -> Plan:
    """Plan that a character has no player, and that no evidence gives it back. Raises `Refused` where it has none."""
    if character.player_id is None:
        raise Refused(f"{character.label} belongs to nobody already.")
    player = directory.facts.players[character.player_id]
    steps: list[Step] = _unlink(directory, character)
    if (character.id, player.id) not in directory.facts.rejections:
        steps.append(
            RejectLink(
                character.id,
                character.label,
                player.id,
                player.display_name,
                "an officer unlinked it.",
                is_unlinking=True,
            )
        )
    return Plan(tuple(steps), f"{character.label} belongs to nobody for now: an officer says so.")


def not_this_player(directory: Directory, character: KnownCharacter, player: KnownPlayer, why: str) -> Plan:
    """Plan that a character is not a player's. Raises `Refused` where that is known."""
    facts, pair = directory.facts, (character.id, player.id)
    if pair in facts.rejections - facts.unlinked:
        raise Refused(f"It is known already that {character.label} does not belong to {player.display_name}.")
    said = checked_text("The reason", why.strip()) or "an officer says so."
    rejection = RejectLink(character.id, character.label, player.id, player.display_name, said)
    steps: list[Step] = [*(_unlink(directory, character) if character.player_id == player.id else ()), rejection]
    if pair in facts.unlinked:
        steps.insert(0, ForgetRejection(character.id, character.label, player.id, player.display_name))
    return Plan(tuple(steps), f"{character.label} does not belong to {player.display_name}: an officer says so.")


def may_be_this_player(facts: GuildFacts, character: KnownCharacter, player: KnownPlayer) -> Plan:
    """Plan that a character may be a player's again. Raises `NotFound` where nobody has said that it is not."""
    if (character.id, player.id) not in facts.rejections:
        raise NotFound(f"Nobody has said that {character.label} does not belong to {player.display_name}.")
    step = ForgetRejection(character.id, character.label, player.id, player.display_name)
    return Plan((step,), f"{character.label} may belong to {player.display_name} after all: an officer says so.")


def main_is(facts: GuildFacts, character: KnownCharacter) -> Plan:
    """Plan that a character is its player's main. Raises `Refused` where it has no player or is the main already."""
    if character.player_id is None:
        raise Refused(f"{character.label} has no player, so it can be nobody's main. Link it first.")
    player = facts.players[character.player_id]
    if player.main_character_id == character.id:
        raise Refused(f"{character.label} is the main of {player.display_name} already.")
    former = facts.characters.get(player.main_character_id or 0)
    step = SetMain(
        player.id,
        player.display_name,
        character.id,
        character.label,
        *((former.id, former.label) if former else (None, None)),
    )
    return Plan((step,), f"{character.label} is the main of {player.display_name}: an officer says so.")


def alias_means(facts: GuildFacts, alias: str, player: KnownPlayer) -> Plan:
    """Plan that a word means a player. Raises `BadInput` for what can be no alias, and `Refused` for a known one."""
    word = alias.strip()
    if not is_alias(word):
        raise BadInput(
            f"An alias is a name as notes write it: one line of 1 to {LONGEST_ALIAS} letters that can be seen."
        )
    known = facts.aliases.get(name_key(word))
    if known == player.id:
        raise Refused(f"“{word}” is remembered to mean {player.display_name} already.")
    _check_is_free(facts, word)
    step = RememberAlias(player.id, player.display_name, word)
    return Plan((step,), f"“{word}” means {player.display_name}: an officer says so.")


def alias_means_nobody(facts: GuildFacts, alias: str) -> Plan:
    """Plan that a word is no alias any more. Raises `NotFound` where it is none."""
    known = facts.aliases.get(name_key(alias))
    if known is None:
        raise NotFound(f"“{alias}” is no alias in this guild.")
    player = facts.players[known]
    step = ForgetAlias(player.id, player.display_name, alias.strip())
    return Plan((step,), f"“{alias.strip()}” no longer means {player.display_name}: an officer says so.")


def _unlink(directory: Directory, character: KnownCharacter) -> list[Step]:
    if character.player_id is None:
        return []
    player = directory.facts.players[character.player_id]
    return [Unlink(character.id, character.label, player.id, player.display_name)]


def _kept_pointers(character: KnownCharacter, player: KnownPlayer) -> Iterator[Step]:
    """Let a player go on pointing to a character that is linked anew: unlinking has cleared the pointers."""
    if player.main_character_id == character.id:
        yield SetMain(player.id, player.display_name, character.id, character.label, None, None)
    if player.offspec_character_id == character.id:
        yield SetOffspec(player.id, player.display_name, character.id, character.label)


def _alias_of_note(directory: Directory, character: KnownCharacter, player: KnownPlayer) -> RememberAlias:
    """The name in the character's note, which from now on means the player."""
    named = directory.decide(character).named
    if named is None:
        raise Refused(f"The note of {character.label} names nobody, so there is no word to remember.")
    _check_is_free(directory.facts, named)
    return RememberAlias(player.id, player.display_name, named)


def _check_is_free(facts: GuildFacts, word: str) -> None:
    known = facts.aliases.get(name_key(word))
    if known is not None:
        raise Refused(f"“{word}” is already remembered to mean {facts.players[known].display_name}.")
