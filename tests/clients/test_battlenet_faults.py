"""Answers of Battle.net that are broken, late or refused: asked for again where it can help, and then named."""

import pytest

from clients.conftest import Net
from sv_common.guild_sync.core.errors import SourceDenied, SourceError, SourceMalformed, SourceUnavailable


async def test_a_roster_without_members_is_malformed_and_not_asked_for_again(net: Net) -> None:
    for person in net.world.people:
        for character in person.characters:
            net.world.leave(character)
    with pytest.raises(SourceMalformed, match="at least the guild master"):
        await net.battlenet.fetch_roster(net.world.address)
    assert net.calls["roster"] == 1


async def test_a_rate_limit_is_waited_out_as_long_as_it_says(net: Net) -> None:
    net.faults.json("roster", {"code": 429}, 429, headers={"Retry-After": "7"})
    net.faults.json("roster", {"code": 429}, 429)
    await net.battlenet.fetch_members(net.world.address)
    assert net.clock.sleeps == [7.0, 2.0]


async def test_a_rate_limit_without_end_is_unavailable_and_says_when_to_come_back(net: Net) -> None:
    net.faults.json("roster", {"code": 429}, 429, headers={"Retry-After": "3600"})
    with pytest.raises(SourceUnavailable, match="in 3,600 seconds"):
        await net.battlenet.fetch_members(net.world.address)
    assert net.clock.sleeps == []


async def test_nobody_at_the_address_is_unavailable(net: Net) -> None:
    nowhere = "http://127.0.0.1:1"
    client = net.battlenet_with(token_url=nowhere, api_url=nowhere)
    with pytest.raises(SourceUnavailable, match="ConnectError"):
        await client.fetch_members(net.world.address)


@pytest.mark.parametrize(("status", "kind", "words"), [(403, SourceDenied, "HTTP 403"), (404, SourceError, "HTTP 404")])
async def test_what_battle_net_refuses_is_not_tried_again(
    net: Net, status: int, kind: type[SourceError], words: str
) -> None:
    net.faults.status("roster", status, times=None)
    with pytest.raises(kind, match=words):
        await net.battlenet.fetch_members(net.world.address)
    assert net.calls["roster"] == 1
    assert net.clock.sleeps == []
