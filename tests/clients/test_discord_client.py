import asyncio

import httpx2
import pytest

from sv_common.guild_sync.clients import discord as discord_module
from sv_common.guild_sync.clients import discord_limits
from sv_common.guild_sync.clients.discord import DiscordClient
from sv_common.guild_sync.clients.discord_limits import MOST_INVALID_REQUESTS, DiscordLimits
from sv_common.guild_sync.clients.http import RateLimiter, RetryPolicy, Timing, http_client
from sv_common.guild_sync.domain.announcement import Announcement
from sv_common.guild_sync.domain.errors import SourceDenied, SourceError, SourceMalformed, SourceUnavailable
from sv_common.guild_sync.domain.guild import DiscordMember, DiscordRole
from sv_common.guild_sync.simulators import GuildSimulator, GuildWorld
from sv_common.guild_sync.simulators.clock import SimulatedClock
from sv_common.guild_sync.simulators.model import AuditEntry, WorldMember

WRONG = "not-the-token"
FOREIGN = "токен…"
NOTE = Announcement("Sync summary", "2 findings", "n-1")


def as_fetched(member: WorldMember) -> DiscordMember:
    return DiscordMember(
        member.user_id, member.username, member.global_name, member.nick, tuple(member.role_ids), member.is_bot
    )


def by_id(members: list[WorldMember]) -> list[WorldMember]:
    return sorted(members, key=lambda member: int(member.user_id))


@pytest.fixture
def alice(world: GuildWorld) -> WorldMember:
    return world.discord_join("alice", roles=[world.role_named("Member")])


async def test_a_server_comes_with_its_name_all_roles_and_all_members(
    discord: DiscordClient, world: GuildWorld, alice: WorldMember
) -> None:
    alice.nick = "Ali ⚔ 한국"
    guild = await discord.fetch_guild(world.discord_guild_id)
    assert (guild.guild_id, guild.name) == (world.discord_guild_id, world.discord_name)
    assert guild.members == [as_fetched(member) for member in by_id(world.members)]
    assert guild.roles == [DiscordRole(role.role_id, role.name, role.position, role.managed) for role in world.roles]
    assert {member.user_id for member in guild.members if member.is_bot} == {
        member.user_id for member in world.members if member.is_bot
    }


