import asyncio
from dataclasses import replace

import httpx2
import pytest

from sv_common.guild_sync.clients.battlenet import PATIENCE, BattleNetClient
from sv_common.guild_sync.clients.http import RateLimiter, RetryPolicy, Timing, http_client
from sv_common.guild_sync.domain.errors import SourceDenied, SourceError, SourceMalformed, SourceUnavailable
from sv_common.guild_sync.domain.guild import GuildAddress, RosterCharacter
from sv_common.guild_sync.simulators import GuildSimulator, GuildWorld
from sv_common.guild_sync.simulators.clock import SimulatedClock
from sv_common.guild_sync.simulators.model import WorldCharacter
from sv_common.guild_sync.simulators.seeding import OTHER_REALM

WRONG = "not-the-secret"


def as_rostered(character: WorldCharacter) -> RosterCharacter:
    """Say what the whole roster should tell of a character."""
    shown = character.has_profile and character.level >= 10
    return RosterCharacter(
        name=character.name,
        realm_slug=character.realm.slug,
        rank=character.rank,
        level=character.level,
        realm_name=character.realm.name if shown else None,
        realm_id=character.realm.realm_id,
        character_id=character.character_id,
        class_id=character.class_id,
        item_level=character.item_level if shown else None,
        last_login_timestamp=character.last_login_ms if shown else None,
    )


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
    assert simulator.calls["profile"] <= (PATIENCE + 20) * RetryPolicy().attempts


async def test_the_profile_of_another_character_with_the_same_name_is_not_used(
    battlenet: BattleNetClient, simulator: GuildSimulator, world: GuildWorld
) -> None:
    character = world.characters[0]
    other = {"id": 1, "name": character.name, "realm": {"slug": character.realm.slug}, "last_login_timestamp": 5}
    simulator.faults.json("profile", other, path=character.name.lower())
    roster = await battlenet.fetch_roster(world.address)
    assert roster[0].last_login_timestamp is None


@pytest.mark.parametrize("fault", ["empty", "html", "truncated", "cut"])
async def test_a_broken_roster_is_asked_for_again(
    battlenet: BattleNetClient, simulator: GuildSimulator, world: GuildWorld, fault: str, clock: SimulatedClock
) -> None:
    getattr(simulator.faults, fault)("roster", times=3)
    roster = await battlenet.fetch_members(world.address)
    assert len(roster.members) == 12
    assert clock.sleeps == [1.0, 2.0, 4.0]


@pytest.mark.parametrize(("fault", "words"), [("empty", "an empty answer"), ("html", "HTTP 200, text/html")])
async def test_a_roster_that_stays_broken_is_malformed(
    battlenet: BattleNetClient, simulator: GuildSimulator, world: GuildWorld, fault: str, words: str
) -> None:
    getattr(simulator.faults, fault)("roster", times=None)
    with pytest.raises(SourceMalformed, match=words):
        await battlenet.fetch_roster(world.address)
    assert simulator.calls["roster"] == 4


async def test_half_a_roster_is_malformed(
    battlenet: BattleNetClient, simulator: GuildSimulator, world: GuildWorld
) -> None:
    simulator.faults.truncated("roster", times=None)
    with pytest.raises(SourceMalformed, match="not whole JSON"):
        await battlenet.fetch_roster(world.address)


async def test_a_roster_without_content_is_malformed(
    battlenet: BattleNetClient, simulator: GuildSimulator, world: GuildWorld
) -> None:
    simulator.faults.empty("roster", 204, times=None)
    with pytest.raises(SourceMalformed, match="HTTP 204"):
        await battlenet.fetch_roster(world.address)


async def test_a_roster_without_members_is_malformed_and_not_asked_for_again(
    battlenet: BattleNetClient, simulator: GuildSimulator, world: GuildWorld
) -> None:
    for person in world.people:
        for character in person.characters:
            world.leave(character)
    with pytest.raises(SourceMalformed, match="at least the guild master"):
        await battlenet.fetch_roster(world.address)
    assert simulator.calls["roster"] == 1


