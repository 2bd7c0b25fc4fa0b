"""Two players who are one person: the changeset that merges them, or why they cannot be merged."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from sv_common.guild_sync.changes import row_changes as change
from sv_common.guild_sync.changes.changeset import Changeset, Named, RowChange
from sv_common.guild_sync.core.errors import Refused
from sv_common.guild_sync.core.language import tr
from sv_common.guild_sync.core.names import is_alias, name_key
from sv_common.guild_sync.core.plain_text import checked_reason
from sv_common.guild_sync.identity.facts import GuildFacts, KnownCharacter, KnownPlayer
from sv_common.guild_sync.identity.names.name_index import NameIndex


def merge(facts: GuildFacts, stays: KnownPlayer, other: KnownPlayer, reason: str = "") -> Changeset:
    """Plan that two players become one, with the number, the name and the pointers of the one that stays.

    Raises `Refused` where both are the same, where each is a different Discord member, where an officer has rejected one of
    them for a character of the other, or for the member that both would be.
    """
    if stays.id == other.id:
        raise Refused(tr("{player} cannot be merged with itself. Choose another player.", player=stays.display_name))
    pair = _Pair(facts, stays, other)
    _check_are_not_two_members(pair)
    _check_nothing_was_said_against_it(pair)
    kept, gone = pair.kept, pair.gone
    evidence = checked_reason(reason) or tr("an officer merged {gone} into {kept}.", gone=gone.name, kept=kept.name)
    moved = [c for c in facts.characters.values() if c.player_id == other.id]
    aliases = [facts.written_aliases[key] for key, player_id in facts.aliases.items() if player_id == other.id]
    members = [other.discord_user_id] if other.discord_user_id is not None else []
    rows = (
        *(_moved(pair, character, evidence) for character in moved),
        *_taken_pointers(pair),
        *(_given_member(pair, Named(number, pair.member(number))) for number in members),
        *(change.move_alias(kept, gone, alias) for alias in aliases),
        *_kept_name(pair),
        *_moved_rejections(pair),
        *_moved_member_rejections(pair),
        *_longer_hiatus(pair),
        change.delete_player(gone, other.discord_user_id, kept),
    )
    return Changeset(rows, tr("{gone} is merged into {kept}.", gone=gone.name, kept=kept.name))


class _Pair:
    """Both players: `kept` and `gone` are what sentences call them, with their numbers where they have one name."""

    def __init__(self, facts: GuildFacts, stays: KnownPlayer, other: KnownPlayer) -> None:
        self.facts, self.stays, self.other = facts, stays, other
        is_ambiguous = name_key(stays.display_name) == name_key(other.display_name)
        names = [
            tr("{player} (number {number})", player=p.display_name, number=p.id) if is_ambiguous else p.display_name
            for p in (stays, other)
        ]
        self.kept, self.gone = Named(stays.id, names[0]), Named(other.id, names[1])

    def character(self, character_id: int) -> Named:
        known = self.facts.characters.get(character_id)
        return known.named if known else Named(character_id, tr("the former character {number}", number=character_id))

    def member(self, member_id: int) -> str:
        known = self.facts.members.get(member_id)
        return known.display_name if known else tr("the Discord member {member}", member=member_id)

    def rejected(self, player: Named) -> list[int]:
        """The characters that officers have ruled out for a player."""
        return sorted(character for character, rejected in self.facts.rejections if rejected == player.id)


def _check_are_not_two_members(pair: _Pair) -> None:
    numbers = [number for number in (pair.stays.discord_user_id, pair.other.discord_user_id) if number is not None]
    if len(numbers) == 2:
        one, another = map(pair.member, numbers)
        raise Refused(
            tr(
                "{kept} is {member} on Discord and {gone} is {other}, so they are two people. If they "
                "are one, unlink one of them from Discord first.",
                kept=pair.kept.name,
                member=one,
                gone=pair.gone.name,
                other=another,
            )
        )


def _check_nothing_was_said_against_it(pair: _Pair) -> None:
    players = {player.id: player.name for player in (pair.kept, pair.gone)}
    for player in (pair.kept, pair.gone):
        for character_id in pair.rejected(player):
            character = pair.facts.characters.get(character_id)
            if character is not None and character.player_id in players:
                raise Refused(
                    tr(
                        "An officer ruled out {character}, a character of {owner}, for "
                        "{player}. Undo that first, or unlink the character.",
                        character=character.label,
                        owner=players[character.player_id],
                        player=player.name,
                    )
                )
    member_id = pair.stays.discord_user_id or pair.other.discord_user_id
    for player in (pair.kept, pair.gone):
        if member_id is not None and (player.id, member_id) in pair.facts.member_rejections:
            raise Refused(
                tr(
                    "An officer ruled out {member} on Discord for {player}. Undo that before you merge them.",
                    member=pair.member(member_id),
                    player=player.name,
                )
            )


def _moved(pair: _Pair, character: KnownCharacter, evidence: str) -> RowChange:
    """Move a link. One that is proven stays so where the member who proved it comes along; else an officer overrules it."""
    if character.basis == "proven" and pair.other.discord_user_id is not None:
        return change.move_proven(character.named, pair.kept, pair.gone)
    return change.link(character.named, pair.kept, evidence, former=pair.gone)


def _given_member(pair: _Pair, member: Named) -> RowChange:
    if pair.other.discord_basis == "proven":
        return change.move_proven_member(pair.kept, member, pair.other.discord_confirmed_by)
    return change.attach_member(pair.kept, member)


def _taken_pointers(pair: _Pair) -> Iterator[RowChange]:
    """Take over what the player that stays does not have."""
    stays, other = pair.stays, pair.other
    if stays.main_character_id is None and other.main_character_id is not None:
        yield change.set_main(pair.kept, pair.character(other.main_character_id), None)
    if stays.offspec_character_id is None and other.offspec_character_id is not None:
        yield change.set_offspec(pair.kept, pair.character(other.offspec_character_id))


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
        yield change.remember_alias(pair.kept, name)


def _longer_hiatus(pair: _Pair) -> Iterator[RowChange]:
    """Keep the hiatus that lasts longer."""
    facts = pair.facts
    own, theirs = facts.hiatuses.get(pair.kept.id), facts.hiatuses.get(pair.gone.id)
    if theirs is None:
        return
    if own is not None and (own.until or date.max) >= (theirs.until or date.max):
        yield change.end_hiatus(pair.gone, theirs.day)
        return
    if own is not None:
        yield change.end_hiatus(pair.kept, own.day)
    yield change.move_hiatus(pair.kept, pair.gone, theirs.day)


def _moved_rejections(pair: _Pair) -> Iterator[RowChange]:
    known = set(pair.rejected(pair.kept))
    for character_id in pair.rejected(pair.gone):
        character, was_unlinked = pair.character(character_id), (character_id, pair.gone.id) in pair.facts.unlinked
        if character_id in known:
            yield change.forget_rejection(pair.gone, character=character, is_unlinking=was_unlinked)
        else:
            yield change.move_rejection(pair.kept, pair.gone, character=character, is_unlinking=was_unlinked)


def _moved_member_rejections(pair: _Pair) -> Iterator[RowChange]:
    known = pair.facts.member_rejections
    for member_id in sorted(number for player_id, number in known if player_id == pair.gone.id):
        member = Named(member_id, pair.member(member_id))
        was_unlinked = (pair.gone.id, member_id) in pair.facts.unlinked_members
        if (pair.kept.id, member_id) in known:
            yield change.forget_rejection(pair.gone, member=member, is_unlinking=was_unlinked)
        else:
            yield change.move_rejection(pair.kept, pair.gone, member=member, is_unlinking=was_unlinked)
