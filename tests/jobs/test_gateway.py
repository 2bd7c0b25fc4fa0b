"""Discord's gateway: the real client on a simulated one; news become syncs by the same code as the poll."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace

import pytest
from pydantic import SecretStr

from patt.bootstrap import Services, open_services
from patt.config import Settings
from patt.queue.tasks import Task
from patt.worker.gateway import ChangedServers, listen
from patt.worker.worker import work_until_stopped
from sv_common.db.pool import Pool
from sv_common.guild_sync.core.errors import ConfigurationError
from sv_common.guild_sync.roster import guilds
from sv_common.guild_sync.simulators import GuildSimulator, GuildWorld
from sv_common.guild_sync.simulators.discord_shapes import member_object, role_object
from sv_common.guild_sync.simulators.gateway import GatewaySimulator

SOON_S = 20


@pytest.fixture(scope="module")
def simulator() -> Iterator[GuildSimulator]:
    with GuildSimulator(GuildWorld.seeded(7, 6)) as running:
        yield running


@pytest.fixture
async def gateway(simulator: GuildSimulator) -> AsyncIterator[GatewaySimulator]:
    async with GatewaySimulator(simulator.discord_token) as running:
        yield running


@pytest.fixture
async def services(database_url: str, simulator: GuildSimulator, gateway: GatewaySimulator) -> AsyncIterator[Services]:
    settings = Settings.model_validate(
        {
            "discord_bot_token": simulator.discord_token,
            "discord_api_url": simulator.discord_url,
            "discord_gateway_url": gateway.url,
        }
    )
    async with open_services(settings, database_url) as opened:
        yield opened


@pytest.fixture
async def guild_id(services: Services, simulator: GuildSimulator) -> int:
    world = simulator.world
    async with services.pool.connection() as conn:
        return await guilds.add(conn, world.address, world.guild_name, discord_guild_id=world.discord_guild_id)


@contextlib.asynccontextmanager
async def _listening(services: Services, gateway: GatewaySimulator) -> AsyncIterator[None]:
    assert services.queue is not None
    changes = ChangedServers(services.pool, services.queue, settle_s=0, pause_s=0)
    listener = asyncio.create_task(listen(services, changes=changes))
    try:
        async with asyncio.timeout(SOON_S):
            await gateway.ready.wait()
        yield
    finally:
        listener.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await listener


async def _asked(pool: Pool) -> list[tuple[str, int]]:
    """Wait until a job is asked for, and return those that wait."""
    async with asyncio.timeout(SOON_S), pool.connection() as conn:
        while True:
            rows = await (
                await conn.execute(
                    "select task_name, (args ->> 'guild_id')::integer from jobs.procrastinate_jobs where status = 'todo'"
                )
            ).fetchall()
            if rows:
                return [(row[0], row[1]) for row in rows]
            await conn.rollback()
            await asyncio.sleep(0.02)


async def test_who_joins_is_in_the_database_after_the_next_job(
    services: Services, gateway: GatewaySimulator, guild_id: int, simulator: GuildSimulator
) -> None:
    world = simulator.world
    async with _listening(services, gateway):
        member = world.discord_join("zephyrine")
        await gateway.send("GUILD_MEMBER_ADD", member_object(member) | {"guild_id": world.discord_guild_id})
        assert await _asked(services.pool) == [(Task.DISCORD, guild_id)]
    await work_until_stopped(services, wait=False)
    async with services.pool.connection() as conn:
        found = await conn.execute(
            "select username from guild_identity.discord_users where discord_id = %s", [member.user_id]
        )
        assert await found.fetchall() == [(member.username,)]


@pytest.mark.parametrize(
    "event",
    [
        "GUILD_MEMBER_ADD",
        "GUILD_MEMBER_REMOVE",
        "GUILD_MEMBER_UPDATE",
        "GUILD_ROLE_CREATE",
        "GUILD_ROLE_UPDATE",
        "GUILD_ROLE_DELETE",
    ],
)
async def test_every_change_of_members_and_roles_asks_for_a_sync(
    services: Services, gateway: GatewaySimulator, guild_id: int, simulator: GuildSimulator, event: str
) -> None:
    server_id = simulator.world.discord_guild_id
    member, role = member_object(simulator.world.members[0]), role_object(simulator.world.roles[0])
    data = {**member, "guild_id": server_id, "role_id": role["id"], "role": role}
    async with _listening(services, gateway):
        await gateway.send(event, data)
        assert await _asked(services.pool) == [(Task.DISCORD, guild_id)]


async def test_many_events_and_those_of_other_servers_ask_for_one_sync(
    services: Services, gateway: GatewaySimulator, guild_id: int, simulator: GuildSimulator
) -> None:
    async with _listening(services, gateway):
        for server_id in ["42", *[simulator.world.discord_guild_id] * 30]:
            await gateway.send("GUILD_MEMBER_UPDATE", {"guild_id": server_id, "user": {"id": "2"}, "roles": []})
        assert await _asked(services.pool) == [(Task.DISCORD, guild_id)]


async def test_what_is_sent_while_the_connection_is_lost_is_heard_afterwards(
    services: Services, gateway: GatewaySimulator, guild_id: int, simulator: GuildSimulator
) -> None:
    async with _listening(services, gateway):
        await gateway.disconnect()
        await gateway.send("GUILD_MEMBER_ADD", {"guild_id": simulator.world.discord_guild_id, "user": {"id": "2"}})
        assert await _asked(services.pool) == [(Task.DISCORD, guild_id)]
    assert (gateway.sessions, gateway.resumptions) == (1, 1)


async def test_of_several_processes_one_listens_and_another_takes_over(
    services: Services, gateway: GatewaySimulator
) -> None:
    async with _listening(services, gateway):
        second = asyncio.create_task(listen(services))
        await asyncio.sleep(0.2)
        assert gateway.sessions == 1
        gateway.ready.clear()
    async with asyncio.timeout(SOON_S):
        await gateway.ready.wait()
    assert gateway.sessions == 2
    second.cancel()
    with pytest.raises(asyncio.CancelledError):
        await second


async def test_without_the_members_intent_it_says_where_to_switch_it_on(
    services: Services, gateway: GatewaySimulator
) -> None:
    gateway.may_hear_members = False
    with pytest.raises(ConfigurationError, match="Server Members Intent"):
        await listen(services)


async def test_a_rejected_token_is_said(services: Services) -> None:
    settings = services.settings.model_copy(update={"discord_bot_token": SecretStr("made-up")})
    with pytest.raises(ConfigurationError, match="rejected the bot's token"):
        await listen(replace(services, settings=settings))
