"""A guild that was synced and matched once: its database, its sources over HTTP, and the real clients between them."""

from __future__ import annotations

import time
from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any, LiteralString

import httpx2

from laws import snapshot
from laws.snapshot import Snapshot
from sv_common.db.pool import Pool
from sv_common.guild_sync import scheduler
from sv_common.guild_sync.roster import guilds, ranks, runs
from sv_common.guild_sync.roster.runs import LoggedRun
from sv_common.guild_sync.scheduler import PipelineReport
from sv_common.guild_sync.simulators import GuildSimulator, GuildWorld, addon
from sv_common.guild_sync.simulators.clock import SimulatedClock
from sv_common.guild_sync.sources.addon.export import read_addon_export
from sv_common.guild_sync.sources.battlenet.client import BattleNetClient
from sv_common.guild_sync.sources.discord.client import DiscordClient
from sv_common.guild_sync.sources.http import USUAL_RETRIES, RetryPolicy, Timing
from sv_common.guild_sync.sources.ports import Sources

SEED, SIZE = 11, 12
NOW_MS = int(time.time() * 1000)
"""One moment for all worlds of a test run, so that the same seed gives the same guild again and again."""

SYNC_LOG = "guild_identity.sync_log"
HELD_LOSSES = "guild_identity.held_losses"
"""Like the log of runs it tells what a run that was refused had seen, and nothing of it counts."""
LAST_EXPORTS = "guild_identity.last_exports"
"""Of when the newest export is that saw what was known already: a moment like those of the columns below."""
MOMENTS = (
    "blizzard_last_sync",
    "addon_last_sync",
    "last_sync",
    "requested_at",
    "fetched_at",
    "guild_note_as_of",
    "officer_note_as_of",
    "settled_rank_as_of",
    "name_as_of",
    "roster_as_of",
    "members_as_of",
    "roles_as_of",
)
"""Columns that say when a source was read: they move on with every honest run that finds nothing new."""


def seeded_world() -> GuildWorld:
    """The guild that the template database knows."""
    return GuildWorld.seeded(SEED, SIZE, now_ms=NOW_MS)


@dataclass
class Installation:
    """The clients are made anew by `connect`, as by a process that starts again; no test waits for their clock."""

    pool: Pool
    simulator: GuildSimulator
    http: httpx2.AsyncClient
    guild_id: int = 0
    clock: SimulatedClock = field(default_factory=SimulatedClock)
    battle_net: BattleNetClient = field(init=False)
    discord: DiscordClient = field(init=False)

    def __post_init__(self) -> None:
        self.connect()

    @property
    def world(self) -> GuildWorld:
        return self.simulator.world

    @property
    def sources(self) -> Sources:
        return Sources(self.battle_net, self.discord, self.discord, profiles=self.battle_net)

    def connect(self, http: httpx2.AsyncClient | None = None, retries: RetryPolicy = USUAL_RETRIES) -> None:
        """Make fresh clients, which have no token and know of no limit."""
        timing = Timing(self.clock.clock, self.clock.sleep, self.clock.jitter)
        self.battle_net = BattleNetClient(
            http or self.http,
            client_id=self.simulator.client_id,
            client_secret=self.simulator.client_secret,
            token_url=self.simulator.token_url,
            api_url=self.simulator.battlenet_url,
            retries=retries,
            timing=timing,
        )
        self.discord = DiscordClient(
            http or self.http,
            token=self.simulator.discord_token,
            api_url=self.simulator.discord_url,
            retries=retries,
            timing=timing,
        )

    async def set_up(self) -> None:
        """Add the guild, read all three sources, map the ranks, and match."""
        world = self.world
        async with self.pool.connection() as conn:
            self.guild_id = await guilds.add(
                conn,
                world.address,
                world.guild_name,
                discord_guild_id=world.discord_guild_id,
                audit_channel_id=world.audit_channel_id,
            )
        await self.sync_battlenet()
        await self.upload()
        async with self.pool.writing(self.guild_id, alone=False) as guild:
            await ranks.ensure(guild, world.rank_roles)
            for index, role in world.rank_roles.items():
                await ranks.map_to_role(guild, index, role.role_id, role.name, is_managed=True)
        await self.sync_discord()
        await scheduler.run_full_match(self.pool, sources=self.sources, actor="alice")

    async def let_profiles_be_due(self) -> None:
        """Let each profile be asked for again, however short ago it was read."""
        await self.rows(
            "update guild_identity.character_profiles set requested_at = requested_at - interval '5 days' "
            "where gone_confirmed_at is null returning character_id"
        )

    async def sync_battlenet(self, *, accept_losses: bool = False) -> PipelineReport:
        return await scheduler.run_blizzard_sync(self.pool, sources=self.sources, accept_losses=accept_losses)

    async def sync_discord(self, *, accept_losses: bool = False) -> PipelineReport:
        return await scheduler.run_discord_sync(self.pool, sources=self.sources, accept_losses=accept_losses)

    async def upload(self) -> PipelineReport:
        export = read_addon_export(addon.render(self.world).encode())
        return await scheduler.run_addon_sync(self.pool, export.characters, sources=self.sources)

    async def state(self) -> Snapshot:
        """Every row of the product but the log of runs, and what runs were refused for."""
        return await snapshot.take(self.pool, apart_from={SYNC_LOG, HELD_LOSSES})

    async def fingerprint(self, *, without_columns: Collection[str] = ()) -> dict[str, str]:
        """The same as one checksum for each table."""
        return await snapshot.fingerprints(
            self.pool,
            apart_from={SYNC_LOG, HELD_LOSSES, *([LAST_EXPORTS] if without_columns else [])},
            without_columns=without_columns,
        )

    async def newest_run(self) -> LoggedRun:
        async with self.pool.writing(self.guild_id, alone=False) as guild:
            return (await runs.recent(guild, 1))[0]

    async def rows(self, query: LiteralString, values: dict[str, Any] | None = None) -> list[tuple[Any, ...]]:
        async with self.pool.connection() as conn:
            return await (await conn.execute(query, values)).fetchall()
