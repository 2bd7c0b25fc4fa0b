"""What Discord lets a bot do with the roles of a server, and what stands in the way, in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sv_common.guild_sync.sources.models import DiscordRole

_MAP_ANOTHER = "Map the rank to another role."


@dataclass(frozen=True, slots=True)
class Obstacle:
    """Why the bot cannot give or take a role, and what to do about it; both are whole sentences."""

    cause: str
    remedy: str


@dataclass(frozen=True, slots=True)
class RoleAuthority:
    """The bot's standing on one server at one moment, as Discord's API tells it.

    `roles` are all roles of the server by id; `bot_role_ids` are those that the bot holds. The role @everyone has the
    id of the server, and everyone holds it. `may_manage_roles` is true with the permission Manage Roles or
    Administrator from any of them.
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
        """Say why the bot cannot give or take a role, and what to do about it; None when nothing stands in the way."""
        found = self.find_obstacle(role_id, name)
        return f"{found.cause} {found.remedy}" if found else None

    def find_obstacle(self, role_id: str, name: str = "") -> Obstacle | None:
        """Find what keeps the bot from giving or taking a role; None when nothing does.

        A bot may give and take only roles that belong to no integration and stand below its own highest role
        (Discord documentation, "Permission Hierarchy"); Administrator does not lift this. `name` is what a role is
        called that the server no longer has.
        """
        role = self.roles.get(role_id)
        if role is None:
            called = f"'{name}'" if name else "that the rank table names"
            return Obstacle(f"The role {called} no longer exists on the Discord server.", _MAP_ANOTHER)
        if role_id == self.guild_id:
            return Obstacle("Everybody holds '@everyone', so it cannot be given or taken.", _MAP_ANOTHER)
        if role.managed:
            cause = f"Discord gives and takes the role '{role.name}' itself, on behalf of an integration; no bot can."
            return Obstacle(cause, _MAP_ANOTHER)
        return self._obstacle_of_the_bot(role)

    def _obstacle_of_the_bot(self, role: DiscordRole) -> Obstacle | None:
        top = self.top_role
        if not self.may_manage_roles:
            own = f"the role '{top.name}'" if top else "a role of the bot"
            return Obstacle(
                f"The bot lacks the permission Manage Roles, so it can neither give nor take '{role.name}'.",
                f"Switch Manage Roles on for {own} in Server Settings → Roles.",
            )
        if top is None:
            return Obstacle(
                f"The bot holds no role of its own, so it may not give or take '{role.name}'.",
                f"Give the bot a role with the permission Manage Roles, above '{role.name}', in Server Settings → Roles.",
            )
        if self.stands_too_high(role):
            return Obstacle(
                f"The role '{role.name}' does not stand below the bot's highest role, '{top.name}', so the bot may not "
                "give or take it.",
                f"Move the bot's role above '{role.name}' in Server Settings → Roles.",
            )
        return None

    def stands_too_high(self, role: DiscordRole) -> bool:
        """Whether a role stands at the height of the bot's highest role, or above it."""
        return self.top_role is not None and self.height(self.top_role) <= self.height(role)

    def height(self, role: DiscordRole) -> tuple[bool, int, int]:
        """Order roles by power: @everyone below all, then by position; of two in one position the older is the higher."""
        return role.role_id != self.guild_id, role.position, -int(role.role_id)


def find_obstacles(authority: RoleAuthority, role_names: Mapping[str, str]) -> list[Obstacle]:
    """Find what is wrong with roles, given by id with the names under which they were known.

    Roles that stand too high are told together, for moving the bot's role above the highest of them is enough.
    """
    known = [authority.roles[role_id] for role_id in role_names if role_id in authority.roles]
    usual = [role for role in known if not role.managed and role.role_id != authority.guild_id]
    too_high = [role for role in usual if authority.may_manage_roles and authority.stands_too_high(role)]
    others = [role_id for role_id in role_names if role_id not in {role.role_id for role in too_high}]
    found = [authority.find_obstacle(role_id, role_names[role_id]) for role_id in others]
    if len(too_high) == 1:
        found.append(authority.find_obstacle(too_high[0].role_id))
    elif too_high and authority.top_role is not None:
        ordered = [f"'{role.name}'" for role in sorted(too_high, key=authority.height, reverse=True)]
        cause = (
            f"These roles do not stand below the bot's highest role, '{authority.top_role.name}', so the bot may not give or "
            f"take them: {', '.join(ordered)}."
        )
        found.append(Obstacle(cause, f"Move the bot's role above {ordered[0]} in Server Settings → Roles."))
    return [obstacle for obstacle in found if obstacle is not None]
