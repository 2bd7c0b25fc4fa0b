"""An answer that lands late: read from the source, held up on its way, and taken in after the world has moved on."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace

from sv_common.guild_sync.sources.discord.permissions import RoleAuthority
from sv_common.guild_sync.sources.models import (
    CharacterAddress,
    DiscordGuild,
    DiscordMember,
    GuildAddress,
    GuildRoster,
    ProfileAnswer,
)
from sv_common.guild_sync.sources.ports import DiscordSource, ProfileSource, Sources

Meanwhile = Callable[[], Awaitable[None]]
"""What happens while an answer is on its way."""


def with_late_members(sources: Sources, meanwhile: Meanwhile) -> Sources:
    """Return the same outside, whose lists of Discord members land after something else has happened."""
    assert sources.discord is not None  # noqa: S101 -- the simulation sets every source up
    return replace(sources, discord=_LateDiscord(sources.discord, meanwhile))


def with_late_roster(sources: Sources, meanwhile: Meanwhile) -> Sources:
    """Return the same outside, whose rosters land after something else has happened."""
    assert sources.profiles is not None  # noqa: S101 -- as above
    return replace(sources, profiles=_LateRoster(sources.profiles, meanwhile))


@dataclass(frozen=True)
class _LateDiscord:
    source: DiscordSource
    meanwhile: Meanwhile

    async def fetch_guild(self, discord_guild_id: str) -> DiscordGuild:
        answer = await self.source.fetch_guild(discord_guild_id)
        await self.meanwhile()
        return answer

    async def fetch_member(self, discord_guild_id: str, user_id: str) -> DiscordMember | None:
        return await self.source.fetch_member(discord_guild_id, user_id)

    async def fetch_authority(self, discord_guild_id: str) -> RoleAuthority:
        return await self.source.fetch_authority(discord_guild_id)

    async def add_role(self, discord_guild_id: str, user_id: str, role_id: str, *, reason: str) -> None:
        await self.source.add_role(discord_guild_id, user_id, role_id, reason=reason)

    async def remove_role(self, discord_guild_id: str, user_id: str, role_id: str, *, reason: str) -> None:
        await self.source.remove_role(discord_guild_id, user_id, role_id, reason=reason)


@dataclass(frozen=True)
class _LateRoster:
    source: ProfileSource
    meanwhile: Meanwhile

    @property
    def spare_requests(self) -> int:
        return self.source.spare_requests

    async def fetch_members(self, guild: GuildAddress) -> GuildRoster:
        answer = await self.source.fetch_members(guild)
        await self.meanwhile()
        return answer

    async def fetch_profiles(self, region: str, characters: Sequence[CharacterAddress]) -> Sequence[ProfileAnswer]:
        return await self.source.fetch_profiles(region, characters)
