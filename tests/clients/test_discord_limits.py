"""Tokens that Discord rejects, limits and broken answers: the real client waits, asks again, or stops before it is blocked."""

import asyncio

import httpx2
import pytest

from clients.conftest import NOTE
from sv_common.guild_sync.core.errors import SourceDenied, SourceMalformed, SourceUnavailable
from sv_common.guild_sync.simulators import GuildSimulator, GuildWorld
from sv_common.guild_sync.simulators.clock import SimulatedClock
from sv_common.guild_sync.simulators.model import WorldMember
from sv_common.guild_sync.sources.discord import rate_limits
from sv_common.guild_sync.sources.discord.client import DiscordClient
from sv_common.guild_sync.sources.discord.rate_limits import MOST_INVALID_REQUESTS, DiscordLimits
from sv_common.guild_sync.sources.http import RateLimiter, RetryPolicy, Timing, http_client

WRONG = "not-the-token"
FOREIGN = "токен…"


async def test_a_rejected_token_stops_everything(
    simulator: GuildSimulator, http: httpx2.AsyncClient, timing: Timing, world: GuildWorld
) -> None:
    client = DiscordClient(http, token=WRONG, api_url=simulator.discord_url, timing=timing)
    with pytest.raises(SourceDenied, match="rejected the bot's token") as caught:
        await client.fetch_guild(world.discord_guild_id)
    assert WRONG not in str(caught.value)
    with pytest.raises(SourceDenied, match="rejected the bot's token"):
        await client.announce(world.audit_channel_id, NOTE)
    assert simulator.calls.total() == 1
    assert client.invalid_requests == 1


async def test_a_token_is_taken_as_it_was_pasted(
    simulator: GuildSimulator, http: httpx2.AsyncClient, timing: Timing, world: GuildWorld
) -> None:
    client = DiscordClient(http, token=f" {simulator.discord_token}\n", api_url=simulator.discord_url, timing=timing)
    assert (await client.fetch_guild(world.discord_guild_id)).name == world.discord_name
    foreign = DiscordClient(http, token=FOREIGN, api_url=simulator.discord_url, timing=timing)
    with pytest.raises(SourceDenied, match="rejected the bot's token"):
        await foreign.fetch_guild(world.discord_guild_id)


async def test_a_rate_limit_is_waited_out_to_the_fraction_of_a_second(
    discord: DiscordClient, simulator: GuildSimulator, world: GuildWorld, clock: SimulatedClock
) -> None:
    simulator.faults.rate_limited("members", 1.25)
    await discord.fetch_guild(world.discord_guild_id)
    assert clock.sleeps == [1.25]
    assert discord.invalid_requests == 1


async def test_a_shared_rate_limit_is_nobodys_fault(
    discord: DiscordClient, simulator: GuildSimulator, world: GuildWorld
) -> None:
    simulator.faults.rate_limited("members", 1.25, scope="shared")
    await discord.fetch_guild(world.discord_guild_id)
    assert discord.invalid_requests == 0


async def test_a_page_of_cloudflare_is_waited_out_by_its_header(
    discord: DiscordClient, simulator: GuildSimulator, world: GuildWorld, clock: SimulatedClock
) -> None:
    simulator.faults.rate_limited("members", 3.5, bare=True)
    await discord.fetch_guild(world.discord_guild_id)
    assert clock.sleeps == [4.0]


async def test_a_global_rate_limit_holds_every_route(
    discord: DiscordClient, simulator: GuildSimulator, world: GuildWorld, clock: SimulatedClock, alice: WorldMember
) -> None:
    simulator.faults.rate_limited("message", 30.0, scope="global", times=None)
    with pytest.raises(SourceUnavailable, match="accepts no more requests"):
        await discord.announce(world.audit_channel_id, NOTE)
    assert clock.now == 90.0
    await discord.fetch_member(world.discord_guild_id, alice.user_id)
    assert clock.now == 120.0


async def test_an_endless_rate_limit_is_unavailable(
    discord: DiscordClient, simulator: GuildSimulator, world: GuildWorld, clock: SimulatedClock
) -> None:
    simulator.faults.rate_limited("guild", 900.0)
    with pytest.raises(SourceUnavailable, match="in 900 seconds"):
        await discord.fetch_guild(world.discord_guild_id)
    assert clock.sleeps == []


