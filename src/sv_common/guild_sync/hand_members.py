"""From an officer's decision about a Discord member to a plan: whose they are and whose not, or why it cannot be. Reads nothing."""

from __future__ import annotations

from sv_common.guild_sync import hand_plans
from sv_common.guild_sync.domain.errors import Refused
from sv_common.guild_sync.domain.plan import AttachDiscord, CreatePlayer, DetachDiscord, Link, Plan, Step
from sv_common.guild_sync.resolution import Directory
from sv_common.guild_sync.store.directory import GuildFacts, KnownCharacter, KnownMember, KnownPlayer, main_pointer
from sv_common.guild_sync.store.links import DECIDED_BY_A_PERSON

_NEW_PLAYER = -1
"""By this number the steps of a plan mean the player that it makes."""


def is_member(facts: GuildFacts, player: KnownPlayer, member: KnownMember) -> Plan:
    """Plan that a player is this Discord member. Raises `Refused` where either is somebody else, or it is so already."""
    step = _attach(facts, player, member)
    return Plan((step,), f"{player.display_name} is {member.display_name} on Discord: an officer says so.")


def belongs_to_member(directory: Directory, character: KnownCharacter, member: KnownMember) -> Plan:
    """Plan that a character is this Discord member's, who becomes a player with it where they are none yet.

    A player that has the character, and nobody on Discord, becomes the member. Raises `Refused` where the character's
    player is somebody else on Discord, and like `hand_plans.belongs_to`.
    """
    facts = directory.facts
    theirs = _player_of(facts, member)
    if theirs is not None:
        return hand_plans.belongs_to(directory, character, theirs, remember_note=False)
    _check_is_there(member)
    reason = f"{character.label} belongs to {member.display_name} on Discord: an officer says so."
    if character.player_id is None:
        return Plan(_new_player(character, member), reason)
    player = facts.players[character.player_id]
    attach = _attach(facts, player, member)
    return Plan((*_made_firm(directory, character, player), attach), reason)


def not_this_member(facts: GuildFacts, player: KnownPlayer) -> Plan:
    """Plan that a player is nobody on Discord. Raises `Refused` where it is nobody already."""
    member = facts.members.get(player.discord_user_id or 0)
    if member is None:
        raise Refused(f"Nobody on Discord is known to be {player.display_name}, so there is nothing to unlink.")
    step = DetachDiscord(player.id, player.display_name, member.id, member.display_name)
    return Plan((step,), f"{player.display_name} is not the Discord member {member.display_name}: an officer says so.")


def _attach(facts: GuildFacts, player: KnownPlayer, member: KnownMember) -> AttachDiscord:
    _check_is_there(member)
    theirs = _player_of(facts, member)
    if theirs is not None and theirs.id == player.id:
        raise Refused(f"{player.display_name} is {member.display_name} on Discord already.")
    if theirs is not None:
        raise Refused(
            f"{member.display_name} on Discord is the player {theirs.display_name} already. If the two players are one person, "
            "merge them; else unlink the member from that player first."
        )
    if player.discord_user_id is not None:
        now = facts.members.get(player.discord_user_id)
        name = now.display_name if now else "somebody else"
        raise Refused(f"{player.display_name} is {name} on Discord. Unlink that member first.")
    return AttachDiscord(player.id, player.display_name, member.id, member.display_name)


def _new_player(character: KnownCharacter, member: KnownMember) -> tuple[Step, ...]:
    name = member.display_name
    return (
        CreatePlayer(_NEW_PLAYER, name, member.id, name, *main_pointer(character)),
        Link(character.id, character.label, _NEW_PLAYER, name, "an officer says so."),
    )


def _made_firm(directory: Directory, character: KnownCharacter, player: KnownPlayer) -> tuple[Step, ...]:
    """Let the character's own link be a person's word too, for it is what the officer has spoken of."""
    if character.link_source in DECIDED_BY_A_PERSON:
        return ()
    return hand_plans.belongs_to(directory, character, player, remember_note=False).steps


def _player_of(facts: GuildFacts, member: KnownMember) -> KnownPlayer | None:
    return next((player for player in facts.players.values() if player.discord_user_id == member.id), None)


def _check_is_there(member: KnownMember) -> None:
    if not member.is_present:
        raise Refused(f"{member.display_name} has left the Discord server, so nobody can be made this member.")
