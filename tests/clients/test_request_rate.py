"""How fast Battle.net is asked: with a margin below its limit, also where the network holds requests up."""

from __future__ import annotations

import asyncio
import bisect
import random
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from starlette.types import ASGIApp, Receive, Scope, Send

from clients.conftest import Net
from sv_common.guild_sync.core.errors import SourceDenied, SourceUnavailable
from sv_common.guild_sync.simulators import GuildWorld
from sv_common.guild_sync.simulators.battlenet import CLIENT_ID, CLIENT_SECRET, BattleNetSimulator
from sv_common.guild_sync.simulators.server import serve
from sv_common.guild_sync.sources.battlenet.api import LIMITS, REQUESTS_AT_ONCE
from sv_common.guild_sync.sources.battlenet.client import BattleNetClient
from sv_common.guild_sync.sources.http import RateLimiter
from sv_common.guild_sync.sources.models import CharacterAddress, ProfileState

MOST_IN_A_SECOND = 90
SECRET = "made-up"  # noqa: S105 -- of nobody


def most_in_a_second(moments: Sequence[float]) -> int:
    """The largest number of requests in any second, wherever it begins."""
    ordered = sorted(moments)
    return max(bisect.bisect_left(ordered, moment + 1.0) - place for place, moment in enumerate(ordered))


async def test_no_second_has_more_requests_than_90_even_if_all_under_way_arrive_late(net: Net) -> None:
    limiter = RateLimiter(LIMITS, net.timing)
    sent = []
    for _ in range(2_000):
        await limiter.acquire()
        sent.append(net.clock.now)
    assert most_in_a_second(sent) + REQUESTS_AT_ONCE <= MOST_IN_A_SECOND + 1
    chance = random.Random(5)  # noqa: S311 -- no secret
    arrived = [moment + chance.random() * REQUESTS_AT_ONCE / 70 for moment in sent]
    assert most_in_a_second(arrived) <= MOST_IN_A_SECOND


@dataclass
class Counting:
    """Notes when each request arrives, which the way may hold up."""

    app: ASGIApp
    longest_way: float
    moments: list[float] = field(default_factory=list)
    chance: random.Random = field(default_factory=lambda: random.Random(5))  # noqa: S311 -- no secret

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await asyncio.sleep(self.chance.random() * self.longest_way)
            self.moments.append(time.monotonic())
        await self.app(scope, receive, send)


async def test_two_guilds_at_once_are_asked_for_within_one_limit_as_battle_net_counts(net: Net) -> None:
    world = GuildWorld.seeded(3, 110)
    battle_net = Counting(BattleNetSimulator(world).app, longest_way=0.3)
    async with serve(battle_net) as url:
        client = BattleNetClient(
            net.http, client_id=CLIENT_ID, client_secret=CLIENT_SECRET, token_url=f"{url}/token", api_url=url
        )
        addresses = [CharacterAddress(each.realm.slug, each.name, each.character_id) for each in world.characters]
        halves = (addresses[:55], addresses[55:])
        answers = await asyncio.gather(*(client.fetch_profiles("us", half) for half in halves))
    states = {answer.state for half in answers for answer in half}
    assert states.isdisjoint({ProfileState.FAILED, ProfileState.NOT_ASKED})
    assert len(battle_net.moments) > len(addresses)
    assert most_in_a_second(battle_net.moments) <= MOST_IN_A_SECOND


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize("is_date", [False, True])
async def test_a_long_wait_that_battle_net_asks_for_is_kept_by_later_calls_too(
    net: Net, status: int, is_date: bool
) -> None:
    now = datetime.now(UTC)
    wait = format_datetime(now + timedelta(minutes=30), usegmt=True) if is_date else "1800"
    headers = {"Retry-After": wait, "Date": format_datetime(now, usegmt=True)}
    net.faults.json("roster", {}, status, headers=headers)
    for _ in range(2):
        with pytest.raises(SourceUnavailable) as caught:
            await net.battlenet.fetch_members(net.world.address)
    assert re.search(r"Try again in (30|31) minutes", str(caught.value))  # the server's clock may have gone on
    assert net.calls["roster"] == 1
    net.clock.now += 1801
    assert len((await net.battlenet.fetch_members(net.world.address)).members) == len(net.world.characters)


@pytest.mark.parametrize("wait", ["0", "Wed, 21 Oct 2015 07:28:00 GMT"])
async def test_a_wait_that_is_over_is_no_leave_to_ask_again_at_once(net: Net, wait: str) -> None:
    net.faults.json("roster", {}, 503, headers={"Retry-After": wait}, times=2)
    await net.battlenet.fetch_members(net.world.address)
    assert [pause for pause in net.clock.sleeps if pause >= 1.0] == [1.0, 2.0]


async def test_a_short_wait_in_a_503_is_kept_as_a_date_too(net: Net) -> None:
    now = datetime.now(UTC)
    until = format_datetime(now + timedelta(seconds=20), usegmt=True)
    headers = {"Retry-After": until, "Date": format_datetime(now, usegmt=True)}
    net.faults.json("roster", {}, 503, headers=headers)
    await net.battlenet.fetch_members(net.world.address)
    assert [pause for pause in net.clock.sleeps if pause >= 1.0] == [pytest.approx(20.0, abs=1.5)]


async def test_a_token_that_discord_rejected_is_tried_again_after_an_hour(net: Net) -> None:
    client = net.discord
    net.faults.json("guild", {"message": "401: Unauthorized", "code": 0}, 401)
    for _ in range(2):
        with pytest.raises(SourceDenied, match="rejected the bot's token"):
            await client.fetch_guild(net.world.discord_guild_id)
    assert net.calls["guild"] == 1
    net.clock.now += 3601
    assert (await client.fetch_guild(net.world.discord_guild_id)).name == net.world.discord_name


async def test_a_token_that_discord_rejected_is_replaced_without_a_restart(net: Net) -> None:
    tokens = ["wrong"]
    client = net.discord_with(token=lambda: tokens[-1])
    for _ in range(2):
        with pytest.raises(SourceDenied, match="rejected the bot's token"):
            await client.fetch_guild(net.world.discord_guild_id)
    assert net.calls.total() == 1
    tokens.append(net.simulator.discord_token)
    assert (await client.fetch_guild(net.world.discord_guild_id)).name == net.world.discord_name


async def test_discord_is_left_alone_for_as_long_as_it_asks(net: Net) -> None:
    net.faults.rate_limited("guild", 1800.0)
    for minutes in (30, 29):
        with pytest.raises(SourceUnavailable):
            await net.discord.fetch_guild(net.world.discord_guild_id)
        assert net.calls["guild"] == 1, minutes
        net.clock.now += 61
    net.clock.now += 1800
    assert (await net.discord.fetch_guild(net.world.discord_guild_id)).name == net.world.discord_name
