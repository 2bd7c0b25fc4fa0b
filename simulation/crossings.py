"""Runs whose source answers late, while officers and the world go on: what is newer must not be overwritten by what is older."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace

from simulation import happenings
from simulation.clock import FakeClock
from simulation.guilds import LivingGuild
from simulation.officers import Officers
from simulation.tally import LawBroken
from sv_common.db.pool import Pool
from sv_common.db.sql import load_sql
from sv_common.guild_sync.core.errors import PattError
from sv_common.guild_sync.scheduler import run_blizzard_sync, run_discord_sync
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

SQL = load_sql(__package__, "crossings.sql")

Meanwhile = Callable[[], Awaitable[None]]
"""What happens while an answer is on its way."""

LONGEST_WAY_S = 60
MOST_HAPPENINGS = 4


async def cross(guild: LivingGuild, pool: Pool, sources: Sources, clock: FakeClock, officers: Officers) -> str:
    """Let a member list or a roster land late; return how it is called. Raises `LawBroken` for a role known worse than before."""
    changed: set[str] = set()

    async def meanwhile() -> None:
        await clock.sleep(guild.rng.uniform(1, LONGEST_WAY_S))
        guild.world.now_ms = clock.now_ms
        for _ in range(guild.rng.randint(1, MOST_HAPPENINGS)):
            happenings.happen(guild)
        so_far = len(guild.world.audit_log)
        await officers.fix_roles(guild)
        changed.update(entry.user_id for entry in guild.world.audit_log[so_far:])

    is_of_members = guild.rng.random() < 0.6
    name = "late member list" if is_of_members else "late roster"
    try:
        await _run(guild, pool, sources, meanwhile, is_of_members=is_of_members)
    except PattError as error:
        return f"{name}: {type(error).__name__}"
    async with pool.connection() as conn:
        rows = await (await conn.execute(SQL["roles"], {"guild_id": guild.guild_id})).fetchall()
    truth = {each.user_id: sorted(each.role_ids) for each in guild.world.members}
    wrong = [(who, roles) for who, roles in rows if who in changed & truth.keys() and roles != truth[who]]
    if wrong:
        raise LawBroken(f"a {name} overwrote roles that were changed after it, in guild {guild.guild_id}: {wrong}")
    return f"{name}, {'with' if changed else 'without'} role changes"


async def _run(guild: LivingGuild, pool: Pool, sources: Sources, meanwhile: Meanwhile, *, is_of_members: bool) -> None:
    assert sources.discord is not None  # noqa: S101 -- the simulation sets every source up
    assert sources.profiles is not None  # noqa: S101 -- as above
    if is_of_members:
        late = replace(sources, discord=_LateDiscord(sources.discord, meanwhile))
        await run_discord_sync(pool, guild_id=guild.guild_id, sources=late, actor="crossing")
    else:
        late = replace(sources, profiles=_LateRoster(sources.profiles, meanwhile))
        await run_blizzard_sync(pool, guild_id=guild.guild_id, sources=late, actor="crossing")


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
    def requests_an_hour(self) -> int:
        return self.source.requests_an_hour

    @property
    def spare_requests(self) -> int:
        return self.source.spare_requests

    async def fetch_members(self, guild: GuildAddress) -> GuildRoster:
        answer = await self.source.fetch_members(guild)
        await self.meanwhile()
        return answer

    async def fetch_profiles(self, region: str, characters: Sequence[CharacterAddress]) -> Sequence[ProfileAnswer]:
        return await self.source.fetch_profiles(region, characters)
