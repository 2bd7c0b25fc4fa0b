"""The bot's application, its servers and their channels, through the real client."""

from typing import Any

import pytest

from clients.conftest import Net
from sv_common.guild_sync.core.errors import SourceDenied, SourceMalformed
from sv_common.guild_sync.simulators.model import WorldChannel
from sv_common.guild_sync.sources.discord.permissions import DiscordServer, Overwrite, Permission


async def test_the_application_tells_its_number_and_its_intent(net: Net) -> None:
    application = await net.discord.fetch_application()
    assert (application.application_id, application.name, application.sees_members) == (
        net.world.bot.user_id,
        "PATT",
        True,
    )
    net.simulator.discord.members_intent = False
    assert (await net.discord.fetch_application()).sees_members is False


@pytest.mark.parametrize(("flags", "sees_members"), [(0, False), (1 << 13, False), (1 << 14, True), (1 << 15, True)])
async def test_the_intent_counts_for_verified_applications_too(net: Net, flags: int, sees_members: bool) -> None:
    net.faults.json("application", {"id": "7", "name": "PATT", "flags": flags})
    assert (await net.discord.fetch_application()).sees_members is sees_members


@pytest.mark.parametrize("body", [{}, {"id": "7", "name": "PATT"}, {"id": 7, "name": "PATT", "flags": 0}, []])
async def test_an_application_in_another_shape_is_refused(net: Net, body: Any) -> None:
    net.faults.json("application", body)
    with pytest.raises(SourceMalformed, match="the bot's own application"):
        await net.discord.fetch_application()


async def test_a_rejected_token_is_said_so(net: Net) -> None:
    net.faults.json("application", {"message": "401: Unauthorized", "code": 0}, 401)
    with pytest.raises(SourceDenied, match="rejected the bot's token"):
        await net.discord.fetch_application()


async def test_the_bots_servers_are_listed_and_none_is_no_fault(net: Net) -> None:
    assert await net.discord.fetch_servers() == [DiscordServer(net.world.discord_guild_id, net.world.discord_name)]
    net.simulator.discord.is_invited = False
    assert await net.discord.fetch_servers() == []


async def test_only_channels_that_take_messages_are_listed_by_their_position(net: Net) -> None:
    net.world.channels.append(WorldChannel("830000000000000009", "news", 0, kind=5))
    channels = await net.discord.fetch_text_channels(net.world.discord_guild_id)
    assert [channel.name for channel in channels] == ["general", "news", "officers"]
    assert [channel.missing for channel in channels] == [(), (), ()]


async def test_a_channel_tells_what_the_bot_may_not_do_there(net: Net) -> None:
    officers = net.world.channel(net.world.audit_channel_id)
    assert officers is not None
    officers.overwrites = [
        Overwrite(net.world.discord_guild_id, False, 0, Permission.VIEW_CHANNEL),
        Overwrite(net.world.role_named("Officer").role_id, False, Permission.VIEW_CHANNEL, 0),
    ]
    missing = {each.name: each.missing for each in await net.discord.fetch_text_channels(net.world.discord_guild_id)}
    assert missing == {"general": (), "officers": ("View Channel", "Send Messages", "Embed Links")}
    officers.overwrites.append(Overwrite(net.world.role_named("PATT").role_id, False, Permission.VIEW_CHANNEL, 0))
    missing = {each.name: each.missing for each in await net.discord.fetch_text_channels(net.world.discord_guild_id)}
    assert missing["officers"] == ()


async def test_a_server_that_the_bot_is_not_on_shows_no_channels(net: Net) -> None:
    net.simulator.discord.is_invited = False
    with pytest.raises(SourceDenied, match="has been invited"):
        await net.discord.fetch_text_channels(net.world.discord_guild_id)
