"""Several simulated guilds at one address."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from sv_common.guild_sync.core.errors import SourceError
from sv_common.guild_sync.simulators import GuildSimulator, GuildWorld
from sv_common.guild_sync.simulators.crowd import BATTLENET_ROOT, DISCORD_ROOT, TOKEN_PATH, CrowdSimulator
from sv_common.guild_sync.simulators.server import serve
from sv_common.guild_sync.sources.battlenet.client import BattleNetClient
from sv_common.guild_sync.sources.discord.client import DiscordClient
from sv_common.guild_sync.sources.discord.message import Announcement
from sv_common.guild_sync.sources.http import http_client
from sv_common.guild_sync.sources.models import CharacterAddress, GuildAddress, ProfileState

NOW_MS = 1_790_000_000_000


def _world(number: int) -> GuildWorld:
    """The same people each time, at addresses of their own."""
    world = GuildWorld.seeded(7, 12, now_ms=NOW_MS)
    world.set_apart(number)
    return world


@pytest.fixture
def crowd() -> CrowdSimulator:
    return CrowdSimulator([_world(1), _world(2)])


@pytest.fixture
async def clients(crowd: CrowdSimulator) -> AsyncIterator[tuple[BattleNetClient, DiscordClient]]:
    async with serve(crowd) as base_url, http_client(trust_env=False) as http:
        battle_net = BattleNetClient(
            http,
            client_id=GuildSimulator.client_id,
            client_secret=GuildSimulator.client_secret,
            token_url=base_url + TOKEN_PATH,
            api_url=base_url + BATTLENET_ROOT,
        )
        yield (
            battle_net,
            DiscordClient(http, token=GuildSimulator.discord_token, api_url=base_url + DISCORD_ROOT),
        )


async def test_one_token_opens_the_rosters_and_profiles_of_all(
    crowd: CrowdSimulator, clients: tuple[BattleNetClient, DiscordClient]
) -> None:
    battle_net, _ = clients
    for neighbor in crowd.neighbors:
        world = neighbor.world
        world.leave(world.characters[0])
        world.join(f"Only{'ab'[world.guild_id % 2]}")
        roster = await battle_net.fetch_members(world.address)
        assert {each.name for each in roster.members} == {each.name for each in world.characters}
        newest = CharacterAddress(world.realm.slug, world.characters[-1].name, world.characters[-1].character_id)
        assert [a.state for a in await battle_net.fetch_profiles("us", [newest])] == [ProfileState.SHOWN]
    assert sum(neighbor.faults.calls["token"] for neighbor in crowd.neighbors) == 1


async def test_each_server_has_its_own_members_roles_and_messages(
    crowd: CrowdSimulator, clients: tuple[BattleNetClient, DiscordClient]
) -> None:
    _, discord = clients
    one, other = (neighbor.world for neighbor in crowd.neighbors)
    newcomer = one.discord_join("Newcomer")
    for world in (one, other):
        server = await discord.fetch_guild(world.discord_guild_id)
        assert {each.user_id for each in server.members} == {each.user_id for each in world.members}
        assert world.discord_guild_id in {role.role_id for role in server.roles}
    await discord.add_role(one.discord_guild_id, newcomer.user_id, one.rank_roles[3].role_id, reason="test")
    await discord.announce(other.audit_channel_id, Announcement("Title", "Text", nonce="1"))
    assert ([len(w.audit_log) for w in (one, other)], [len(w.messages) for w in (one, other)]) == ([1, 0], [0, 1])


async def test_a_fault_of_one_guild_is_nobody_elses_and_a_stranger_is_unknown(
    crowd: CrowdSimulator, clients: tuple[BattleNetClient, DiscordClient]
) -> None:
    battle_net, discord = clients
    one, other = (neighbor.world for neighbor in crowd.neighbors)
    crowd.neighbors[0].faults.status("roster", 403, times=None)
    with pytest.raises(SourceError):
        await battle_net.fetch_members(one.address)
    assert (await battle_net.fetch_members(other.address)).members
    with pytest.raises(SourceError):
        await battle_net.fetch_members(GuildAddress("us", "nowhere", "nobody"))
    with pytest.raises(SourceError):
        await discord.fetch_guild("12345")


def test_new_ids_of_two_worlds_never_meet() -> None:
    one, other = _world(1), _world(2)
    assert one.join("Newbie").character_id != other.join("Newbie").character_id
    assert one.new_snowflake() != other.new_snowflake()
