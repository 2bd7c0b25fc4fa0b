"""A guild whose roster has been read, and whose profiles are read with the real client from the simulated Battle.net."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, LiteralString

import httpx2

from sv_common.db.pool import Pool
from sv_common.guild_sync.core.reports import SyncReport
from sv_common.guild_sync.db_sync import refresh_profiles, sync_blizzard_roster
from sv_common.guild_sync.roster import guilds
from sv_common.guild_sync.simulators import GuildSimulator, GuildWorld
from sv_common.guild_sync.simulators.clock import SimulatedClock
from sv_common.guild_sync.simulators.model import WorldCharacter
from sv_common.guild_sync.sources.battlenet.api import LIMITS
from sv_common.guild_sync.sources.battlenet.client import BattleNetClient
from sv_common.guild_sync.sources.http import RateLimiter, Timing

AN_HOUR_S = 3600.0


@dataclass
class Installation:
    """A guild whose roster has been read, and what stands in the database about it."""

    pool: Pool
    simulator: GuildSimulator
    http: httpx2.AsyncClient
    clock: SimulatedClock = field(default_factory=SimulatedClock)
    source: BattleNetClient = field(init=False)
    guild_id: int = 0

    def __post_init__(self) -> None:
        self.source = self.client()

    @property
    def world(self) -> GuildWorld:
        return self.simulator.world

    def client(self, requests_an_hour: int = LIMITS[1][0]) -> BattleNetClient:
        timing = Timing(self.clock.clock, self.clock.sleep, self.clock.jitter)
        return BattleNetClient(
            self.http,
            client_id=self.simulator.client_id,
            client_secret=self.simulator.client_secret,
            token_url=self.simulator.token_url,
            api_url=self.simulator.battlenet_url,
            limiter=RateLimiter([LIMITS[0], (requests_an_hour, AN_HOUR_S)], timing),
            timing=timing,
        )

    async def load(self, size: int) -> None:
        """Show a guild of this size, whose characters all have a profile, and read its roster."""
        self.simulator.load(GuildWorld.seeded(7, size))
        for character in self.world.characters:
            character.has_profile = True
        async with self.pool.connection() as conn:
            self.guild_id = await guilds.add(conn, self.world.address, self.world.guild_name)
        await self.roster()

    async def roster(self) -> None:
        roster = await self.client().fetch_members(self.world.address)
        await sync_blizzard_roster(self.pool, roster.members, guild_id=self.guild_id, accept_losses=True)

    async def refresh(self) -> SyncReport:
        """Let all be due that Battle.net has not confirmed to be gone, and read what is due."""
        await self.rows(
            "update guild_identity.character_profiles set requested_at = requested_at - interval '5 days' "
            "where gone_confirmed_at is null returning character_id"
        )
        return await self.refresh_what_is_due()

    async def refresh_what_is_due(self) -> SyncReport:
        return await refresh_profiles(self.pool, self.source, guild_id=self.guild_id)

    async def known(self, character: WorldCharacter) -> tuple[Any, ...]:
        """Item level and last login as the database has them."""
        rows = await self.rows(
            "select item_level, last_login_timestamp from guild_identity.wow_characters "
            "where blizzard_character_id = %(id)s",
            {"id": character.character_id},
        )
        return rows[0]

    async def age(self, days: float) -> None:
        """Let so much time pass: everything that is remembered happened so much earlier."""
        await self.rows(
            "with profiles as (update guild_identity.character_profiles set requested_at = requested_at - %(age)s::interval, "
            "fetched_at = fetched_at - %(age)s::interval, gone_since = gone_since - %(age)s::interval, "
            "gone_confirmed_at = gone_confirmed_at - %(age)s::interval) "
            "update guild_identity.wow_characters set first_seen = first_seen - %(age)s::interval returning id",
            {"age": f"{days} days"},
        )

    async def rows(self, query: LiteralString, values: dict[str, Any] | None = None) -> list[tuple[Any, ...]]:
        async with self.pool.connection() as conn:
            return await (await conn.execute(query, values)).fetchall()

    async def everything(self) -> list[tuple[Any, ...]]:
        return await self.rows(
            "select to_jsonb(c) from guild_identity.wow_characters c "
            "union all select to_jsonb(p) from guild_identity.character_profiles p order by 1"
        )
