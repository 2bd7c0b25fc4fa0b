"""Roles and announcements through the real client: given, taken or posted once, or refused in a sentence with the remedy."""

import pytest

from clients.conftest import NOTE, Net
from sv_common.guild_sync.core.errors import SourceDenied, SourceError
from sv_common.guild_sync.simulators.model import AuditEntry, WorldMember
from sv_common.guild_sync.sources.discord.message import Announcement


async def test_roles_are_given_and_taken_with_a_reason(net: Net, alice: WorldMember) -> None:
    guild, raider, member = net.world.discord_guild_id, net.world.role_named("Raider"), net.world.role_named("Member")
    await net.discord.add_role(guild, alice.user_id, raider.role_id, reason="PATT: Zoë → Raider, 100%")
    await net.discord.remove_role(guild, alice.user_id, member.role_id, reason="PATT: no longer Member")
    assert alice.role_ids == [raider.role_id]
    assert net.world.audit_log == [
        AuditEntry("add", alice.user_id, raider.role_id, "PATT: Zoë → Raider, 100%"),
        AuditEntry("remove", alice.user_id, member.role_id, "PATT: no longer Member"),
    ]


async def test_giving_or_taking_a_role_twice_changes_nothing(net: Net, alice: WorldMember) -> None:
    raider = net.world.role_named("Raider").role_id
    for _ in range(2):
        await net.discord.add_role(net.world.discord_guild_id, alice.user_id, raider, reason="")
    assert alice.role_ids.count(raider) == 1
    assert net.world.audit_log[0].reason is None
    for _ in range(2):
        await net.discord.remove_role(net.world.discord_guild_id, alice.user_id, raider, reason="x" * 600)
    assert raider not in alice.role_ids
    assert net.world.audit_log[-1].reason == "x" * 512


async def test_a_role_above_the_bots_own_is_denied_with_the_remedy(net: Net, alice: WorldMember) -> None:
    officer = net.world.role_named("Officer")
    officer.position = 99
    with pytest.raises(SourceDenied, match="Move the bot's role above 'Officer' in Server Settings → Roles"):
        await net.discord.add_role(net.world.discord_guild_id, alice.user_id, officer.role_id, reason="x")
    assert officer.role_id not in alice.role_ids


async def test_a_role_of_an_integration_is_denied_as_such(net: Net, alice: WorldMember) -> None:
    booster = net.world.role_named("Server Booster")
    with pytest.raises(SourceDenied, match="'Server Booster' itself, on behalf of an integration"):
        await net.discord.remove_role(net.world.discord_guild_id, alice.user_id, booster.role_id, reason="x")


async def test_a_refused_role_is_explained_even_when_the_roles_cannot_be_read(net: Net, alice: WorldMember) -> None:
    net.world.bot.role_ids = []
    net.faults.status("roles", 404)
    with pytest.raises(SourceDenied, match="Move the bot's role above the role"):
        await net.discord.add_role(net.world.discord_guild_id, alice.user_id, net.world.roles[3].role_id, reason="x")


async def test_a_member_or_role_that_is_gone_is_a_sentence(net: Net, alice: WorldMember) -> None:
    raider = net.world.role_named("Raider").role_id
    with pytest.raises(SourceError, match="role no longer exists"):
        await net.discord.add_role(net.world.discord_guild_id, alice.user_id, "42", reason="x")
    net.world.discord_leave(alice)
    with pytest.raises(SourceError, match="has left the Discord server"):
        await net.discord.add_role(net.world.discord_guild_id, alice.user_id, raider, reason="x")


async def test_an_announcement_of_any_length_fits(net: Net) -> None:
    await net.discord.announce(net.world.audit_channel_id, Announcement("🔥" * 300, "long " * 2000, "n-2"))
    assert len(net.world.messages) == 1


async def test_an_announcement_that_discord_refuses_is_a_sentence(net: Net) -> None:
    with pytest.raises(SourceError, match="channel no longer exists"):
        await net.discord.announce("42", NOTE)
    with pytest.raises(SourceError, match="fault in the request"):
        await net.discord.announce(net.world.audit_channel_id, Announcement("t", "b", "n" * 26))
