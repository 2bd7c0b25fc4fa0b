"""Two players who are one person: the plan that makes them one, or why they cannot be. Reads nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sv_common.guild_sync.domain.errors import Refused
from sv_common.guild_sync.domain.names import is_alias, name_key
from sv_common.guild_sync.domain.plan import (
    AttachDiscord,
    DeletePlayer,
    ForgetMemberRejection,
    ForgetRejection,
    Link,
    MoveAlias,
    MoveMemberRejection,
    MoveRejection,
    Plan,
    RememberAlias,
    SetMain,
    SetOffspec,
    Step,
    Unlink,
)
from sv_common.guild_sync.name_index import NameIndex
from sv_common.guild_sync.store.directory import GuildFacts, KnownCharacter, KnownPlayer


def merged(facts: GuildFacts, stays: KnownPlayer, other: KnownPlayer) -> Plan:
    """Plan that two players become one, with the number, the name and the pointers of the one that stays.

    Raises `Refused` where they are one already, where each is somebody on Discord, where an officer has said of a
    character of one of them that it is not the other's, and where one was said not to be the member that both would be.
    """
    if stays.id == other.id:
        raise Refused(f"{stays.display_name} cannot be merged with itself. Choose another player.")
    pair = _Pair(facts, stays, other)
    _check_are_not_two_members(pair)
    _check_nothing_was_said_against_it(pair)
    _check_members_were_not_ruled_out(pair)
    steps = (
        *_moved_characters(pair),
        *_taken_pointers(pair),
        *_taken_member(pair),
        *_moved_aliases(pair),
        *_kept_name(pair),
        *_moved_rejections(pair),
        *_moved_member_rejections(pair),
        DeletePlayer(other.id, pair.other_name, other.discord_user_id, stays.id, pair.stays_name),
    )
    return Plan(steps, f"{pair.other_name} and {pair.stays_name} are one person: an officer says so.")


@dataclass(frozen=True, slots=True)
class _Pair:
    """The player that stays and the other, which is emptied and deleted."""

    facts: GuildFacts
    stays: KnownPlayer
    other: KnownPlayer

    @property
    def stays_name(self) -> str:
        return self._name(self.stays)

    @property
    def other_name(self) -> str:
        return self._name(self.other)

    def character(self, character_id: int) -> str:
        """What an officer calls a character; one that has left and is nobody's is known by its number only."""
        known = self.facts.characters.get(character_id)
        return known.label if known else f"the former character {character_id}"

    def member(self, member_id: int) -> str:
        """What a Discord member is called."""
        known = self.facts.members.get(member_id)
        return known.display_name if known else f"the Discord member {member_id}"

    def rejected(self, player: KnownPlayer) -> list[int]:
        """The characters that officers have said not to be a player's."""
        return sorted(character for character, rejected in self.facts.rejections if rejected == player.id)

    def _name(self, player: KnownPlayer) -> str:
        """The display name; with the number where both are called alike."""
        is_ambiguous = name_key(self.stays.display_name) == name_key(self.other.display_name)
        return f"{player.display_name} (number {player.id})" if is_ambiguous else player.display_name


def _check_are_not_two_members(pair: _Pair) -> None:
    numbers = (pair.stays.discord_user_id, pair.other.discord_user_id)
    if None in numbers:
        return
    one, another = (pair.member(number) for number in numbers if number is not None)
    raise Refused(
        f"{pair.stays_name} is {one} on Discord and {pair.other_name} is {another}, so they are two people. If they are one, "
        "unlink one of the two from its Discord member first."
    )


def _check_nothing_was_said_against_it(pair: _Pair) -> None:
    names = {pair.stays.id: pair.stays_name, pair.other.id: pair.other_name}
    for player in (pair.stays, pair.other):
        for character_id in pair.rejected(player):
            character = pair.facts.characters.get(character_id)
            if character is not None and character.player_id in names:
                raise Refused(
                    f"An officer has said that {character.label}, a character of {names[character.player_id]}, does not belong "
                    f"to {names[player.id]}. Take that back first, or unlink the character."
                )


