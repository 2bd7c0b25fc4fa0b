"""Sources in memory: a Battle.net and a Discord that say what they are told, or fail as they are told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from asking_outside import note_if_holding
from sv_common.guild_sync.core.errors import SourceDenied
from sv_common.guild_sync.sources.discord.message import Announcement
from sv_common.guild_sync.sources.discord.permissions import RoleAuthority
from sv_common.guild_sync.sources.models import DiscordGuild, DiscordMember, DiscordRole, GuildAddress, RosterCharacter


@dataclass
class BattleNetInMemory:
    """A `BattleNetSource` that answers with `roster`, or raises `error`."""

    roster: Sequence[RosterCharacter] = ()
    error: Exception | None = None

    async def fetch_roster(self, guild: GuildAddress) -> Sequence[RosterCharacter]:  # noqa: ARG002 -- it knows one guild
        """Give the roster."""
        note_if_holding("Battle.net")
        if self.error is not None:
            raise self.error
        return list(self.roster)


@dataclass
class DiscordInMemory:
    """A `DiscordSource` with one server: its members keep the roles that they are given; or it raises `error`.

    `says`, where set, is what it answers when it is asked for the whole server.
    """

    server_id: str
    name: str
    roles: Sequence[DiscordRole]
    members: dict[str, DiscordMember] = field(default_factory=dict)
    error: Exception | None = None
    says: DiscordGuild | None = None

    def server(self) -> DiscordGuild:
        """The server as it is now."""
        return DiscordGuild(self.server_id, self.name, list(self.roles), list(self.members.values()))

    def held_roles(self) -> dict[str, list[str]]:
        """Who holds which roles."""
        return {user_id: sorted(member.role_ids) for user_id, member in self.members.items()}

    async def fetch_guild(self, discord_guild_id: str) -> DiscordGuild:
        """Give the server."""
        self._check(discord_guild_id)
        return self.says or self.server()

    async def fetch_member(self, discord_guild_id: str, user_id: str) -> DiscordMember | None:
        """Give one member."""
        self._check(discord_guild_id)
        return self.members.get(user_id)

    async def fetch_authority(self, discord_guild_id: str) -> RoleAuthority:
        """Give the standing of a bot above all roles."""
        self._check(discord_guild_id)
        bot_role = DiscordRole("1", "PATT", 1 + max((role.position for role in self.roles), default=0), managed=True)
        roles = {role.role_id: role for role in (*self.roles, bot_role)}
        return RoleAuthority(discord_guild_id, roles, frozenset({bot_role.role_id}), may_manage_roles=True)

    async def add_role(self, discord_guild_id: str, user_id: str, role_id: str, *, reason: str) -> None:  # noqa: ARG002
        """Give a role."""
        self._check(discord_guild_id)
        self._hold(user_id, {*self.members[user_id].role_ids, role_id})

    async def remove_role(self, discord_guild_id: str, user_id: str, role_id: str, *, reason: str) -> None:  # noqa: ARG002
        """Take a role."""
        self._check(discord_guild_id)
        self._hold(user_id, {*self.members[user_id].role_ids} - {role_id})

    def _hold(self, user_id: str, role_ids: set[str]) -> None:
        self.members[user_id] = replace(self.members[user_id], role_ids=tuple(sorted(role_ids)))

    def _check(self, discord_guild_id: str) -> None:
        note_if_holding("Discord")
        if self.error is not None:
            raise self.error
        if discord_guild_id != self.server_id:
            raise SourceDenied(f"The bot is not on the server {discord_guild_id}.")


@dataclass
class AnnouncerInMemory:
    """An `Announcer` that keeps what it was given; what comes with a nonce a second time is there already."""

    announcements: list[tuple[str, Announcement]] = field(default_factory=list)
    posted: dict[str, str] = field(default_factory=dict)

    async def announce(self, channel_id: str, announcement: Announcement) -> str:
        """Keep the announcement."""
        note_if_holding("Discord")
        if announcement.nonce not in self.posted:
            self.announcements.append((channel_id, announcement))
            self.posted[announcement.nonce] = str(len(self.announcements))
        return self.posted[announcement.nonce]

    async def rewrite(self, channel_id: str, message_id: str, announcement: Announcement) -> bool:
        """Replace a kept announcement."""
        note_if_holding("Discord")
        self.announcements[int(message_id) - 1] = (channel_id, announcement)
        return True
