"""Two players who are one person: the changeset that merges them, or why they cannot be merged."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sv_common.guild_sync.changes.changeset import (
    Changeset,
    Named,
    RowChange,
    attach_member,
    delete_player,
    forget_rejection,
    link,
    move_alias,
    move_rejection,
    remember_alias,
    set_main,
    set_offspec,
)
from sv_common.guild_sync.core.errors import Refused
from sv_common.guild_sync.core.names import is_alias, name_key
from sv_common.guild_sync.identity.facts import GuildFacts, KnownPlayer
from sv_common.guild_sync.identity.names.name_index import NameIndex


def merge(facts: GuildFacts, stays: KnownPlayer, other: KnownPlayer) -> Changeset:
    """Plan that two players become one, with the number, the name and the pointers of the one that stays.

    Raises `Refused` where both are the same, where each is a different Discord member, where an officer has rejected one of
    them for a character of the other, or for the member that both would be.
    """
    if stays.id == other.id:
        raise Refused(f"{stays.display_name} cannot be merged with itself. Choose another player.")
    pair = _Pair(facts, stays, other)
    _check_are_not_two_members(pair)
    _check_nothing_was_said_against_it(pair)
    _check_members_were_not_ruled_out(pair)
    rows = (
        *_moved_characters(pair),
        *_taken_pointers(pair),
        *_taken_member(pair),
        *_moved_aliases(pair),
        *_kept_name(pair),
        *_moved_rejections(pair),
        *_moved_member_rejections(pair),
        delete_player(pair.named(other), other.discord_user_id, pair.named(stays)),
    )
    return Changeset(rows, f"{pair.other_name} and {pair.stays_name} are one person: an officer says so.")


@dataclass(frozen=True, slots=True)
class _Pair:
    facts: GuildFacts
    stays: KnownPlayer
    other: KnownPlayer

    @property
    def stays_name(self) -> str:
        return self._name(self.stays)

    @property
    def other_name(self) -> str:
        return self._name(self.other)

    def named(self, player: KnownPlayer) -> Named:
        return Named(player.id, self._name(player))

    def character(self, character_id: int) -> Named:
        known = self.facts.characters.get(character_id)
        return known.named if known else Named(character_id, f"the former character {character_id}")

    def member(self, member_id: int) -> str:
        known = self.facts.members.get(member_id)
        return known.display_name if known else f"the Discord member {member_id}"

    def rejected(self, player: KnownPlayer) -> list[int]:
        """The characters that officers have ruled out for a player."""
        return sorted(character for character, rejected in self.facts.rejections if rejected == player.id)

    def _name(self, player: KnownPlayer) -> str:
        """The display name; with the number where both are the same."""
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
                    f"to {names[player.id]}. Undo that first, or unlink the character."
                )


def _check_members_were_not_ruled_out(pair: _Pair) -> None:
    number = pair.stays.discord_user_id or pair.other.discord_user_id
    for player, name in ((pair.stays, pair.stays_name), (pair.other, pair.other_name)):
        if number is not None and (player.id, number) in pair.facts.member_rejections:
            raise Refused(
                f"An officer has said that {name} is not {pair.member(number)} on Discord, and the one player would be. Undo "
                "that first."
            )


def _moved_characters(pair: _Pair) -> Iterator[RowChange]:
    evidence = f"an officer says that {pair.other_name} is {pair.stays_name}."
    stays, other = pair.named(pair.stays), pair.named(pair.other)
    for character in pair.facts.characters.values():
        if character.player_id == other.id:
            yield link(character.named, stays, evidence, former=other)


def _taken_pointers(pair: _Pair) -> Iterator[RowChange]:
    """Take over what the player that stays does not have."""
    stays, other = pair.stays, pair.other
    if stays.main_character_id is None and other.main_character_id is not None:
        yield set_main(pair.named(stays), pair.character(other.main_character_id), None)
    if stays.offspec_character_id is None and other.offspec_character_id is not None:
        yield set_offspec(pair.named(stays), pair.character(other.offspec_character_id))


def _taken_member(pair: _Pair) -> Iterator[RowChange]:
    member_id = pair.other.discord_user_id
    if member_id is not None:
        yield attach_member(pair.named(pair.stays), Named(member_id, pair.member(member_id)))


def _moved_aliases(pair: _Pair) -> Iterator[RowChange]:
    for key, player_id in pair.facts.aliases.items():
        if player_id == pair.other.id:
            yield move_alias(pair.named(pair.stays), pair.named(pair.other), pair.facts.written_aliases[key])


def _kept_name(pair: _Pair) -> Iterator[RowChange]:
    """Keep the other's name as an alias, where no one else in the guild has it.

    Otherwise it would become an unknown name, and automation would unlink characters whose notes use it.
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
        yield remember_alias(pair.named(pair.stays), name)


def _moved_rejections(pair: _Pair) -> Iterator[RowChange]:
    stays, other, known = pair.named(pair.stays), pair.named(pair.other), set(pair.rejected(pair.stays))
    for character_id in pair.rejected(pair.other):
        character, was_unlinked = pair.character(character_id), (character_id, other.id) in pair.facts.unlinked
        if character_id in known:
            yield forget_rejection(other, character=character, is_unlinking=was_unlinked)
        else:
            yield move_rejection(stays, other, character=character, is_unlinking=was_unlinked)


def _moved_member_rejections(pair: _Pair) -> Iterator[RowChange]:
    stays, other, known = pair.named(pair.stays), pair.named(pair.other), pair.facts.member_rejections
    for member in (Named(number, pair.member(number)) for player_id, number in sorted(known) if player_id == other.id):
        if (stays.id, member.id) in known:
            yield forget_rejection(other, member=member, is_unlinking=True)
        else:
            yield move_rejection(stays, other, member=member, is_unlinking=True)
