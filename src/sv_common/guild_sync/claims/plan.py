"""What a member's proof would change: the characters with what comes of each, and the changeset. Pure.

A proven link outranks a note, a name and the same account, and is shown before it moves anything. What an officer decided, and
what another member has proven, is never moved: an officer is asked.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from sv_common.guild_sync.changes import row_changes as change
from sv_common.guild_sync.changes.changeset import NEW_PLAYER, PROVEN, Changeset, Named, RowChange
from sv_common.guild_sync.core.language import tr, tr_n
from sv_common.guild_sync.core.names import name_key
from sv_common.guild_sync.identity.facts import GuildFacts, KnownCharacter, KnownMember, KnownPlayer

_LOWEST_RANK = 10


class Outcome(StrEnum):
    """What comes of a character when its member confirms: linked, moved here from another player, or nothing new.

    `QUESTION`: it is another player's by an officer's decision or by proof, so an officer decides.
    """

    LINKED = "linked"
    MOVED = "moved"
    CONFIRMED = "confirmed"
    KNOWN = "known"
    QUESTION = "question"


@dataclass(frozen=True, slots=True)
class Entry:
    """A character of the guild in a member's list; `other` names the player that has it now, where that is another one."""

    character: KnownCharacter
    outcome: Outcome
    other: str | None = None

    @property
    def id(self) -> int:
        return self.character.id


@dataclass(frozen=True, slots=True)
class ClaimPlan:
    """The list of a member, what confirming it changes, and the main: one that is set, or that the member may choose."""

    entries: Sequence[Entry]
    changeset: Changeset
    may_choose_main: bool
    main_id: int | None

    @property
    def key(self) -> str:
        """What names this very list, so that nothing else is confirmed than what was shown."""
        return self.changeset.key

    @property
    def theirs(self) -> list[Entry]:
        return [entry for entry in self.entries if entry.outcome is not Outcome.QUESTION]


def plan_claim(
    facts: GuildFacts,
    member: KnownMember,
    character_ids: Collection[int],
    main_id: int | None = None,
    *,
    read: Collection[int] | None = None,
) -> ClaimPlan:
    """Plan that these characters are the member's. `main_id` is their choice; it counts where no main is set.

    `read` are all that their account has in the guild: what is among those and was proven before, but is none of these, is
    theirs no longer.
    """
    on_account = _known(facts, character_ids if read is None else read)
    characters = _known(facts, character_ids)
    player = _player(facts, member, on_account)
    entries = [_entry(facts, character, player) for character in characters]
    theirs = [entry for entry in entries if entry.outcome is not Outcome.QUESTION]
    main = _main(player, theirs, main_id)
    rows = list(_rows(facts, member, player, theirs, main)) if theirs else []
    if player is not None:
        rows += [_ended(each, player) for each in on_account if each not in characters and _is_proven(each, player)]
    may_choose = bool(theirs) and (player is None or player.main_character_id is None)
    shown_main = main.id if main else player.main_character_id if player else None
    return ClaimPlan(entries, Changeset(tuple(rows), _sentence(member, len(theirs))), may_choose, shown_main)


def plan_withdrawal(facts: GuildFacts, member: KnownMember, proven: Collection[int]) -> Changeset:
    """Plan that a member's proof counts no longer: proven links end, and what an officer decided stays."""
    player = _own_player(facts, member)
    if player is None:
        return Changeset((), _withdrawn(member))
    rows = [_ended(each, player) for each in _known(facts, proven) if _is_proven(each, player)]
    if player.discord_basis == "proven":
        rows.append(_without_proof(player, member))
    return Changeset(tuple(rows), _withdrawn(member))


def _known(facts: GuildFacts, numbers: Collection[int]) -> list[KnownCharacter]:
    return [facts.characters[number] for number in sorted(numbers) if number in facts.characters]


def _is_proven(character: KnownCharacter, player: KnownPlayer) -> bool:
    return character.player_id == player.id and character.basis == "proven"


