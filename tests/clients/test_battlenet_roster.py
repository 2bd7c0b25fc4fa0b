"""A guild's roster through the real client: found by its name, whole, and with every profile that can be had."""

import asyncio
from dataclasses import replace

import httpx2
import pytest

from clients.conftest import as_rostered
from sv_common.guild_sync.core.errors import SourceDenied, SourceError, SourceMalformed
from sv_common.guild_sync.simulators import GuildSimulator, GuildWorld
from sv_common.guild_sync.simulators.clock import SimulatedClock
from sv_common.guild_sync.simulators.seeding import OTHER_REALM
from sv_common.guild_sync.sources.battlenet.client import MOST_FAILURES_IN_A_ROW, BattleNetClient
from sv_common.guild_sync.sources.http import RateLimiter, RetryPolicy, Timing
from sv_common.guild_sync.sources.models import GuildAddress


async def test_the_whole_roster_comes_with_every_profile(
    battlenet: BattleNetClient, simulator: GuildSimulator, world: GuildWorld
) -> None:
    world.join("Zoë", realm=OTHER_REALM)
    world.join("Ягода", level=8)
    roster = await battlenet.fetch_roster(world.address)
    assert list(roster) == [as_rostered(character) for character in world.characters]
    assert (simulator.calls["token"], simulator.calls["roster"]) == (1, 1)
    assert simulator.calls["profile"] == len(world.characters)


async def test_hundreds_of_characters_are_fetched_within_the_rate_limit(
    battlenet: BattleNetClient, simulator: GuildSimulator, clock: SimulatedClock
) -> None:
    simulator.load(GuildWorld.seeded(3, 250))
    roster = await battlenet.fetch_roster(simulator.world.address)
    assert len(roster) == 250
    assert clock.now >= 2.0


async def test_the_roster_alone_has_no_realm_names_and_no_last_logins(
    battlenet: BattleNetClient, simulator: GuildSimulator, world: GuildWorld
) -> None:
    roster = await battlenet.fetch_members(world.address)
    assert (roster.address, roster.name) == (world.address, world.guild_name)
    assert {(member.realm_name, member.last_login_timestamp) for member in roster.members} == {(None, None)}
    assert simulator.calls["profile"] == 0


async def test_a_member_without_a_profile_stays_in_the_roster(battlenet: BattleNetClient, world: GuildWorld) -> None:
    hidden = world.characters[3]
    hidden.has_profile = False
    roster = await battlenet.fetch_roster(world.address)
    assert roster[3] == as_rostered(hidden)
    assert await battlenet.fetch_profile("us", hidden.realm.slug, hidden.name) is None


async def test_the_profile_of_an_inactive_account_is_unknown(
    battlenet: BattleNetClient, simulator: GuildSimulator, world: GuildWorld
) -> None:
    body = {"code": 403, "type": "Forbidden", "detail": "Account Inactive"}
    simulator.faults.json("profile", body, 403, path=world.characters[0].name.lower())
    roster = await battlenet.fetch_roster(world.address)
    assert roster[0].last_login_timestamp is None
    assert len(roster) == 12
    assert simulator.calls["profile"] == 12


@pytest.mark.parametrize("status", [500, 502, 503, 504])
async def test_a_profile_that_fails_for_good_is_unknown_and_its_member_stays(
    battlenet: BattleNetClient, simulator: GuildSimulator, world: GuildWorld, status: int
) -> None:
    unlucky = world.characters[0]
    simulator.faults.status("profile", status, times=None, path=unlucky.name.lower())
    roster = await battlenet.fetch_roster(world.address)
    assert roster[0].name == unlucky.name
    assert roster[0].last_login_timestamp is None
    assert list(roster[1:]) == [as_rostered(character) for character in world.characters[1:]]


async def test_a_profile_that_comes_broken_for_good_is_unknown_and_its_member_stays(
    battlenet: BattleNetClient, simulator: GuildSimulator, world: GuildWorld
) -> None:
    simulator.faults.html("profile", times=None, path=world.characters[0].name.lower())
    simulator.faults.json("profile", {"id": "x"}, times=None, path=world.characters[1].name.lower())
    roster = await battlenet.fetch_roster(world.address)
    assert [member.last_login_timestamp is None for member in roster].count(True) == 2
    with pytest.raises(SourceMalformed):
        await battlenet.fetch_profile("us", world.realm.slug, world.characters[0].name)


async def test_an_outage_of_all_profiles_is_not_sat_out_for_each_of_them(
    battlenet: BattleNetClient, simulator: GuildSimulator
) -> None:
    simulator.load(GuildWorld.seeded(3, 80))
    simulator.faults.status("profile", 503, times=None)
    roster = await battlenet.fetch_roster(simulator.world.address)
    assert len(roster) == 80
    assert simulator.calls["profile"] <= (MOST_FAILURES_IN_A_ROW + 20) * RetryPolicy().attempts


async def test_the_profile_of_another_character_with_the_same_name_is_not_used(
    battlenet: BattleNetClient, simulator: GuildSimulator, world: GuildWorld
) -> None:
    character = world.characters[0]
    other = {"id": 1, "name": character.name, "realm": {"slug": character.realm.slug}, "last_login_timestamp": 5}
    simulator.faults.json("profile", other, path=character.name.lower())
    roster = await battlenet.fetch_roster(world.address)
    assert roster[0].last_login_timestamp is None


async def test_an_unknown_guild_is_named_with_its_realm_and_region(
    battlenet: BattleNetClient, world: GuildWorld
) -> None:
    with pytest.raises(SourceError, match="no guild 'nobody' on the realm 'maltorith' in the region 'us'"):
        await battlenet.fetch_roster(replace(world.address, name_slug="nobody"))


async def test_an_unknown_region_is_never_asked(battlenet: BattleNetClient, simulator: GuildSimulator) -> None:
    with pytest.raises(SourceDenied, match="evil"):
        await battlenet.fetch_roster(GuildAddress("us.evil.example/", "maltorith", "the-lantern-watch"))
    assert not simulator.calls


@pytest.mark.parametrize(("slug", "tries"), [("dawn's-edge", 1), ("dawns-edge", 2)])
async def test_a_guild_is_found_whether_its_apostrophe_is_kept_or_not(
    battlenet: BattleNetClient, simulator: GuildSimulator, world: GuildWorld, slug: str, tries: int
) -> None:
    world.guild_name, world.guild_slug = "Dawn's Edge", slug
    roster = await battlenet.fetch_members(replace(world.address, name_slug="Dawn's Edge"))
    assert roster.address == world.address
    assert simulator.calls["roster"] == tries


async def test_a_guild_with_accents_and_signs_in_its_name_is_found(
    battlenet: BattleNetClient, world: GuildWorld
) -> None:
    world.guild_name, world.guild_slug = "Éclat & 100% Mut?", "éclat-&-100%-mut?"
    assert (await battlenet.fetch_members(world.address)).name == "Éclat & 100% Mut?"


async def test_clients_can_share_one_limiter(
    simulator: GuildSimulator, http: httpx2.AsyncClient, timing: Timing, clock: SimulatedClock, world: GuildWorld
) -> None:
    limiter = RateLimiter([(2, 60.0)], timing)
    clients = [
        BattleNetClient(
            http,
            client_id=simulator.client_id,
            client_secret=simulator.client_secret,
            token_url=simulator.token_url,
            api_url=simulator.battlenet_url,
            limiter=limiter,
            timing=timing,
        )
        for _ in range(3)
    ]
    await asyncio.gather(*(client.fetch_members(world.address) for client in clients))
    assert clock.now == 60.0
