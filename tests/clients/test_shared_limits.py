"""The limits of Battle.net and Discord hold for all processes of an installation together, as the services count."""

from __future__ import annotations

import asyncio
from functools import partial

import pytest

import thoroughness
from clients.asking_processes import Addresses, members, profiles, run_together
from clients.conftest import Net
from sv_common.db.pool import Pool
from sv_common.guild_sync.core.errors import SourceUnavailable
from sv_common.guild_sync.simulators.discord import BOT_TOKEN
from sv_common.guild_sync.simulators.limits import DiscordBuckets, most_within
from sv_common.guild_sync.sources.http import Asked
from sv_common.guild_sync.sources.models import CharacterAddress
from sv_common.guild_sync.sources.permits import LARGEST_BATCH, Limits, SharedPermits, Told

ASKED = Asked("Battle.net", "a profile")
PROCESSES = 3
REQUESTS = 60
"""Of each process: without a common limit, all of them would arrive within little more than a second."""


@pytest.fixture
def addresses(net: Net, database_url: str) -> Addresses:
    sim = net.simulator
    return Addresses(
        database_url, sim.battlenet_url, sim.token_url, sim.client_id, sim.client_secret, sim.discord_url, BOT_TOKEN
    )


def _characters(net: Net, count: int) -> list[CharacterAddress]:
    known = [CharacterAddress(each.realm.slug, each.name, each.character_id) for each in net.world.characters]
    return (known * (count // len(known) + 1))[:count]


async def test_several_processes_together_stay_below_what_battle_net_allows_in_a_second(
    net: Net, addresses: Addresses
) -> None:
    count = thoroughness.examples(4 * REQUESTS)
    asking = partial(profiles, characters=_characters(net, count))
    done = await run_together(addresses, [asking] * PROCESSES)
    arrived = net.simulator.battlenet.moments
    assert [each.answered for each in done] == [count] * PROCESSES
    assert len(arrived) >= PROCESSES * count
    assert most_within(1.0, arrived) <= 90
    assert most_within(1.0, arrived) >= 45  # and the limit is made use of
    assert sum(each.statements for each in done) <= len(arrived) * 0.75


async def test_the_requests_of_an_hour_are_shared_by_all_who_ask(net: Net, addresses: Addresses, pool: Pool) -> None:
    characters = _characters(net, 30)
    askings = [profiles(addresses, net.http, pool, characters=characters, an_hour=50) for _ in range(PROCESSES)]
    done = await asyncio.gather(*askings)
    asked = len(net.simulator.battlenet.moments)
    assert 50 - LARGEST_BATCH <= asked <= 50
    assert asked >= sum(answered for answered, _ in done)
    assert sum(refused for _, refused in done) >= 40


async def test_several_processes_together_never_exceed_a_route_of_discord_nor_its_limit_for_all(
    net: Net, addresses: Addresses
) -> None:
    buckets = net.simulator.discord.buckets = DiscordBuckets(quota=8, window_s=0.5)
    users = [member.user_id for member in net.world.members] * 10
    asking = partial(members, guild_id=net.world.discord_guild_id, user_ids=users[:11], at_once=6)
    done = await run_together(addresses, [asking] * PROCESSES)
    assert [(each.answered, each.refused) for each in done] == [(11, 0)] * PROCESSES
    assert buckets.too_many == 0
    assert len(buckets.moments) == 11 * PROCESSES
    assert most_within(1.0, buckets.moments) <= buckets.a_second


async def test_what_discord_counts_against_the_address_stops_all_who_ask(
    net: Net, addresses: Addresses, pool: Pool
) -> None:
    net.faults.json("member", {"message": "Missing Permissions", "code": 50013}, 403, times=None)
    asking = partial(
        members,
        guild_id=net.world.discord_guild_id,
        user_ids=[net.world.members[0].user_id] * 12,
        at_once=1,
        most_refused=10,
    )
    await asyncio.gather(*(asking(addresses, net.http, pool) for _ in range(PROCESSES)))
    assert net.calls["member"] == net.simulator.discord.invalid_requests == 10


async def test_a_pause_that_one_process_was_told_holds_for_the_others(pool: Pool) -> None:
    limits = Limits("discord", 50)
    told, other = SharedPermits(pool, limits), SharedPermits(pool, limits)
    async with told.permit(ASKED, "GET guild 1") as permit:
        permit.learn(Told(pause=300.0))
    async with other.permit(ASKED, "GET guild 2"):
        pass
    with pytest.raises(SourceUnavailable, match=r"requested a pause.*Try again in [56] minutes"):
        await other._next(ASKED, "GET guild 1")
    async with told.permit(ASKED, "GET guild 2") as permit:
        permit.learn(Told(pause=300.0, everywhere=True))
    with pytest.raises(SourceUnavailable, match="requested a pause"):
        await other._next(ASKED, "GET guild 3")
    await asyncio.gather(told.close(), other.close())


async def test_a_request_counts_until_a_second_after_its_answer(pool: Pool) -> None:
    one, two = (SharedPermits(pool, Limits("battlenet", 2)) for _ in range(2))
    loop = asyncio.get_running_loop()
    async with one.permit(ASKED), one.permit(ASKED):
        waiting = asyncio.create_task(two._next(ASKED, ""))
        await asyncio.sleep(0.2)
        assert not waiting.done()
        answered = loop.time()
    await waiting
    assert loop.time() - answered >= 0.99
    await asyncio.gather(one.close(), two.close())


async def test_permits_that_are_not_used_go_back_and_count_for_no_hour(pool: Pool) -> None:
    permits = SharedPermits(pool, Limits("battlenet", 90, 1000))
    await asyncio.gather(*(_use(permits) for _ in range(12)))
    await _use(permits)  # a batch, since as many were used a moment ago
    await permits.close()
    async with pool.connection() as conn:
        (left,) = await (await conn.execute("select sum(permitted)::integer from common.request_counts")).fetchall()
        (held,) = await (await conn.execute("select sum(permits)::integer from common.request_leases")).fetchall()
    assert (left, held) == ((13,), (13,))


async def test_what_a_dead_process_held_is_free_again(pool: Pool) -> None:
    dead, alive = (SharedPermits(pool, Limits("battlenet", 3)) for _ in range(2))
    await asyncio.gather(*(dead._next(ASKED, "") for _ in range(3)))
    async with pool.connection() as conn:
        await conn.execute("update common.request_leases set counts_until = now() + interval '0.1 seconds'")
    async with alive.permit(ASKED):
        pass
    await asyncio.gather(alive.close(), dead.close())


async def _use(permits: SharedPermits) -> None:
    async with permits.permit(ASKED):
        await asyncio.sleep(0)