def _ended(character: KnownCharacter, player: KnownPlayer) -> RowChange:
    """End the proof of a link: where an officer has confirmed it, that counts again."""
    if character.confirmed_by is not None:
        return change.rest_on_officer(character.named, player.named, character.confirmed_by)
    return change.unlink(character.named, player.named)


def _without_proof(player: KnownPlayer, member: KnownMember) -> RowChange:
    if player.discord_confirmed_by is not None:
        return change.end_proof_of_member(player.named, member.named, "officer")
    if name_key(player.display_name) in member.name_keys:
        return change.end_proof_of_member(player.named, member.named, "name")
    return change.detach_member(player.named, member.named)


def _own_player(facts: GuildFacts, member: KnownMember) -> KnownPlayer | None:
    return next((player for player in facts.players.values() if player.discord_user_id == member.id), None)


def _player(facts: GuildFacts, member: KnownMember, characters: Sequence[KnownCharacter]) -> KnownPlayer | None:
    """The player that the member is, else the one without a member who has most of the characters, else none."""
    own = _own_player(facts, member)
    if own is not None:
        return own
    owners = Counter(each.player_id for each in characters if each.player_id is not None)
    candidates = [
        facts.players[number]
        for number, _ in owners.most_common()
        if facts.players[number].discord_user_id is None and (number, member.id) not in facts.member_rejections
    ]
    return candidates[0] if candidates else None


def _entry(facts: GuildFacts, character: KnownCharacter, player: KnownPlayer | None) -> Entry:
    other = facts.players[character.player_id] if character.player_id is not None else None
    is_ruled_out = player is not None and (character.id, player.id) in facts.rejections
    if character.id in facts.shared or is_ruled_out:
        return Entry(character, Outcome.QUESTION, other.display_name if other and other != player else None)
    if other is None:
        return Entry(character, Outcome.LINKED)
    if player is not None and other.id == player.id:
        return Entry(character, Outcome.KNOWN if character.basis == "proven" else Outcome.CONFIRMED)
    return Entry(character, Outcome.QUESTION if character.is_decided else Outcome.MOVED, other.display_name)


def _main(player: KnownPlayer | None, theirs: Sequence[Entry], wanted: int | None) -> KnownCharacter | None:
    """The main to set: the member's choice, else the character of the highest rank; none where one is set already."""
    if not theirs or (player is not None and player.main_character_id is not None):
        return None
    characters = [entry.character for entry in theirs]
    chosen = next((each for each in characters if each.id == wanted), None)
    return chosen or min(characters, key=lambda each: (_LOWEST_RANK if each.rank is None else each.rank, each.name_key))


def _rows(
    facts: GuildFacts,
    member: KnownMember,
    player: KnownPlayer | None,
    theirs: Sequence[Entry],
    main: KnownCharacter | None,
) -> Iterator[RowChange]:
    if player is None:
        target = Named(NEW_PLAYER, member.display_name)
        yield change.create_player(*target, member.named, main.named if main else None, "proven")
    else:
        target = player.named
        if player.discord_user_id is None:
            yield change.attach_member(target, member.named, "proven")
        elif player.discord_basis != "proven":
            yield change.prove_member(target, member.named, player.discord_basis)
        if main is not None:
            yield change.set_main(target, main.named, None)
    for entry in theirs:
        if entry.outcome is not Outcome.KNOWN:
            former = entry.character.player_id
            owner = facts.players[former].named if former is not None else None
            yield change.link(entry.character.named, target, PROVEN, "proven", former=owner)


def _sentence(member: KnownMember, count: int) -> str:
    return tr_n(
        "{member} proved {n} character with a Battle.net sign-in.",
        "{member} proved {n} characters with a Battle.net sign-in.",
        count,
        member=member.display_name,
    )


def _withdrawn(member: KnownMember) -> str:
    return tr("{member} ended the proof of their characters.", member=member.display_name)
