"""A Discord server with its roles and members, and one member of it, through the real client: whole, or with its fault named."""

import pytest

from clients.conftest import Net
from sv_common.guild_sync.core.errors import SourceDenied, SourceError, SourceMalformed
from sv_common.guild_sync.simulators.model import WorldMember
from sv_common.guild_sync.sources.discord import client as discord_module
from sv_common.guild_sync.sources.models import DiscordMember, DiscordRole


def as_fetched(member: WorldMember) -> DiscordMember:
    return DiscordMember(
        member.user_id, member.username, member.global_name, member.nick, tuple(member.role_ids), member.is_bot
    )


def by_id(members: list[WorldMember]) -> list[WorldMember]:
    return sorted(members, key=lambda member: int(member.user_id))


async def test_a_server_comes_with_its_name_all_roles_and_all_members(net: Net, alice: WorldMember) -> None:
    alice.nick = "Ali ⚔ 한국"
    guild = await net.discord.fetch_guild(net.world.discord_guild_id)
    assert (guild.guild_id, guild.name) == (net.world.discord_guild_id, net.world.discord_name)
    assert guild.members == [as_fetched(member) for member in by_id(net.world.members)]
    assert guild.roles == [
        DiscordRole(role.role_id, role.name, role.position, role.managed, is_administrative=role.name == "PATT")
        for role in net.world.roles
    ]
    assert {member.user_id for member in guild.members if member.is_bot} == {
        member.user_id for member in net.world.members if member.is_bot
    }


@pytest.mark.parametrize("count", [1, 4, 5, 6, 10, 11])
async def test_members_are_paged_to_the_end(net: Net, count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(discord_module, "PAGE_SIZE", 5)
    net.world.members = [WorldMember(str(number * 7), f"user{number}") for number in range(1, count + 1)]
    guild = await net.discord.fetch_guild(net.world.discord_guild_id)
    assert [member.user_id for member in guild.members] == [member.user_id for member in net.world.members]


async def test_more_than_a_thousand_members_take_two_pages(net: Net) -> None:
    net.world.members = [WorldMember(str(number), f"user{number}") for number in range(1, 1001)]
    guild = await net.discord.fetch_guild(net.world.discord_guild_id)
    assert len(guild.members) == 1000
    assert net.calls["members"] == 2


async def test_a_member_that_is_listed_twice_does_not_end_the_paging(net: Net, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(discord_module, "PAGE_SIZE", 2)
    bob = {"user": {"id": "5", "username": "bob"}, "roles": []}
    carol = {"user": {"id": "6", "username": "carol"}, "roles": []}
    net.faults.json("members", [bob, bob])
    net.faults.json("members", [carol])
    guild = await net.discord.fetch_guild(net.world.discord_guild_id)
    assert [member.username for member in guild.members] == ["bob", "carol"]


async def test_pages_that_do_not_move_on_are_malformed(net: Net, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(discord_module, "PAGE_SIZE", 1)
    page = [{"user": {"id": "5", "username": "bob"}, "roles": []}]
    net.faults.json("members", page, times=None)
    with pytest.raises(SourceMalformed, match="come after those of the page before"):
        await net.discord.fetch_guild(net.world.discord_guild_id)


async def test_an_empty_member_list_is_returned_as_it_is(net: Net) -> None:
    net.world.members = []
    assert (await net.discord.fetch_guild(net.world.discord_guild_id)).members == []


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
async def test_a_malformed_member_is_named(net: Net, entry: object, words: str) -> None:
    net.faults.json("members", [entry])
    with pytest.raises(SourceMalformed, match=words):
        await net.discord.fetch_guild(net.world.discord_guild_id)


async def test_a_malformed_role_is_named(net: Net) -> None:
    net.faults.json("roles", [{"id": "1", "name": "Officer", "position": "high", "managed": False}])
    with pytest.raises(SourceMalformed, match=r"entry 1 \(Officer\)\.position"):
        await net.discord.fetch_guild(net.world.discord_guild_id)


async def test_the_missing_members_intent_is_explained(net: Net) -> None:
    net.simulator.discord.members_intent = False
    with pytest.raises(SourceDenied, match="Server Members Intent"):
        await net.discord.fetch_guild(net.world.discord_guild_id)
    assert net.discord.invalid_requests == 1


async def test_an_unknown_server_is_denied(net: Net) -> None:
    with pytest.raises(SourceDenied, match="no server with this id"):
        await net.discord.fetch_guild("123")


async def test_one_member_is_fetched(net: Net, alice: WorldMember) -> None:
    assert await net.discord.fetch_member(net.world.discord_guild_id, alice.user_id) == as_fetched(alice)


async def test_who_is_not_on_the_server_is_none(net: Net) -> None:
    assert await net.discord.fetch_member(net.world.discord_guild_id, "42") is None
    net.faults.json("member", {"message": "Unknown User", "code": 10013}, 404)
    assert await net.discord.fetch_member(net.world.discord_guild_id, "42") is None


async def test_a_member_that_cannot_be_read_is_not_taken_for_gone(net: Net, alice: WorldMember) -> None:
    net.faults.status("member", 404)
    with pytest.raises(SourceError, match="HTTP 404"):
        await net.discord.fetch_member(net.world.discord_guild_id, alice.user_id)
    with pytest.raises(SourceDenied, match="no server"):
        await net.discord.fetch_member("123", alice.user_id)