async def test_a_route_that_is_used_up_is_left_alone_until_it_is_free_again(
    discord: DiscordClient, simulator: GuildSimulator, world: GuildWorld, clock: SimulatedClock, alice: WorldMember
) -> None:
    headers = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset-After": "2.5"}
    simulator.faults.headers("add_role", headers)
    for name in ("Raider", "Veteran"):
        role_id = world.role_named(name).role_id
        await discord.add_role(world.discord_guild_id, alice.user_id, role_id, reason="x")
    assert clock.sleeps == [2.5]
    assert discord.invalid_requests == 0


@pytest.mark.parametrize("status", [500, 502, 503, 504])
async def test_a_server_error_is_tried_again(
    discord: DiscordClient, simulator: GuildSimulator, world: GuildWorld, status: int, clock: SimulatedClock
) -> None:
    simulator.faults.status("roles", status, times=3)
    await discord.fetch_guild(world.discord_guild_id)
    assert clock.sleeps == [1.0, 2.0, 4.0]


@pytest.mark.parametrize("fault", ["empty", "html", "truncated", "cut"])
async def test_a_broken_answer_is_asked_for_again(
    discord: DiscordClient, simulator: GuildSimulator, world: GuildWorld, fault: str
) -> None:
    getattr(simulator.faults, fault)("members")
    guild = await discord.fetch_guild(world.discord_guild_id)
    assert len(guild.members) == len(world.members)


async def test_an_answer_that_stays_broken_is_malformed(
    discord: DiscordClient, simulator: GuildSimulator, world: GuildWorld
) -> None:
    simulator.faults.truncated("members", times=None)
    with pytest.raises(SourceMalformed, match="not whole JSON"):
        await discord.fetch_guild(world.discord_guild_id)


async def test_a_slow_answer_is_unavailable(simulator: GuildSimulator, timing: Timing, world: GuildWorld) -> None:
    simulator.faults.slow("guild", 0.2, times=None)
    async with http_client(0.05, trust_env=False) as impatient:
        client = DiscordClient(
            impatient,
            token=simulator.discord_token,
            api_url=simulator.discord_url,
            retries=RetryPolicy(attempts=2),
            timing=timing,
        )
        with pytest.raises(SourceUnavailable, match="did not answer in time"):
            await client.fetch_guild(world.discord_guild_id)
    assert simulator.calls["guild"] == 2


async def test_refused_requests_are_forgotten_after_ten_minutes(
    discord: DiscordClient, simulator: GuildSimulator, clock: SimulatedClock, world: GuildWorld
) -> None:
    simulator.discord.members_intent = False
    for now in (0.0, 300.0):
        clock.now = now
        with pytest.raises(SourceDenied):
            await discord.fetch_guild(world.discord_guild_id)
    assert discord.invalid_requests == 2
    clock.now = 600.0
    assert discord.invalid_requests == 1


async def test_too_many_refused_requests_stop_the_next_one(timing: Timing, clock: SimulatedClock) -> None:
    limits = DiscordLimits(timing)
    for _ in range(MOST_INVALID_REQUESTS):
        limits.learn("GET member", httpx2.Response(403))
    with pytest.raises(SourceUnavailable, match="would block this address"):
        await limits.wait("GET member")
    clock.now += 600.0
    await limits.wait("GET member")


async def test_the_client_stops_before_discord_blocks_its_address(
    discord: DiscordClient, simulator: GuildSimulator, world: GuildWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rate_limits, "MOST_INVALID_REQUESTS", 5)
    simulator.discord.members_intent = False
    simulator.discord.most_invalid_requests = 10
    for _ in range(20):
        with pytest.raises((SourceDenied, SourceUnavailable)):
            await discord.fetch_guild(world.discord_guild_id)
    assert discord.invalid_requests == simulator.discord.invalid_requests == 5


async def test_requests_that_still_wait_when_the_token_is_rejected_are_never_sent(
    simulator: GuildSimulator, http: httpx2.AsyncClient, clock: SimulatedClock, world: GuildWorld
) -> None:
    rejected = asyncio.Event()

    async def sleep(seconds: float) -> None:
        await rejected.wait()
        clock.now += seconds

    timing = Timing(clock.clock, sleep, clock.jitter)
    limiter = RateLimiter([(1, 60.0)], timing)
    client = DiscordClient(http, token=WRONG, api_url=simulator.discord_url, timing=timing, limiter=limiter)

    async def ask() -> None:
        with pytest.raises(SourceDenied, match="rejected the bot's token"):
            await client.fetch_guild(world.discord_guild_id)

    waiting = [asyncio.create_task(ask()) for _ in range(6)]
    await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
    rejected.set()
    await asyncio.gather(*waiting)
    assert simulator.calls.total() == 1
