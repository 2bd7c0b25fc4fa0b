"""Answers of Battle.net that are broken, late or refused: asked for again where it can help, and then named."""

import pytest

from clients.conftest import Net
from sv_common.guild_sync.core.errors import SourceDenied, SourceError, SourceMalformed, SourceUnavailable
from sv_common.guild_sync.sources.http import RetryPolicy, http_client


@pytest.mark.parametrize("fault", ["empty", "html", "truncated", "cut"])
async def test_a_broken_roster_is_asked_for_again(net: Net, fault: str) -> None:
    getattr(net.faults, fault)("roster", times=3)
    roster = await net.battlenet.fetch_members(net.world.address)
    assert len(roster.members) == 12
    assert net.clock.sleeps == [1.0, 2.0, 4.0]


@pytest.mark.parametrize(
    ("fault", "words"), [("empty", "an empty answer"), ("html", "HTTP 200, text/html"), ("truncated", "not whole JSON")]
)
async def test_a_roster_that_stays_broken_is_malformed(net: Net, fault: str, words: str) -> None:
    getattr(net.faults, fault)("roster", times=None)
    with pytest.raises(SourceMalformed, match=words):
        await net.battlenet.fetch_roster(net.world.address)
    assert net.calls["roster"] == 4


async def test_a_roster_without_content_is_malformed(net: Net) -> None:
    net.faults.empty("roster", 204, times=None)
    with pytest.raises(SourceMalformed, match="HTTP 204"):
        await net.battlenet.fetch_roster(net.world.address)


async def test_a_roster_without_members_is_malformed_and_not_asked_for_again(net: Net) -> None:
    for person in net.world.people:
        for character in person.characters:
            net.world.leave(character)
    with pytest.raises(SourceMalformed, match="at least the guild master"):
        await net.battlenet.fetch_roster(net.world.address)
    assert net.calls["roster"] == 1


async def test_a_connection_that_is_always_cut_is_unavailable(net: Net) -> None:
    net.faults.cut("roster", times=None)
    with pytest.raises(SourceUnavailable, match=r"connection to .* failed"):
        await net.battlenet.fetch_roster(net.world.address)


@pytest.mark.parametrize("status", [500, 502, 503, 504, 599])
async def test_a_server_error_is_tried_again_and_then_unavailable(net: Net, status: int) -> None:
    net.faults.status("roster", status, times=4)
    with pytest.raises(SourceUnavailable, match=f"HTTP {status}"):
        await net.battlenet.fetch_members(net.world.address)
    assert net.calls["roster"] == 4
    assert len((await net.battlenet.fetch_members(net.world.address)).members) == 12


async def test_a_rate_limit_is_waited_out_as_long_as_it_says(net: Net) -> None:
    net.faults.json("roster", {"code": 429}, 429, headers={"Retry-After": "7"})
    net.faults.json("roster", {"code": 429}, 429)
    await net.battlenet.fetch_members(net.world.address)
    assert net.clock.sleeps == [7.0, 2.0]


async def test_a_rate_limit_without_end_is_unavailable_and_says_when_to_come_back(net: Net) -> None:
    net.faults.json("roster", {"code": 429}, 429, headers={"Retry-After": "3600"})
    with pytest.raises(SourceUnavailable, match="in 3600 seconds"):
        await net.battlenet.fetch_members(net.world.address)
    assert net.clock.sleeps == []


async def test_a_slow_answer_is_unavailable_after_the_last_attempt(net: Net) -> None:
    net.faults.slow("roster", 0.2, times=None)
    async with http_client(0.05, trust_env=False) as impatient:
        client = net.battlenet_with(http=impatient, retries=RetryPolicy(attempts=2))
        with pytest.raises(SourceUnavailable, match="did not answer in time"):
            await client.fetch_members(net.world.address)
    assert net.calls["roster"] == 2


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


async def test_an_undocumented_status_is_malformed(net: Net) -> None:
    net.faults.json("roster", {}, 302, headers={"Location": "https://elsewhere.example/"})
    with pytest.raises(SourceMalformed, match="HTTP 302"):
        await net.battlenet.fetch_members(net.world.address)
