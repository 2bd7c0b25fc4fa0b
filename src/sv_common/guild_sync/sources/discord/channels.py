"""Discord's answers about the bot's application, its servers and their channels, as typed values."""

from __future__ import annotations

from sv_common.guild_sync.sources.discord.access import (
    BotApplication,
    DiscordServer,
    Overwrite,
    TextChannel,
    permissions_in_channel,
)
from sv_common.guild_sync.sources.discord.wire import permission_bits, server_permissions, snowflake
from sv_common.guild_sync.sources.models import DiscordMember
from sv_common.guild_sync.sources.wire import Node

_SERVER_MEMBERS_INTENT = 1 << 14 | 1 << 15
"""Bits of an application's `flags`: for one that Discord has verified, and for one on few servers that it has not."""

_TEXT, _ANNOUNCEMENT = 0, 5
"""Types of channels that take messages (Discord documentation, "Channel Types")."""

_OF_A_MEMBER = 1


def parse_application(entry: Node) -> BotApplication:
    """Read the bot's application. Raises SourceMalformed when a documented field is missing or of another type."""
    flags = entry.child("flags").integer()
    name = entry.child("name").any_text()
    return BotApplication(str(snowflake(entry.child("id"))), name, bool(flags & _SERVER_MEMBERS_INTENT))


def parse_server(entry: Node) -> DiscordServer:
    """Read one server that the bot is on. Raises SourceMalformed."""
    return DiscordServer(str(snowflake(entry.child("id"))), entry.child("name").any_text())


def parse_text_channels(channels: Node, roles: Node, bot: DiscordMember, guild_id: str) -> list[TextChannel]:
    """Read the channels that take messages, by their position. Raises SourceMalformed."""
    everywhere = server_permissions(roles, bot, guild_id)
    found: list[tuple[int, TextChannel]] = []
    for entry in channels.items():
        if entry.child("type").integer() in (_TEXT, _ANNOUNCEMENT):
            overwrites = _overwrites(entry.child("permission_overwrites"))
            permissions = permissions_in_channel(everywhere, guild_id, bot.role_ids, bot.user_id, overwrites)
            channel_id = str(snowflake(entry.child("id")))
            channel = TextChannel(channel_id, entry.child("name").any_text(), permissions)
            found.append((entry.child("position").integer(), channel))
    return [channel for _, channel in sorted(found, key=lambda each: (each[0], int(each[1].channel_id)))]


def _overwrites(entries: Node) -> list[Overwrite]:
    """Read a channel's overwrites; a channel may have none, and then not even the field."""
    if entries.value is None:
        return []
    return [
        Overwrite(
            str(snowflake(entry.child("id"))),
            entry.child("type").integer() == _OF_A_MEMBER,
            permission_bits(entry.child("allow")),
            permission_bits(entry.child("deny")),
        )
        for entry in entries.items()
    ]
