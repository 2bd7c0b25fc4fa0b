"""A guild's roster through the real client: found by its name, whole, and with every profile that can be had."""

import asyncio
from dataclasses import replace

import pytest

from clients.conftest import Net, as_rostered
from sv_common.guild_sync.core.errors import SourceDenied, SourceError
from sv_common.guild_sync.simulators.seeding import OTHER_REALM
from sv_common.guild_sync.sources.http import RateLimiter
from sv_common.guild_sync.sources.models import GuildAddress


async def test_the_whole_roster_comes_with_every_profile(net: Net) -> None:
    net.world.join("Zoë", realm=OTHER_REALM)
    net.world.join("Ягода", level=8)
    roster = await net.battlenet.fetch_roster(net.world.address)
    assert list(roster) == [as_rostered(character) for character in net.world.characters]
    assert (net.calls["token"], net.calls["roster"]) == (1, 1)
    assert net.calls["profile"] == len(net.world.characters)


async def test_the_roster_alone_has_no_realm_names_and_no_last_logins(net: Net) -> None:
    roster = await net.battlenet.fetch_members(net.world.address)
    assert (roster.address, roster.name) == (net.world.address, net.world.guild_name)
    assert {(member.realm_name, member.last_login_timestamp) for member in roster.members} == {(None, None)}
    assert net.calls["profile"] == 0


async def test_a_member_without_a_profile_stays_in_the_roster(net: Net) -> None:
    hidden = net.world.characters[3]
    hidden.has_profile = False
    roster = await net.battlenet.fetch_roster(net.world.address)
    assert roster[3] == as_rostered(hidden)
    assert await net.battlenet.fetch_profile("us", hidden.realm.slug, hidden.name) is None


async def test_the_profile_of_another_character_with_the_same_name_is_not_used(net: Net) -> None:
    character = net.world.characters[0]
    other = {"id": 1, "name": character.name, "realm": {"slug": character.realm.slug}, "last_login_timestamp": 5}
    net.faults.json("profile", other, path=character.name.lower())
    roster = await net.battlenet.fetch_roster(net.world.address)
    assert roster[0].last_login_timestamp is None


async def test_an_unknown_guild_is_named_with_its_realm_and_region(net: Net) -> None:
    with pytest.raises(SourceError, match="no guild 'nobody' on the realm 'maltorith' in the region 'us'"):
        await net.battlenet.fetch_roster(replace(net.world.address, name_slug="nobody"))


async def test_an_unknown_region_is_never_asked(net: Net) -> None:
    with pytest.raises(SourceDenied, match="evil"):
        await net.battlenet.fetch_roster(GuildAddress("us.evil.example/", "maltorith", "the-lantern-watch"))
    assert not net.calls


@pytest.mark.parametrize(("slug", "tries"), [("dawn's-edge", 1), ("dawns-edge", 2)])
async def test_a_guild_is_found_whether_its_apostrophe_is_kept_or_not(net: Net, slug: str, tries: int) -> None:
    net.world.guild_name, net.world.guild_slug = "Dawn's Edge", slug
    roster = await net.battlenet.fetch_members(replace(net.world.address, name_slug="Dawn's Edge"))
    assert roster.address == net.world.address
    assert net.calls["roster"] == tries


async def test_a_guild_with_accents_and_signs_in_its_name_is_found(net: Net) -> None:
    net.world.guild_name, net.world.guild_slug = "Éclat & 100% Mut?", "éclat-&-100%-mut?"
    assert (await net.battlenet.fetch_members(net.world.address)).name == "Éclat & 100% Mut?"


async def test_clients_can_share_one_limiter(net: Net) -> None:
    limiter = RateLimiter([(2, 60.0)], net.timing)
    clients = [net.battlenet_with(limiter=limiter) for _ in range(3)]
    await asyncio.gather(*(client.fetch_members(net.world.address) for client in clients))
    assert net.clock.now == 60.0
