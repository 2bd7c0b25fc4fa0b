"""From an officer's decision about a Discord member to a plan: whose they are and whose not, or why it cannot be. Reads nothing."""

from __future__ import annotations

from sv_common.guild_sync import hand_plans
from sv_common.guild_sync.domain.errors import NotFound, Refused
from sv_common.guild_sync.domain.plan import (
    AttachDiscord,
    ConfirmMember,
    CreatePlayer,
    DetachDiscord,
    ForgetMemberRejection,
    Link,
    Plan,
    RejectMember,
    Step,
)
from sv_common.guild_sync.resolution import Directory
from sv_common.guild_sync.store.directory import GuildFacts, KnownCharacter, KnownMember, KnownPlayer, main_pointer

_NEW_PLAYER = -1
"""By this number the steps of a plan mean the player that it makes."""


def is_member(facts: GuildFacts, player: KnownPlayer, member: KnownMember) -> Plan:
    """Plan that a player is this Discord member, or that an officer vouches for it where evidence says so already.

    That an officer once took the member from the player is taken back by it. Raises `Refused` where either is somebody
    else, or where a person has said the same already.
    """
    steps = _made_member(facts, player, member)
    if not steps:
        raise Refused(f"{player.display_name} is {member.display_name} on Discord already, as a person decided.")
    return Plan(steps, f"{player.display_name} is {member.display_name} on Discord: an officer says so.")


def belongs_to_member(directory: Directory, character: KnownCharacter, member: KnownMember) -> Plan:
    """Plan that a character is this Discord member's, who becomes a player with it where they are none yet.

    A player that has the character, and nobody on Discord, becomes the member. Where all of it is so by evidence already,
    the officer vouches for it. Raises `Refused` where the character's player is somebody else on Discord, where a person
    has said all of it already, and like `hand_plans.belongs_to`.
    """
    facts = directory.facts
    reason = f"{character.label} belongs to {member.display_name} on Discord: an officer says so."
    theirs = _player_of(facts, member)
    if theirs is None and character.player_id is None:
        _check_is_there(member)
        return Plan(_new_player(character, member), reason)
    player = theirs or facts.players[character.player_id or 0]
    steps = (*_made_firm(directory, character, player), *_made_member(facts, player, member))
    if not steps:
        raise Refused(f"{character.label} belongs to {member.display_name} already, as a person decided.")
    return Plan(steps, reason)


def not_this_member(facts: GuildFacts, player: KnownPlayer) -> Plan:
    """Plan that a player is nobody on Discord, and that no evidence makes it the same member again.

    Raises `Refused` where it is nobody already.
    """
    member = facts.members.get(player.discord_user_id or 0)
    if member is None:
        raise Refused(f"Nobody on Discord is known to be {player.display_name}, so there is nothing to unlink.")
    who = (player.id, player.display_name, member.id, member.display_name)
    steps: list[Step] = [DetachDiscord(*who)]
    if (player.id, member.id) not in facts.member_rejections:
        steps.append(RejectMember(*who, "an officer unlinked them."))
    return Plan(
        tuple(steps), f"{player.display_name} is not the Discord member {member.display_name}: an officer says so."
    )


def may_be_this_member(facts: GuildFacts, player: KnownPlayer, member: KnownMember) -> Plan:
    """Plan that a player may be a Discord member again. Raises `NotFound` where nobody has said that it is not."""
    if (player.id, member.id) not in facts.member_rejections:
        raise NotFound(f"Nobody has said that {player.display_name} is not {member.display_name} on Discord.")
    step = ForgetMemberRejection(player.id, player.display_name, member.id, member.display_name)
    return Plan(
        (step,), f"{player.display_name} may be {member.display_name} on Discord after all: an officer says so."
    )


def _made_member(facts: GuildFacts, player: KnownPlayer, member: KnownMember) -> tuple[Step, ...]:
    """Let a player be a member on an officer's word; nothing where a person has said so already."""
    who = (player.id, player.display_name, member.id, member.display_name)
    if player.discord_user_id == member.id:
        return () if player.is_member_decided else (ConfirmMember(*who),)
    taken_back = (player.id, member.id) in facts.member_rejections
    return (*((ForgetMemberRejection(*who),) if taken_back else ()), _attach(facts, player, member))


def _attach(facts: GuildFacts, player: KnownPlayer, member: KnownMember) -> AttachDiscord:
    _check_is_there(member)
    theirs = _player_of(facts, member)
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
    if character.player_id == player.id and character.is_decided:
        return ()
    return hand_plans.belongs_to(directory, character, player, remember_note=False).steps


def _player_of(facts: GuildFacts, member: KnownMember) -> KnownPlayer | None:
    return next((player for player in facts.players.values() if player.discord_user_id == member.id), None)


def _check_is_there(member: KnownMember) -> None:
    if not member.is_present:
        raise Refused(f"{member.display_name} has left the Discord server, so nobody can be made this member.")
