"""Answers of Battle.net that are broken, late or refused: asked for again where it can help, and then named."""

import httpx2
import pytest

from sv_common.guild_sync.core.errors import SourceDenied, SourceError, SourceMalformed, SourceUnavailable
from sv_common.guild_sync.simulators import GuildSimulator, GuildWorld
from sv_common.guild_sync.simulators.clock import SimulatedClock
from sv_common.guild_sync.sources.battlenet.client import BattleNetClient
from sv_common.guild_sync.sources.http import RetryPolicy, Timing, http_client


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
