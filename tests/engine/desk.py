"""A guild, and the officers' channel on its Discord server; what is posted there, and announcers that end or wait on the way."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from guild_builder import GuildBuilder
from sv_common.db.pool import Pool
from sv_common.guild_sync.reporter import send_digest
from sv_common.guild_sync.simulators import GuildSimulator, GuildWorld
from sv_common.guild_sync.simulators.clock import SimulatedClock
from sv_common.guild_sync.simulators.model import WorldMessage
from sv_common.guild_sync.sources.discord.client import DiscordClient
from sv_common.guild_sync.sources.discord.message import Announcement
from sv_common.guild_sync.sources.http import Timing, http_client


@dataclass
class Desk:
    """A guild, and the officers' channel on its Discord server."""

    guild: GuildBuilder
    simulator: GuildSimulator
    discord: DiscordClient

    async def newcomer(self, name: str) -> int:
        """Find a character without a player; return it."""
        character = await self.guild.character(name)
        await self.guild.scan()
        return character

    async def tell(self) -> int:
        return await send_digest(self.guild.pool, self.discord, guild_id=self.guild.guild_id)

    async def tell_again_now(self) -> int:
        """Tell without waiting for the next try after a failure."""
        await self.guild.execute("update guild_identity.announcements set next_try_at = now()")
        return await self.tell()

    async def tomorrow(self) -> None:
        """Let a day pass for what was told."""
        await self.guild.execute("update guild_identity.announcements set created_at = created_at - interval '1 day'")

    @property
    def messages(self) -> list[WorldMessage]:
        return self.simulator.world.messages

    def fields(self, number: int = -1) -> dict[str, str]:
        """The headings of a message with what stands below them."""
        (embed,) = self.embeds(number)
        return {field["name"]: field["value"] for field in embed.get("fields", [])}

    def embeds(self, number: int) -> list[dict[str, Any]]:
        embeds = self.messages[number].payload["embeds"]
        assert isinstance(embeds, list)
        return embeds


@dataclass
class DyingAnnouncer:
    """An announcer whose process ends when Discord has answered."""

    discord: DiscordClient

    async def announce(self, channel_id: str, announcement: Announcement) -> str:
        await self.discord.announce(channel_id, announcement)
        raise asyncio.CancelledError

    async def rewrite(self, channel_id: str, message_id: str, announcement: Announcement) -> bool:
        await self.discord.rewrite(channel_id, message_id, announcement)
        raise asyncio.CancelledError


@pytest.fixture(scope="module")
def served() -> Iterator[GuildSimulator]:
    with GuildSimulator(GuildWorld.seeded(7, 12)) as running:
        yield running


@pytest.fixture
async def desk(pool: Pool, served: GuildSimulator) -> AsyncIterator[Desk]:
    served.load(GuildWorld.seeded(7, 12))
    guild = await GuildBuilder.create(pool)
    channel = served.world.audit_channel_id
    async with pool.connection() as conn:
        await conn.execute("update guild_identity.guilds set audit_channel_id = %s", [channel])
    clock = SimulatedClock()
    timing = Timing(clock.clock, clock.sleep, clock.jitter)
    async with http_client(trust_env=False) as http:
        yield Desk(
            guild, served, DiscordClient(http, token=served.discord_token, api_url=served.discord_url, timing=timing)
        )


@dataclass
class HeldAnnouncer:
    """An announcer whose messages wait, on their way to Discord, until they are let through."""

    discord: DiscordClient
    is_on_its_way: asyncio.Event
    may_arrive: asyncio.Event

    @classmethod
    def at(cls, desk: Desk) -> HeldAnnouncer:
        """Hold what is sent from a desk."""
        return cls(desk.discord, asyncio.Event(), asyncio.Event())

    async def announce(self, channel_id: str, announcement: Announcement) -> str:
        await self._wait()
        return await self.discord.announce(channel_id, announcement)

    async def rewrite(self, channel_id: str, message_id: str, announcement: Announcement) -> bool:
        await self._wait()
        return await self.discord.rewrite(channel_id, message_id, announcement)

    async def _wait(self) -> None:
        self.is_on_its_way.set()
        await self.may_arrive.wait()
