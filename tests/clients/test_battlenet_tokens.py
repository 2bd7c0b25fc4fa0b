"""Battle.net's access tokens in the real client: fetched once, replaced in time, and denied without telling the secret."""

import asyncio

import httpx2
import pytest

from clients.conftest import as_rostered
from sv_common.guild_sync.core.errors import SourceDenied, SourceMalformed
from sv_common.guild_sync.simulators import GuildSimulator, GuildWorld
from sv_common.guild_sync.simulators.clock import SimulatedClock
from sv_common.guild_sync.sources.battlenet.client import BattleNetClient
from sv_common.guild_sync.sources.http import Timing

WRONG = "not-the-secret"


async def test_a_wrong_token_address_is_named(
    simulator: GuildSimulator, http: httpx2.AsyncClient, timing: Timing, world: GuildWorld
) -> None:
    address = simulator.battlenet_url + "/nowhere"
    client = BattleNetClient(http, client_id="x", client_secret="", token_url=address, api_url=address, timing=timing)
    with pytest.raises(SourceMalformed, match="Check the token address"):
        await client.fetch_members(world.address)


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
    assert sum(clock.sleeps) < 0.1  # pacing, and no pause before another try


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
