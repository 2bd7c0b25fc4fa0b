"""The changes of rows that plans are made of: one function for each thing that a plan can say. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from sv_common.guild_sync.changes.changeset import DECIDED, MANUAL, Named, NameOf, RowChange, Thing
from sv_common.guild_sync.changes.tables import Row
from sv_common.guild_sync.core.basis import Basis
from sv_common.guild_sync.core.names import name_key


def link(
    character: Named, player: Named, evidence: str, basis: Basis = "note", *, former: Named | None = None
) -> RowChange:
    """Give a character to a player, or move it from its `former` one; with the same player, confirm the link.

    `basis` is what the link rests on where it is not an officer's own decision.
    """
    before = {"player_id": former.id} if former else None
    after = {"player_id": player.id, "evidence": evidence, "basis": basis}
    return RowChange("link", character.id, before, after, _named(characters=[character], players=[former, player]))


def move_proven(character: Named, player: Named, former: Named) -> RowChange:
    """Let a proven link be that of another player who is the same person: all that it rests on goes along."""
    before, after = {"player_id": former.id, "basis": "proven"}, {"player_id": player.id}
    return RowChange("link", character.id, before, after, _named(characters=[character], players=[former, player]))


def confirm_proven(character: Named, player: Named) -> RowChange:
    """Let an officer confirm a proven link: it stays proven, and their word counts beside it."""
    before = {"player_id": player.id, "basis": "proven", "confirmed_by": None}
    after = {"player_id": player.id, "confirmed_by": None}
    return RowChange("link", character.id, before, after, _named(characters=[character], players=[player]))


def keep_proven(character: Named, player: Named) -> RowChange:
    """Let an officer stand for a proven link as of now: it stays proven, also where another officer had confirmed it."""
    before = {"player_id": player.id, "basis": "proven"}
    after = {"player_id": player.id, "confirmed_by": None}
    return RowChange("link", character.id, before, after, _named(characters=[character], players=[player]))


def rest_on_officer(character: Named, player: Named, officer: str) -> RowChange:
    """Let a proven link count by the officer's decision that was there before, and no longer by the proof."""
    before = {"player_id": player.id, "basis": "proven"}
    after = {
        "player_id": player.id,
        "basis": "officer",
        "link_source": MANUAL,
        "linked_by": officer,
        "evidence": DECIDED,
    }
    return RowChange("link", character.id, before, after, _named(characters=[character], players=[player]))


def unlink(character: Named, player: Named) -> RowChange:
    names = _named(characters=[character], players=[player])
    return RowChange("link", character.id, {"player_id": player.id}, None, names)


def create_player(
    number: int, name: str, member: Named | None = None, main: Named | None = None, basis: Basis = "name"
) -> RowChange:
    """Make a new player, meant by a negative `number` (see `NEW_PLAYER`); `basis`: why it is the Discord member."""
    after = {
        "display_name": name,
        "discord_user_id": member.id if member else None,
        "discord_basis": basis if member else None,
        "main_character_id": main.id if main else None,
    }
    names = _named(characters=[main], players=[Named(number, name)], members=[member])
    return RowChange("player", number, None, after, names)


def delete_player(player: Named, member_id: int | None, merged_into: Named) -> RowChange:
    """Delete a player who is the same person as another, when nothing is left to it but its Discord member."""
    names = _named(players=[player, merged_into])
    return RowChange("player", player.id, {"discord_user_id": member_id}, None, names)


def attach_member(player: Named, member: Named, basis: Basis = "name", *, former: Named | None = None) -> RowChange:
    """Set the Discord member of a player without one, or in the place of the `former` one.

    `basis`: what that rests on without an officer's decision.
    """
    before = {"discord_user_id": former.id if former else None}
    after = {"discord_user_id": member.id, "discord_basis": basis}
    names = _named(players=[player], members=[former, member])
    return RowChange("player", player.id, before, after, names)


def move_proven_member(player: Named, member: Named, confirmed_by: str | None) -> RowChange:
    """Give a player the Discord member of another who is the same person, as proven as it was there."""
    after = {"discord_user_id": member.id, "discord_basis": "proven", "discord_confirmed_by": confirmed_by}
    return _of_member(player, member, {"discord_user_id": None}, after)


def confirm_member(player: Named, member: Named) -> RowChange:
    """Confirm the Discord member that evidence gave to a player."""
    before = {"discord_user_id": member.id, "discord_confirmed_by": None}
    return _of_member(player, member, before, {"discord_user_id": member.id, "discord_basis": "name"})


def prove_member(player: Named, member: Named, basis: str | None) -> RowChange:
    """Let what rested on a weaker `basis` be proven: that the player is the Discord member."""
    before = {"discord_user_id": member.id, "discord_basis": basis}
    return _of_member(player, member, before, {"discord_user_id": member.id, "discord_basis": "proven"})


def end_proof_of_member(player: Named, member: Named, basis: str) -> RowChange:
    """Let the player be the Discord member on a weaker `basis` again."""
    return _of_member(
        player, member, {"discord_user_id": member.id, "discord_basis": "proven"}, {"discord_basis": basis}
    )


def detach_member(player: Named, member: Named) -> RowChange:
    after = dict.fromkeys(("discord_user_id", "discord_basis", "discord_confirmed_by", "discord_confirmed_at"))
    return _of_member(player, member, {"discord_user_id": member.id}, after)


