"""Tokens that Discord rejects, limits and broken answers: the real client waits, asks again, or stops before it is blocked."""

import asyncio

import httpx2
import pytest

from clients.conftest import NOTE, Net
from sv_common.guild_sync.core.errors import SourceDenied, SourceUnavailable
from sv_common.guild_sync.simulators.model import WorldMember
from sv_common.guild_sync.sources.discord import rate_limits
from sv_common.guild_sync.sources.discord.rate_limits import MOST_INVALID_REQUESTS, DiscordLimits
from sv_common.guild_sync.sources.http import RateLimiter, Timing

WRONG = "not-the-token"
FOREIGN = "токен…"


async def test_a_rejected_token_stops_everything(net: Net) -> None:
    client = net.discord_with(token=WRONG)
    with pytest.raises(SourceDenied, match="rejected the bot's token") as caught:
        await client.fetch_guild(net.world.discord_guild_id)
    assert WRONG not in str(caught.value)
    with pytest.raises(SourceDenied, match="rejected the bot's token"):
        await client.announce(net.world.audit_channel_id, NOTE)
    assert net.calls.total() == 1
    assert client.invalid_requests == 1


async def test_a_token_is_taken_as_it_was_pasted(net: Net) -> None:
    client = net.discord_with(token=f" {net.simulator.discord_token}\n")
    assert (await client.fetch_guild(net.world.discord_guild_id)).name == net.world.discord_name
    foreign = net.discord_with(token=FOREIGN)
    with pytest.raises(SourceDenied, match="rejected the bot's token"):
        await foreign.fetch_guild(net.world.discord_guild_id)


async def test_a_rate_limit_is_waited_out_to_the_fraction_of_a_second(net: Net) -> None:
    net.faults.rate_limited("members", 1.25)
    await net.discord.fetch_guild(net.world.discord_guild_id)
    assert net.clock.sleeps == [1.25]
    assert net.discord.invalid_requests == 1


async def test_a_shared_rate_limit_is_nobodys_fault(net: Net) -> None:
    net.faults.rate_limited("members", 1.25, scope="shared")
    await net.discord.fetch_guild(net.world.discord_guild_id)
    assert net.discord.invalid_requests == 0


async def test_a_global_rate_limit_holds_every_route(net: Net, alice: WorldMember) -> None:
    net.faults.rate_limited("message", 30.0, scope="global", times=None)
    with pytest.raises(SourceUnavailable, match="is not accepting more requests"):
        await net.discord.announce(net.world.audit_channel_id, NOTE)
    assert net.clock.now == 90.0
    await net.discord.fetch_member(net.world.discord_guild_id, alice.user_id)
    assert net.clock.now == 120.0


async def test_a_route_that_is_used_up_is_left_alone_until_it_is_free_again(net: Net, alice: WorldMember) -> None:
    headers = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset-After": "2.5"}
    net.faults.headers("add_role", headers)
    for name in ("Raider", "Veteran"):
        role_id = net.world.role_named(name).role_id
        await net.discord.add_role(net.world.discord_guild_id, alice.user_id, role_id, reason="x")
    assert net.clock.sleeps == [2.5]
    assert net.discord.invalid_requests == 0


async def test_refused_requests_are_forgotten_after_ten_minutes(net: Net) -> None:
    net.simulator.discord.members_intent = False
    for now in (0.0, 300.0):
        net.clock.now = now
        with pytest.raises(SourceDenied):
            await net.discord.fetch_guild(net.world.discord_guild_id)
    assert net.discord.invalid_requests == 2
    net.clock.now = 600.0
    assert net.discord.invalid_requests == 1


async def test_too_many_refused_requests_stop_the_next_one(net: Net) -> None:
    limits = DiscordLimits(net.timing)
    for _ in range(MOST_INVALID_REQUESTS):
        limits.learn("GET member", httpx2.Response(403))
    with pytest.raises(SourceUnavailable, match="would block this address"):
        await limits.wait("GET member")
    net.clock.now += 600.0
    await limits.wait("GET member")


async def test_the_client_stops_before_discord_blocks_its_address(net: Net, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rate_limits, "MOST_INVALID_REQUESTS", 5)
    net.simulator.discord.members_intent = False
    net.simulator.discord.most_invalid_requests = 10
    for _ in range(20):
        with pytest.raises((SourceDenied, SourceUnavailable)):
            await net.discord.fetch_guild(net.world.discord_guild_id)
    assert net.discord.invalid_requests == net.simulator.discord.invalid_requests == 5


async def test_requests_that_still_wait_when_the_token_is_rejected_are_never_sent(net: Net) -> None:
    rejected = asyncio.Event()

    async def sleep(seconds: float) -> None:
        await rejected.wait()
        net.clock.now += seconds

    timing = Timing(net.clock.clock, sleep, net.clock.jitter)
    limiter = RateLimiter([(1, 60.0)], timing)
    client = net.discord_with(token=WRONG, timing=timing, limiter=limiter)

    async def ask() -> None:
        with pytest.raises(SourceDenied, match="rejected the bot's token"):
            await client.fetch_guild(net.world.discord_guild_id)

    waiting = [asyncio.create_task(ask()) for _ in range(6)]
    await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    rejected.set()
    await asyncio.gather(*waiting)
    assert net.calls.total() == 1
