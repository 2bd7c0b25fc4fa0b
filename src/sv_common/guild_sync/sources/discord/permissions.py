"""What Discord lets a bot do on a server, with its roles and in its channels, and what prevents it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import IntFlag

from sv_common.guild_sync.core.language import mark, tr
from sv_common.guild_sync.sources.models import DiscordRole


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
        """Its name in Discord's settings."""
        return tr(_LABELS[self]) if self in _LABELS else (self.name or "").replace("_", " ").title()


_LABELS: Mapping[Permission, str] = {
    Permission.VIEW_CHANNEL: mark("View Channel"),
    Permission.SEND_MESSAGES: mark("Send Messages"),
    Permission.EMBED_LINKS: mark("Embed Links"),
}


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

    `server_permissions` are those of all the member's roles, @everyone included, whose id is the server's. Overwrites apply in
    this order: @everyone's; those of the member's roles, where one allowance outweighs any denial; the member's own.
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


_MAP_ANOTHER = mark("Map the rank to another role.")


@dataclass(frozen=True, slots=True)
class Obstacle:
    """Why the bot cannot give or take a role, and what to do about it; both are whole sentences."""

    cause: str
    remedy: str


@dataclass(frozen=True, slots=True)
class RoleAuthority:
    """What the bot may do with the roles of one server, at one moment. The role @everyone has the id of the server.

    `may_manage_roles` is true with the permission Manage Roles or Administrator from any of its roles.
    """

    guild_id: str
    roles: Mapping[str, DiscordRole]
    bot_role_ids: frozenset[str]
    may_manage_roles: bool

    @property
    def top_role(self) -> DiscordRole | None:
        """The highest role that the bot holds; None when it has no role of its own."""
        own = [role for role_id, role in self.roles.items() if role_id in self.bot_role_ids]
        return max(own, key=self.height, default=None)

    def obstacle(self, role_id: str, name: str = "") -> str | None:
        """Return why the bot cannot give or take a role, and the remedy; None when nothing prevents it."""
        found = self.find_obstacle(role_id, name)
        return f"{found.cause} {found.remedy}" if found else None

    def find_obstacle(self, role_id: str, name: str = "") -> Obstacle | None:
        """Find what keeps the bot from giving or taking a role; None when nothing does. `name` is that of a role that is gone.

        Only roles of no integration, below the bot's own highest, can be changed (Discord documentation, "Permission Hierarchy").
        """
        role = self.roles.get(role_id)
        if role is None:
            cause = (
                tr("The role '{role}' no longer exists on the Discord server.", role=name)
                if name
                else tr("The role that the rank table names no longer exists on the Discord server.")
            )
            return Obstacle(cause, tr(_MAP_ANOTHER))
        if role_id == self.guild_id:
            return Obstacle(tr("Every member has '@everyone', so it cannot be given or taken."), tr(_MAP_ANOTHER))
        if role.managed:
            cause = tr(
                "Discord gives and takes the role '{role}' itself, on behalf of an integration; no bot can.",
                role=role.name,
            )
            return Obstacle(cause, tr(_MAP_ANOTHER))
        return self._obstacle_of_the_bot(role)

    def _obstacle_of_the_bot(self, role: DiscordRole) -> Obstacle | None:
        top = self.top_role
        if not self.may_manage_roles:
            return Obstacle(
                tr(
                    "The bot lacks the permission Manage Roles, so it can neither give nor take '{role}'.",
                    role=role.name,
                ),
                tr("Switch Manage Roles on for the role '{role}' in Server Settings → Roles.", role=top.name)
                if top
                else tr("Switch Manage Roles on for a role of the bot in Server Settings → Roles."),
            )
        if top is None:
            return Obstacle(
                tr("The bot holds no role of its own, so it may not give or take '{role}'.", role=role.name),
                tr(
                    "Give the bot a role with the permission Manage Roles, above '{role}', in Server Settings → Roles.",
                    role=role.name,
                ),
            )
        if self.is_too_high(role):
            return Obstacle(
                tr(
                    "The role '{role}' does not stand below the bot's highest role, '{highest}', so the bot may not "
                    "give or take it.",
                    role=role.name,
                    highest=top.name,
                ),
                _move_above(role),
            )
        return None

    def is_too_high(self, role: DiscordRole) -> bool:
        """Whether a role is at the height of the bot's highest role, or above it."""
        return self.top_role is not None and self.height(self.top_role) <= self.height(role)

    def height(self, role: DiscordRole) -> tuple[bool, int, int]:
        """Order roles by power: @everyone below all, then by position; of two in one position the older is the higher."""
        return role.role_id != self.guild_id, role.position, -int(role.role_id)


def _move_above(role: DiscordRole) -> str:
    return tr("Move the bot's role above '{role}' in Server Settings → Roles.", role=role.name)


def find_obstacles(authority: RoleAuthority, role_names: Mapping[str, str]) -> list[Obstacle]:
    """Find what is wrong with roles, given by id with the names under which they were known.

    Roles that are too high are reported together: moving the bot's role above the highest of them is enough.
    """
    known = [authority.roles[role_id] for role_id in role_names if role_id in authority.roles]
    usual = [role for role in known if not role.managed and role.role_id != authority.guild_id]
    too_high = [role for role in usual if authority.may_manage_roles and authority.is_too_high(role)]
    others = [role_id for role_id in role_names if role_id not in {role.role_id for role in too_high}]
    found = [authority.find_obstacle(role_id, role_names[role_id]) for role_id in others]
    if len(too_high) == 1:
        found.append(authority.find_obstacle(too_high[0].role_id))
    elif too_high and authority.top_role is not None:
        ordered = sorted(too_high, key=authority.height, reverse=True)
        cause = tr(
            "These roles do not stand below the bot's highest role, '{highest}', so the bot may not give or "
            "take them: {roles}.",
            highest=authority.top_role.name,
            roles=", ".join(f"'{role.name}'" for role in ordered),
        )
        found.append(Obstacle(cause, _move_above(ordered[0])))
    return [obstacle for obstacle in found if obstacle is not None]
