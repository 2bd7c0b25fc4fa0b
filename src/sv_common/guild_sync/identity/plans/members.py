"""Planning decisions about who a player is on Discord."""

from __future__ import annotations

from sv_common.guild_sync.changes import row_changes as change
from sv_common.guild_sync.changes.changeset import MEMBER_UNLINKED, Changeset
from sv_common.guild_sync.core.errors import NotFound, Refused
from sv_common.guild_sync.core.language import tr
from sv_common.guild_sync.core.plain_text import checked_reason
from sv_common.guild_sync.identity.facts import GuildFacts, KnownMember, KnownPlayer
from sv_common.guild_sync.identity.plans.linking import SAYS_SO, allowed_member, decided, made_member


def link_member(facts: GuildFacts, player: KnownPlayer, member: KnownMember) -> Changeset:
    """Plan that a player is a Discord member. Raises `Refused` where an officer has said so already."""
    named = {"player": player.display_name, "member": member.display_name}
    rows = made_member(facts, player, member)
    if not rows:
        raise Refused(tr("{player} is already linked to {member} on Discord, by an officer.", **named))
    return decided(rows, tr("{player} is {member} on Discord", **named))


def unlink_member(facts: GuildFacts, player: KnownPlayer, reason: str = "") -> Changeset:
    """Plan that a player is no longer a Discord member, nor by a name again. Raises `Refused` where there is none."""
    member = facts.members.get(player.discord_user_id or 0)
    if member is None:
        raise Refused(tr("{player} has no Discord member to unlink.", player=player.display_name))
    rows = [change.detach_member(player.named, member.named)]
    if (player.id, member.id) not in facts.member_rejections:
        why = checked_reason(reason) or MEMBER_UNLINKED
        rows.append(change.reject(player.named, member=member.named, why=why, is_unlinking=True))
    named = {"player": player.display_name, "member": member.display_name}
    return decided(rows, tr("{player} is not the Discord member {member}", **named))


def reject_member(facts: GuildFacts, player: KnownPlayer, member: KnownMember, reason: str) -> Changeset:
    """Plan that a player is not a Discord member. Raises `Refused` where an officer has said so already."""
    pair, named = (player.id, member.id), {"player": player.display_name, "member": member.display_name}
    if pair in facts.member_rejections - facts.unlinked_members:
        raise Refused(tr("{member} on Discord is already ruled out for {player}.", **named))
    why = checked_reason(reason) or SAYS_SO
    rows = [change.detach_member(player.named, member.named)] if player.discord_user_id == member.id else []
    was_unlinked = pair in facts.unlinked_members
    rows.append(change.reject(player.named, member=member.named, why=why, was_unlinked=was_unlinked))
    return decided(rows, tr("{player} is not {member} on Discord", **named))


def allow_member(facts: GuildFacts, player: KnownPlayer, member: KnownMember) -> Changeset:
    """Plan that a player may be a Discord member after all. Raises `NotFound` where nothing speaks against it."""
    named = {"player": player.display_name, "member": member.display_name}
    if (player.id, member.id) not in facts.member_rejections:
        raise NotFound(tr("{member} on Discord is not ruled out for {player}.", **named))
    return decided([allowed_member(facts, player, member)], tr("{player} may be {member} on Discord again", **named))