async def test_a_connection_that_is_always_cut_is_unavailable(
    battlenet: BattleNetClient, simulator: GuildSimulator, world: GuildWorld
) -> None:
    simulator.faults.cut("roster", times=None)
    with pytest.raises(SourceUnavailable, match=r"connection to .* failed"):
        await battlenet.fetch_roster(world.address)


@pytest.mark.parametrize("status", [500, 502, 503, 504, 599])
async def test_a_server_error_is_tried_again_and_then_unavailable(
    battlenet: BattleNetClient, simulator: GuildSimulator, world: GuildWorld, status: int
) -> None:
    simulator.faults.status("roster", status, times=4)
    with pytest.raises(SourceUnavailable, match=f"HTTP {status}"):
        await battlenet.fetch_members(world.address)
    assert simulator.calls["roster"] == 4
    assert len((await battlenet.fetch_members(world.address)).members) == 12


async def test_a_rate_limit_is_waited_out_as_long_as_it_says(
    battlenet: BattleNetClient, simulator: GuildSimulator, world: GuildWorld, clock: SimulatedClock
) -> None:
    simulator.faults.json("roster", {"code": 429}, 429, headers={"Retry-After": "7"})
    simulator.faults.json("roster", {"code": 429}, 429)
    await battlenet.fetch_members(world.address)
    assert clock.sleeps == [7.0, 2.0]


async def test_a_rate_limit_without_end_is_unavailable_and_says_when_to_come_back(
    battlenet: BattleNetClient, simulator: GuildSimulator, world: GuildWorld, clock: SimulatedClock
) -> None:
    simulator.faults.json("roster", {"code": 429}, 429, headers={"Retry-After": "3600"})
    with pytest.raises(SourceUnavailable, match="in 3600 seconds"):
        await battlenet.fetch_members(world.address)
    assert clock.sleeps == []


async def test_a_slow_answer_is_unavailable_after_the_last_attempt(
    simulator: GuildSimulator, world: GuildWorld, timing: Timing
) -> None:
    simulator.faults.slow("roster", 0.2, times=None)
    async with http_client(0.05, trust_env=False) as impatient:
        client = BattleNetClient(
            impatient,
            client_id=simulator.client_id,
            client_secret=simulator.client_secret,
            token_url=simulator.token_url,
            api_url=simulator.battlenet_url,
            retries=RetryPolicy(attempts=2),
            timing=timing,
        )
        with pytest.raises(SourceUnavailable, match="did not answer in time"):
            await client.fetch_members(world.address)
    assert simulator.calls["roster"] == 2


async def test_nobody_at_the_address_is_unavailable(
    http: httpx2.AsyncClient, timing: Timing, world: GuildWorld
) -> None:
    nowhere = "http://127.0.0.1:1"
    client = BattleNetClient(http, client_id="x", client_secret="", token_url=nowhere, api_url=nowhere, timing=timing)
    with pytest.raises(SourceUnavailable, match="ConnectError"):
        await client.fetch_members(world.address)


async def test_a_wrong_token_address_is_named(
    simulator: GuildSimulator, http: httpx2.AsyncClient, timing: Timing, world: GuildWorld
) -> None:
    address = simulator.battlenet_url + "/nowhere"
    client = BattleNetClient(http, client_id="x", client_secret="", token_url=address, api_url=address, timing=timing)
    with pytest.raises(SourceMalformed, match="Check the token address"):
        await client.fetch_members(world.address)


@pytest.mark.parametrize("status", [403, 404])
async def test_what_battle_net_refuses_is_not_tried_again(
    battlenet: BattleNetClient, simulator: GuildSimulator, world: GuildWorld, clock: SimulatedClock, status: int
) -> None:
    simulator.faults.status("roster", status, times=None)
    with pytest.raises(SourceError):
        await battlenet.fetch_members(world.address)
    assert simulator.calls["roster"] == 1
    assert clock.sleeps == []


async def test_a_forbidden_roster_names_the_application(
    battlenet: BattleNetClient, simulator: GuildSimulator, world: GuildWorld
) -> None:
    simulator.faults.status("roster", 403)
    with pytest.raises(SourceDenied, match="HTTP 403"):
        await battlenet.fetch_roster(world.address)


