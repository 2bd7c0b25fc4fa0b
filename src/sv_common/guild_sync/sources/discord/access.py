"""Which application, servers and channels a Discord bot has, and what it may do in a channel."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import IntFlag


class Permission(IntFlag):
    """Bits of permissions (Discord documentation, "Permissions") that this product looks at."""

    KICK_MEMBERS = 1 << 1
    BAN_MEMBERS = 1 << 2
    ADMINISTRATOR = 1 << 3
    MANAGE_CHANNELS = 1 << 4
    MANAGE_GUILD = 1 << 5
    MANAGE_MESSAGES = 1 << 13
    MANAGE_WEBHOOKS = 1 << 29
    MODERATE_MEMBERS = 1 << 40
    VIEW_CHANNEL = 1 << 10
    SEND_MESSAGES = 1 << 11
    EMBED_LINKS = 1 << 14
    MANAGE_ROLES = 1 << 28

    @property
    def label(self) -> str:
        """What Discord's own pages call it."""
        return (self.name or "").replace("_", " ").title()


TO_ANNOUNCE = (Permission.VIEW_CHANNEL, Permission.SEND_MESSAGES, Permission.EMBED_LINKS)
"""What the bot needs in a channel to post a summary there."""

ADMINISTRATIVE = (
    Permission.ADMINISTRATOR
    | Permission.KICK_MEMBERS
    | Permission.BAN_MEMBERS
    | Permission.MANAGE_CHANNELS
    | Permission.MANAGE_GUILD
    | Permission.MANAGE_MESSAGES
    | Permission.MANAGE_ROLES
    | Permission.MANAGE_WEBHOOKS
    | Permission.MODERATE_MEMBERS
)
"""Any of these gives power over the server or over its members."""

ALL_PERMISSIONS = -1


@dataclass(frozen=True, slots=True)
class BotApplication:
    """The application that a bot belongs to. `sees_members`: its Server Members Intent is switched on."""

    application_id: str
    name: str
    sees_members: bool


@dataclass(frozen=True, slots=True)
class DiscordServer:
    """A server that the bot is on."""

    server_id: str
    name: str


@dataclass(frozen=True, slots=True)
class Overwrite:
    """What a channel allows and denies to a role or a member, beyond the server's own settings."""

    subject_id: str
    is_for_member: bool
    allow: int
    deny: int


@dataclass(frozen=True, slots=True)
class TextChannel:
    """A channel that takes messages, and the bits of what the bot may do in it."""

    channel_id: str
    name: str
    permissions: int

    @property
    def missing(self) -> tuple[str, ...]:
        """Name the permissions that the bot would need in order to post a summary, and lacks."""
        return tuple(needed.label for needed in TO_ANNOUNCE if not self.permissions & needed)


def permissions_in_channel(
    server_permissions: int, server_id: str, role_ids: Iterable[str], member_id: str, overwrites: Sequence[Overwrite]
) -> int:
    """Work out what a member may do in a channel (Discord documentation, "Permission Overwrites").

    `server_permissions` are those of all the member's roles together, with @everyone, whose id is the server's.
    Overwrites apply in this order: that of @everyone; those of the member's roles, where one allowance outweighs any
    denial; that of the member. Who cannot see a channel can do nothing there; who cannot write can embed nothing.
    """
    if server_permissions & Permission.ADMINISTRATOR:
        return ALL_PERMISSIONS
    own_roles = set(role_ids) - {server_id}
    granted = server_permissions
    for layer in (
        [each for each in overwrites if not each.is_for_member and each.subject_id == server_id],
        [each for each in overwrites if not each.is_for_member and each.subject_id in own_roles],
        [each for each in overwrites if each.is_for_member and each.subject_id == member_id],
    ):
        for each in layer:
            granted &= ~each.deny
        for each in layer:
            granted |= each.allow
    if not granted & Permission.VIEW_CHANNEL:
        return 0
    return granted if granted & Permission.SEND_MESSAGES else granted & ~Permission.EMBED_LINKS