def _check_members_were_not_ruled_out(pair: _Pair) -> None:
    number = pair.stays.discord_user_id or pair.other.discord_user_id
    for player, name in ((pair.stays, pair.stays_name), (pair.other, pair.other_name)):
        if number is not None and (player.id, number) in pair.facts.member_rejections:
            raise Refused(
                f"An officer has said that {name} is not {pair.member(number)} on Discord, and the one player would be. Take "
                "that back first."
            )


def _moved_characters(pair: _Pair) -> Iterator[Step]:
    evidence = f"an officer says that {pair.other_name} is {pair.stays_name}."
    for character in _characters_of(pair.facts, pair.other):
        yield Unlink(character.id, character.label, pair.other.id, pair.other_name)
        yield Link(character.id, character.label, pair.stays.id, pair.stays_name, evidence)


def _taken_pointers(pair: _Pair) -> Iterator[Step]:
    """What the one that stays does not point to, it takes over from the other."""
    stays, other, name = pair.stays, pair.other, pair.stays_name
    if stays.main_character_id is None and other.main_character_id is not None:
        main = other.main_character_id
        yield SetMain(stays.id, name, main, pair.character(main), None, None)
    if stays.offspec_character_id is None and other.offspec_character_id is not None:
        offspec = other.offspec_character_id
        yield SetOffspec(stays.id, name, offspec, pair.character(offspec))


def _taken_member(pair: _Pair) -> Iterator[Step]:
    member_id = pair.other.discord_user_id
    if member_id is not None:
        yield AttachDiscord(pair.stays.id, pair.stays_name, member_id, pair.member(member_id))


def _moved_aliases(pair: _Pair) -> Iterator[Step]:
    for key, player_id in pair.facts.aliases.items():
        if player_id == pair.other.id:
            alias = pair.facts.written_aliases[key]
            yield MoveAlias(pair.stays.id, pair.stays_name, pair.other.id, pair.other_name, alias)


def _kept_name(pair: _Pair) -> Iterator[Step]:
    """Let notes that use the other's name go on meaning the person, where nobody else in the guild is called so.

    Without that, the name would be a stranger's, and characters whose notes use it would be unlinked by automation.
    """
    name, key = pair.other.display_name.strip(), name_key(pair.other.display_name)
    names = NameIndex(pair.facts)
    is_known_otherwise = (
        key in pair.facts.aliases
        or key in names.characters_by_name
        or key in names.members_by_name
        or names.players_by_name[key] != [pair.other.id]
    )
    if is_alias(name) and not is_known_otherwise and key not in pair.facts.vocabulary.categories:
        yield RememberAlias(pair.stays.id, pair.stays_name, name)


def _moved_rejections(pair: _Pair) -> Iterator[Step]:
    known = set(pair.rejected(pair.stays))
    for character_id in pair.rejected(pair.other):
        character = pair.character(character_id)
        if character_id in known:
            yield ForgetRejection(character_id, character, pair.other.id, pair.other_name)
        else:
            yield MoveRejection(character_id, character, pair.stays.id, pair.stays_name, pair.other.id, pair.other_name)


def _moved_member_rejections(pair: _Pair) -> Iterator[Step]:
    known = pair.facts.member_rejections
    for player_id, member_id in sorted(known):
        if player_id == pair.other.id and (pair.stays.id, member_id) in known:
            yield ForgetMemberRejection(pair.other.id, pair.other_name, member_id, pair.member(member_id))
        elif player_id == pair.other.id:
            yield MoveMemberRejection(
                pair.stays.id, pair.stays_name, pair.other.id, pair.other_name, member_id, pair.member(member_id)
            )


def _characters_of(facts: GuildFacts, player: KnownPlayer) -> list[KnownCharacter]:
    return [character for character in facts.characters.values() if character.player_id == player.id]
