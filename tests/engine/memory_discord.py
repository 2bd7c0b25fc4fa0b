"""A Discord server in memory, for fixes that change roles."""

from __future__ import annotations

from collections.abc import Sequence

from guild_builder import ROLE_NAMES, GuildBuilder
from sv_common.guild_sync.core.errors import SourceDenied
from sv_common.guild_sync.sources.discord.permissions import RoleAuthority
from sv_common.guild_sync.sources.models import DiscordGuild, DiscordMember, DiscordRole


class MemoryDiscord:
    """Members and their roles, with every change in order; `refused` roles cannot be given or taken."""

    def __init__(self, roles: dict[str, list[str]], refused: Sequence[str] = ()) -> None:
        self.roles = roles
        self.refused = refused
        self.bot_position = 9000
        self.changes: list[tuple[str, str]] = []

    async def fetch_guild(self, discord_guild_id: str) -> DiscordGuild:
        raise NotImplementedError(discord_guild_id)

    async def fetch_member(self, discord_guild_id: str, user_id: str) -> DiscordMember | None:
        assert discord_guild_id == "7000"
        held = self.roles.get(user_id)
        return None if held is None else DiscordMember(user_id, user_id, None, None, tuple(held), is_bot=False)

    async def fetch_authority(self, discord_guild_id: str) -> RoleAuthority:
        roles = [DiscordRole(role_id, name, int(role_id), managed=False) for role_id, name in ROLE_NAMES.items()]
        bot_role = DiscordRole("9000", "PATT", self.bot_position, managed=True)
        by_id = {role.role_id: role for role in (*roles, bot_role)}
        return RoleAuthority(discord_guild_id, by_id, frozenset({bot_role.role_id}), may_manage_roles=True)

    async def add_role(self, discord_guild_id: str, user_id: str, role_id: str, *, reason: str) -> None:
        self._check(discord_guild_id, role_id, reason)
        self.changes.append(("add", role_id))
        self.roles[user_id].append(role_id)

    async def remove_role(self, discord_guild_id: str, user_id: str, role_id: str, *, reason: str) -> None:
        self._check(discord_guild_id, role_id, reason)
        self.changes.append(("remove", role_id))
        self.roles[user_id].remove(role_id)

    def _check(self, discord_guild_id: str, role_id: str, reason: str) -> None:
        assert (discord_guild_id, reason[:4]) == ("7000", "PATT")
        if role_id in self.refused:
            raise SourceDenied("Move the bot's role above it in Server Settings → Roles.")


async def discord_of(guild: GuildBuilder, refused: Sequence[str] = ()) -> MemoryDiscord:
    """Return a server on which everyone holds the roles that the guild's rows say."""
    rows = await guild.rows("select discord_id, all_guild_roles from guild_identity.discord_users")
    return MemoryDiscord({discord_id: list(roles) for discord_id, roles in rows}, refused)