@pytest.mark.parametrize("count", [1, 4, 5, 6, 10, 11])
async def test_members_are_paged_to_the_end(
    discord: DiscordClient, world: GuildWorld, count: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(discord_module, "PAGE_SIZE", 5)
    world.members = [WorldMember(str(number * 7), f"user{number}") for number in range(1, count + 1)]
    guild = await discord.fetch_guild(world.discord_guild_id)
    assert [member.user_id for member in guild.members] == [member.user_id for member in world.members]


async def test_more_than_a_thousand_members_take_two_pages(
    discord: DiscordClient, simulator: GuildSimulator, world: GuildWorld
) -> None:
    world.members = [WorldMember(str(number), f"user{number}") for number in range(1, 1001)]
    guild = await discord.fetch_guild(world.discord_guild_id)
    assert len(guild.members) == 1000
    assert simulator.calls["members"] == 2


async def test_a_member_that_is_listed_twice_does_not_end_the_paging(
    discord: DiscordClient, simulator: GuildSimulator, world: GuildWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(discord_module, "PAGE_SIZE", 2)
    bob = {"user": {"id": "5", "username": "bob"}, "roles": []}
    carol = {"user": {"id": "6", "username": "carol"}, "roles": []}
    simulator.faults.json("members", [bob, bob])
    simulator.faults.json("members", [carol])
    guild = await discord.fetch_guild(world.discord_guild_id)
    assert [member.username for member in guild.members] == ["bob", "carol"]


async def test_pages_that_do_not_move_on_are_malformed(
    discord: DiscordClient, simulator: GuildSimulator, world: GuildWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(discord_module, "PAGE_SIZE", 1)
    page = [{"user": {"id": "5", "username": "bob"}, "roles": []}]
    simulator.faults.json("members", page, times=None)
    with pytest.raises(SourceMalformed, match="come after those of the page before"):
        await discord.fetch_guild(world.discord_guild_id)


async def test_an_empty_member_list_is_returned_as_it_is(discord: DiscordClient, world: GuildWorld) -> None:
    world.members = []
    assert (await discord.fetch_guild(world.discord_guild_id)).members == []


async def test_a_failure_on_the_second_page_fails_the_whole(
    discord: DiscordClient, simulator: GuildSimulator, world: GuildWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(discord_module, "PAGE_SIZE", 1)
    simulator.faults.headers("members", {})
    simulator.faults.status("members", 500, times=None)
    with pytest.raises(SourceUnavailable):
        await discord.fetch_guild(world.discord_guild_id)


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        (None, "entry 1"),
        ({"roles": []}, "entry 1.user"),
        ({"user": {"id": "x", "username": "bob"}, "roles": []}, "a Discord id"),
        ({"user": {"id": 5, "username": "bob"}, "roles": []}, r"user\.id"),
        ({"user": {"id": "5", "username": "bob"}}, r"entry 1 \(bob\)\.roles"),
        ({"user": {"id": "5", "username": "bob"}, "roles": [7]}, r"entry 1 \(bob\)\.roles entry 1"),
        ({"user": {"id": "5", "username": "bob", "bot": "no"}, "roles": []}, r"user\.bot"),
    ],
)
async def test_a_malformed_member_is_named(
    discord: DiscordClient, simulator: GuildSimulator, world: GuildWorld, entry: object, words: str
) -> None:
    simulator.faults.json("members", [entry])
    with pytest.raises(SourceMalformed, match=words):
        await discord.fetch_guild(world.discord_guild_id)


async def test_a_malformed_role_is_named(discord: DiscordClient, simulator: GuildSimulator, world: GuildWorld) -> None:
    simulator.faults.json("roles", [{"id": "1", "name": "Officer", "position": "high", "managed": False}])
    with pytest.raises(SourceMalformed, match=r"entry 1 \(Officer\)\.position"):
        await discord.fetch_guild(world.discord_guild_id)


async def test_the_missing_members_intent_is_explained(
    discord: DiscordClient, simulator: GuildSimulator, world: GuildWorld
) -> None:
    simulator.discord.members_intent = False
    with pytest.raises(SourceDenied, match="Server Members Intent"):
        await discord.fetch_guild(world.discord_guild_id)
    assert discord.invalid_requests == 1


async def test_an_unknown_server_is_denied(discord: DiscordClient) -> None:
    with pytest.raises(SourceDenied, match="no server with this id"):
        await discord.fetch_guild("123")


async def test_one_member_is_fetched(discord: DiscordClient, world: GuildWorld, alice: WorldMember) -> None:
    assert await discord.fetch_member(world.discord_guild_id, alice.user_id) == as_fetched(alice)


async def test_who_is_not_on_the_server_is_none(
    discord: DiscordClient, simulator: GuildSimulator, world: GuildWorld
) -> None:
    assert await discord.fetch_member(world.discord_guild_id, "42") is None
    simulator.faults.json("member", {"message": "Unknown User", "code": 10013}, 404)
    assert await discord.fetch_member(world.discord_guild_id, "42") is None


async def test_a_member_that_cannot_be_read_is_not_taken_for_gone(
    discord: DiscordClient, simulator: GuildSimulator, world: GuildWorld, alice: WorldMember
) -> None:
    simulator.faults.status("member", 404)
    with pytest.raises(SourceError, match="HTTP 404"):
        await discord.fetch_member(world.discord_guild_id, alice.user_id)
    with pytest.raises(SourceDenied, match="no server"):
        await discord.fetch_member("123", alice.user_id)


async def test_roles_are_given_and_taken_with_a_reason(
    discord: DiscordClient, world: GuildWorld, alice: WorldMember
) -> None:
    guild, raider, member = world.discord_guild_id, world.role_named("Raider"), world.role_named("Member")
    await discord.add_role(guild, alice.user_id, raider.role_id, reason="PATT: Zoë → Raider, 100%")
    await discord.remove_role(guild, alice.user_id, member.role_id, reason="PATT: no longer Member")
    assert alice.role_ids == [raider.role_id]
    assert world.audit_log == [
        AuditEntry("add", alice.user_id, raider.role_id, "PATT: Zoë → Raider, 100%"),
        AuditEntry("remove", alice.user_id, member.role_id, "PATT: no longer Member"),
    ]


async def test_giving_or_taking_a_role_twice_changes_nothing(
    discord: DiscordClient, world: GuildWorld, alice: WorldMember
) -> None:
    raider = world.role_named("Raider").role_id
    for _ in range(2):
        await discord.add_role(world.discord_guild_id, alice.user_id, raider, reason="")
    assert alice.role_ids.count(raider) == 1
    assert world.audit_log[0].reason is None
    for _ in range(2):
        await discord.remove_role(world.discord_guild_id, alice.user_id, raider, reason="x" * 600)
    assert raider not in alice.role_ids
    assert world.audit_log[-1].reason == "x" * 512


async def test_a_role_above_the_bots_own_is_denied_with_the_remedy(
    discord: DiscordClient, world: GuildWorld, alice: WorldMember
) -> None:
    officer = world.role_named("Officer")
    officer.position = 99
    with pytest.raises(SourceDenied, match="Move the bot's role above 'Officer' in Server Settings → Roles"):
        await discord.add_role(world.discord_guild_id, alice.user_id, officer.role_id, reason="x")
    assert officer.role_id not in alice.role_ids


async def test_a_role_of_an_integration_is_denied_as_such(
    discord: DiscordClient, world: GuildWorld, alice: WorldMember
) -> None:
    booster = world.role_named("Server Booster")
    with pytest.raises(SourceDenied, match="'Server Booster' itself, on behalf of an integration"):
        await discord.remove_role(world.discord_guild_id, alice.user_id, booster.role_id, reason="x")


async def test_a_refused_role_is_explained_even_when_the_roles_cannot_be_read(
    discord: DiscordClient, simulator: GuildSimulator, world: GuildWorld, alice: WorldMember
) -> None:
    world.bot.role_ids = []
    simulator.faults.status("roles", 404)
    with pytest.raises(SourceDenied, match="Move the bot's role above the role"):
        await discord.add_role(world.discord_guild_id, alice.user_id, world.roles[3].role_id, reason="x")


async def test_a_member_or_role_that_is_gone_is_a_sentence(
    discord: DiscordClient, world: GuildWorld, alice: WorldMember
) -> None:
    raider = world.role_named("Raider").role_id
    with pytest.raises(SourceError, match="role no longer exists"):
        await discord.add_role(world.discord_guild_id, alice.user_id, "42", reason="x")
    world.discord_leave(alice)
    with pytest.raises(SourceError, match="no longer on the Discord server"):
        await discord.add_role(world.discord_guild_id, alice.user_id, raider, reason="x")


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
    with pytest.raises(SourceUnavailable, match="takes no more requests"):
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


async def test_a_role_change_whose_answer_is_lost_is_made_once(
    discord: DiscordClient, simulator: GuildSimulator, world: GuildWorld, alice: WorldMember
) -> None:
    raider = world.role_named("Raider").role_id
    simulator.faults.status("add_role", 502)
    await discord.add_role(world.discord_guild_id, alice.user_id, raider, reason="x")
    assert alice.role_ids.count(raider) == 1


async def test_an_announcement_is_posted_once_even_when_its_answer_is_lost(
    discord: DiscordClient, simulator: GuildSimulator, world: GuildWorld
) -> None:
    simulator.faults.cut("message")
    await discord.announce(world.audit_channel_id, NOTE)
    await discord.announce(world.audit_channel_id, NOTE)
    assert [posted.payload["embeds"] for posted in world.messages] == [
        [{"title": "Sync summary", "description": "2 findings"}]
    ]
    assert world.messages[0].payload["allowed_mentions"] == {"parse": []}
    assert simulator.calls["message"] == 3


async def test_an_announcement_of_any_length_fits(discord: DiscordClient, world: GuildWorld) -> None:
    await discord.announce(world.audit_channel_id, Announcement("🔥" * 300, "long " * 2000, "n-2"))
    assert len(world.messages) == 1


async def test_an_announcement_that_discord_refuses_is_a_sentence(discord: DiscordClient, world: GuildWorld) -> None:
    with pytest.raises(SourceError, match="channel no longer exists"):
        await discord.announce("42", NOTE)
    with pytest.raises(SourceError, match="fault in what was sent"):
        await discord.announce(world.audit_channel_id, Announcement("t", "b", "n" * 26))


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
    monkeypatch.setattr(discord_limits, "MOST_INVALID_REQUESTS", 5)
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