def _of_member(player: Named, member: Named, before: Row, after: Row) -> RowChange:
    return RowChange("player", player.id, before, after, _named(players=[player], members=[member]))


def set_main(player: Named, character: Named, former: Named | None) -> RowChange:
    return _pointer("main_character_id", player, character, former)


def set_offspec(player: Named, character: Named) -> RowChange:
    return _pointer("offspec_character_id", player, character, None)


def _pointer(column: str, player: Named, character: Named, former: Named | None) -> RowChange:
    names = _named(characters=[character, former], players=[player])
    return RowChange("player", player.id, {column: former.id if former else None}, {column: character.id}, names)


def remember_alias(player: Named, alias: str) -> RowChange:
    return RowChange("alias", 0, None, _word(player, alias), _named(players=[player]))


def forget_alias(player: Named, alias: str) -> RowChange:
    return RowChange("alias", 0, _word(player, alias), None, _named(players=[player]))


def move_alias(player: Named, former: Named, alias: str) -> RowChange:
    """Let an alias mean another player; who decided it stays."""
    return RowChange("alias", 0, _word(former, alias), _word(player, alias), _named(players=[former, player]))


def _word(player: Named, alias: str) -> Row:
    return {"player_id": player.id, "alias": alias, "alias_key": name_key(alias)}


def reject(
    player: Named,
    *,
    character: Named | None = None,
    member: Named | None = None,
    why: str,
    is_unlinking: bool = False,
    was_unlinked: bool = False,
) -> RowChange:
    """Record that a player is not a character's owner, or not a Discord member, whatever notes and names say.

    `is_unlinking`: it comes from unlinking, and an officer who links the two again undoes it by that. `was_unlinked`: an
    unlinking becomes a rejection.
    """
    before = _rejected(player, character, member, is_unlinking=True) if was_unlinked else None
    after = {**_rejected(player, character, member, is_unlinking=is_unlinking), "reason": why}
    return RowChange("rejection", 0, before, after, _named([character], [player], [member]))


def rule_out_again(player: Named, character: Named, why: str, *, was_said: bool, was_unlinked: bool) -> RowChange:
    """Record as of now that a player is not a character's owner, where that may have been said before."""
    before = _rejected(player, character, None, is_unlinking=was_unlinked) if was_said else None
    after = {**_rejected(player, character, None, is_unlinking=False), "reason": why}
    return RowChange("rejection", 0, before, after, _named([character], [player]))


def forget_rejection(
    player: Named, *, character: Named | None = None, member: Named | None = None, is_unlinking: bool
) -> RowChange:
    before = _rejected(player, character, member, is_unlinking=is_unlinking)
    return RowChange("rejection", 0, before, None, _named([character], [player], [member]))


def move_rejection(
    player: Named, former: Named, *, character: Named | None = None, member: Named | None = None, is_unlinking: bool
) -> RowChange:
    """Let a rejection be about another player; who decided it stays."""
    before, after = (_rejected(each, character, member, is_unlinking=is_unlinking) for each in (former, player))
    return RowChange("rejection", 0, before, after, _named([character], [former, player], [member]))


def mark_shared(character: Named, why: str) -> RowChange:
    """Record that a character is a bank, or is played by several people, so that it has no player."""
    after = {"character_id": character.id, "reason": why}
    return RowChange("shared", character.id, None, after, _named([character]))


def unmark_shared(character: Named) -> RowChange:
    return RowChange("shared", character.id, {"character_id": character.id}, None, _named([character]))


def share_account(character: Named, why: str) -> RowChange:
    """Record that several people play on the account of a character."""
    after = {"character_id": character.id, "reason": why}
    return RowChange("account", character.id, None, after, _named([character]))


def unshare_account(character: Named) -> RowChange:
    return RowChange("account", character.id, {"character_id": character.id}, None, _named([character]))


def set_hiatus(player: Named, until: str | None, why: str, *, former: Row | None = None) -> RowChange:
    """Record that a player is away until a day, written as ISO 8601 does, or without a return date.

    `former` is what was recorded before, with its `until`.
    """
    before = {"player_id": player.id, **former} if former is not None else None
    return RowChange(
        "hiatus", 0, before, {"player_id": player.id, "until": until, "reason": why}, _named(players=[player])
    )


def end_hiatus(player: Named, until: str | None) -> RowChange:
    return RowChange("hiatus", 0, {"player_id": player.id, "until": until}, None, _named(players=[player]))


def move_hiatus(player: Named, former: Named, until: str | None) -> RowChange:
    """Let it be another player who is away; who said so stays."""
    before, after = ({"player_id": each.id, "until": until} for each in (former, player))
    return RowChange("hiatus", 0, before, after, _named(players=[former, player]))


def _rejected(player: Named, character: Named | None, member: Named | None, *, is_unlinking: bool) -> Row:
    return {
        "character_id": character.id if character else None,
        "discord_user_id": member.id if member else None,
        "player_id": player.id,
        "is_unlinking": is_unlinking,
    }


def _named(
    characters: Iterable[Named | None] = (), players: Iterable[Named | None] = (), members: Iterable[Named | None] = ()
) -> NameOf:
    names: dict[Thing, str] = {("character", each.id): each.name for each in characters if each}
    names |= {("player", each.id): each.name for each in players if each}
    return names | {("member", each.id): each.name for each in members if each}
