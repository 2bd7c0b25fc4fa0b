"""Where profiles are read in a guild's life: after the roster, without which nothing else depends on them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from guild_builder import GuildBuilder, entry
from sv_common.db.pool import GuildConnection
from sv_common.guild_sync.core.errors import SourceUnavailable
from sv_common.guild_sync.roster import guilds
from sv_common.guild_sync.scheduler import run_blizzard_sync, run_sweep
from sv_common.guild_sync.sources.models import (
    CharacterAddress,
    GuildAddress,
    GuildRoster,
    ProfileAnswer,
    RosterCharacter,
)
from sv_common.guild_sync.sources.ports import Sources


class _BattleNet:
    """A Battle.net whose guild moved to another realm, and whose profiles cannot be had."""

    requests_an_hour = spare_requests = 10_000

    async def fetch_roster(self, guild: GuildAddress) -> Sequence[RosterCharacter]:
        raise AssertionError(f"the profiles of {guild.name_slug} must not be fetched twice")

    async def fetch_members(self, guild: GuildAddress) -> GuildRoster:
        return GuildRoster(replace(guild, realm_slug="moved-here"), "Lantern Watch", [entry("Mito")])

    async def fetch_profiles(self, region: str, characters: Sequence[CharacterAddress]) -> Sequence[ProfileAnswer]:
        assert (region, [each.name for each in characters]) == ("us", ["Mito"])
        raise SourceUnavailable("Battle.net does not answer. Try again later.")


async def test_profiles_that_cannot_be_had_leave_the_roster_and_make_the_run_partial(guild: GuildBuilder) -> None:
    source = _BattleNet()
    report = await run_blizzard_sync(guild.pool, sources=Sources(source, profiles=source))
    assert report.status == "partial"
    assert [step.name for step in report.steps] == [
        "sync",
        "refresh_profiles",
        "run_integrity_check",
        "run_auto_mitigations",
        "send_sync_summary",
    ]
    assert report.steps[1].error == "Battle.net does not answer. Try again later."
    assert await guild.rows("select character_name from guild_identity.wow_characters") == [("Mito",)]


async def test_the_address_that_battle_net_itself_gives_is_kept(guild: GuildBuilder) -> None:
    source = _BattleNet()
    await run_blizzard_sync(guild.pool, sources=Sources(source, profiles=source))
    async with guild.pool.writing(guild.guild_id, alone=False) as here:
        assert (await guilds.get(here)).realm_slug == "moved-here"


async def test_an_address_that_another_guild_has_is_left_to_it(guild: GuildBuilder) -> None:
    async with guild.pool.connection() as conn:
        before = (await guilds.get(GuildConnection(conn, guild.guild_id))).address
        await guilds.add(conn, replace(before, realm_slug="moved-here"), "Lantern Watch")
    source = _BattleNet()
    await run_blizzard_sync(guild.pool, guild_id=guild.guild_id, sources=Sources(source, profiles=source))
    assert (await guild.call(guilds.get)).address == before


async def test_a_sweep_erases_what_is_too_old_before_it_looks(guild: GuildBuilder) -> None:
    report = await run_sweep(guild.pool, sources=Sources())
    assert [step.name for step in report.steps][:2] == ["erase_expired_profiles", "run_integrity_check"]
    assert report.status == "done"
