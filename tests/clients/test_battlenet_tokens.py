"""Battle.net's access tokens in the real client: fetched once, replaced in time, and denied without telling the secret."""

import asyncio

import pytest

from clients.conftest import Net
from sv_common.guild_sync.core.errors import SourceDenied, SourceMalformed

WRONG = "not-the-secret"


async def test_a_wrong_token_address_is_named(net: Net) -> None:
    address = net.simulator.battlenet_url + "/nowhere"
    client = net.battlenet_with(token_url=address, api_url=address)
    with pytest.raises(SourceMalformed, match="Check the token address"):
        await client.fetch_members(net.world.address)


async def test_a_token_is_fetched_once_for_many_requests(net: Net) -> None:
    await asyncio.gather(*(net.battlenet.fetch_members(net.world.address) for _ in range(10)))
    assert net.calls["token"] == 1


async def test_a_token_is_replaced_five_minutes_before_its_end(net: Net) -> None:
    net.simulator.battlenet.token_lifetime = 1000
    await net.battlenet.fetch_members(net.world.address)
    net.clock.now = 699
    await net.battlenet.fetch_members(net.world.address)
    assert net.calls["token"] == 1
    net.clock.now = 700
    await net.battlenet.fetch_members(net.world.address)
    assert net.calls["token"] == 2


async def test_a_short_lived_token_serves_for_half_of_its_life(net: Net) -> None:
    net.simulator.battlenet.token_lifetime = 100
    await net.battlenet.fetch_members(net.world.address)
    net.clock.now = 49
    await net.battlenet.fetch_members(net.world.address)
    assert net.calls["token"] == 1


async def test_wrong_credentials_are_denied_without_being_told(net: Net) -> None:
    client = net.battlenet_with(client_secret=WRONG)
    with pytest.raises(SourceDenied, match="client id or the client secret") as caught:
        await client.fetch_members(net.world.address)
    assert WRONG not in str(caught.value)
    assert net.calls["token"] == 1


@pytest.mark.parametrize(
    "body",
    [[], {}, {"access_token": "x"}, {"access_token": "", "expires_in": 5}, {"access_token": "x", "expires_in": "5"}],
)
async def test_a_token_answer_of_another_shape_is_malformed(net: Net, body: object) -> None:
    net.faults.json("token", body)
    with pytest.raises(SourceMalformed):
        await net.battlenet.fetch_members(net.world.address)