async def test_an_undocumented_status_is_malformed(
    battlenet: BattleNetClient, simulator: GuildSimulator, world: GuildWorld
) -> None:
    simulator.faults.json("roster", {}, 302, headers={"Location": "https://elsewhere.example/"})
    with pytest.raises(SourceMalformed, match="HTTP 302"):
        await battlenet.fetch_members(world.address)


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


async def test_a_token_is_fetched_once_for_many_requests(
    battlenet: BattleNetClient, simulator: GuildSimulator, world: GuildWorld
) -> None:
    await asyncio.gather(*(battlenet.fetch_members(world.address) for _ in range(10)))
    assert simulator.calls["token"] == 1


async def test_a_token_is_replaced_five_minutes_before_its_end(
    battlenet: BattleNetClient, simulator: GuildSimulator, world: GuildWorld, clock: SimulatedClock
) -> None:
    simulator.battlenet.token_lifetime = 1000
    await battlenet.fetch_members(world.address)
    clock.now = 699
    await battlenet.fetch_members(world.address)
    assert simulator.calls["token"] == 1
    clock.now = 700
    await battlenet.fetch_members(world.address)
    assert simulator.calls["token"] == 2


async def test_a_short_lived_token_serves_for_half_of_its_life(
    battlenet: BattleNetClient, simulator: GuildSimulator, world: GuildWorld, clock: SimulatedClock
) -> None:
    simulator.battlenet.token_lifetime = 100
    await battlenet.fetch_members(world.address)
    clock.now = 49
    await battlenet.fetch_members(world.address)
    assert simulator.calls["token"] == 1


async def test_a_token_that_is_revoked_in_the_middle_is_replaced_once(
    battlenet: BattleNetClient, simulator: GuildSimulator, world: GuildWorld
) -> None:
    await battlenet.fetch_members(world.address)
    simulator.battlenet.revoke_tokens()
    roster = await battlenet.fetch_roster(world.address)
    assert list(roster) == [as_rostered(character) for character in world.characters]
    assert simulator.calls["token"] == 2


async def test_a_fresh_token_that_is_rejected_is_denied(
    battlenet: BattleNetClient, simulator: GuildSimulator, world: GuildWorld, clock: SimulatedClock
) -> None:
    simulator.faults.status("roster", 401, times=None)
    with pytest.raises(SourceDenied, match="rejected a fresh access token"):
        await battlenet.fetch_members(world.address)
    assert (simulator.calls["roster"], simulator.calls["token"]) == (2, 2)
    assert clock.sleeps == []


async def test_credentials_that_are_rejected_among_the_profiles_end_the_fetch(
    battlenet: BattleNetClient, simulator: GuildSimulator, world: GuildWorld
) -> None:
    simulator.faults.status("profile", 401, times=None)
    with pytest.raises(SourceDenied):
        await battlenet.fetch_roster(world.address)


async def test_wrong_credentials_are_denied_without_being_told(
    simulator: GuildSimulator, http: httpx2.AsyncClient, timing: Timing, world: GuildWorld
) -> None:
    client = BattleNetClient(
        http,
        client_id=simulator.client_id,
        client_secret=WRONG,
        token_url=simulator.token_url,
        api_url=simulator.battlenet_url,
        timing=timing,
    )
    with pytest.raises(SourceDenied, match="client id or the client secret") as caught:
        await client.fetch_members(world.address)
    assert WRONG not in str(caught.value)
    assert simulator.calls["token"] == 1


@pytest.mark.parametrize(
    "body",
    [[], {}, {"access_token": "x"}, {"access_token": "", "expires_in": 5}, {"access_token": "x", "expires_in": "5"}],
)
async def test_a_token_answer_of_another_shape_is_malformed(
    battlenet: BattleNetClient, simulator: GuildSimulator, world: GuildWorld, body: object
) -> None:
    simulator.faults.json("token", body)
    with pytest.raises(SourceMalformed):
        await battlenet.fetch_members(world.address)


async def test_a_token_service_with_hiccups_is_asked_again(
    battlenet: BattleNetClient, simulator: GuildSimulator, world: GuildWorld
) -> None:
    simulator.faults.status("token", 502)
    simulator.faults.empty("token")
    simulator.faults.cut("token")
    assert len((await battlenet.fetch_members(world.address)).members) == 12
    assert simulator.calls["token"] == 4


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
