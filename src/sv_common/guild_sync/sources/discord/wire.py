"""Discord's answers as typed values, its refusals as sentences, and the form of what is sent to it."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import quote

import httpx2

from sv_common.guild_sync.core.errors import SourceDenied, SourceError
from sv_common.guild_sync.core.language import mark, tr
from sv_common.guild_sync.sources.discord import permissions
from sv_common.guild_sync.sources.discord.permissions import Permission
from sv_common.guild_sync.sources.http import Asked, Node, storable
from sv_common.guild_sync.sources.models import DiscordMember, DiscordRole

REASON_LIMIT = 512

LARGEST_POSITION = 2**31 - 1
"""A role's position is an integer of 32 bits (Discord's OpenAPI document, "GuildRoleResponse")."""

MOST_DIGITS = 100
"""Digits of an id, which has 64 bits, or of permissions, which may grow; Python itself reads no more than 4,300."""

MISSING_ACCESS = 50001
MISSING_PERMISSIONS = 50013
UNKNOWN_CHANNEL = 10003
UNKNOWN_MEMBER = 10007
UNKNOWN_MESSAGE = 10008
UNKNOWN_USER = 10013

_FORBIDDEN = 403

_REFUSALS: dict[int, tuple[type[SourceError], str]] = {
    UNKNOWN_CHANNEL: (
        SourceError,
        mark("The channel no longer exists. Choose another report channel: Settings → Guild says how."),
    ),
    10004: (
        SourceDenied,
        mark("Discord knows no server with this id. Check the id, and that the bot has been invited."),
    ),
    UNKNOWN_MEMBER: (SourceError, mark("This member has left the Discord server. Sync Discord, so that it is known.")),
    10011: (SourceError, mark("The role no longer exists on the Discord server. Map the rank to another role.")),
    UNKNOWN_USER: (SourceError, mark("This Discord account no longer exists. Sync Discord, so that it is known.")),
    40003: (SourceError, mark("Discord accepts no more of these at the moment. Try again later.")),
    MISSING_ACCESS: (
        SourceDenied,
        mark("The bot cannot see it. Invite the bot to the server and let it view the channel."),
    ),
    MISSING_PERMISSIONS: (SourceDenied, mark("The bot lacks a permission for it. Give it in Server Settings → Roles.")),
    50028: (SourceError, mark("Discord does not accept this role. Map the rank to another role.")),
    50035: (SourceError, mark("Discord found a fault in the request. Report it, with this line.")),
    60003: (SourceDenied, mark("The server asks for two-factor authentication. Switch it on for the bot's owner.")),
}
"""Discord's error codes (Discord documentation, "Opcodes and Status Codes") in an officer's words."""

_FOREIGN = mark(
    "This answer did not come from Discord: check PATT_DISCORD_API_URL and whatever stands between, such as a "
    "proxy, and try again later."
)

_REPORT_IT = mark("Report it, with this line.")

INTENT_REMEDY = mark(
    "Discord does not let the bot read the member list. Switch on the Server Members Intent for the bot in the "
    "Developer Portal (discord.com/developers → the application → Bot), and check that the bot is on the server."
)
NOT_ON_SERVER_REMEDY = mark(
    "The bot is not on the Discord server. Invite it with the permission Manage Roles, and look under Settings → "
    "Guild that it is the right server."
)
REJECTED_REMEDY = mark(
    "Discord rejected the bot's token, so it gets no more requests. Copy a new token from the Developer Portal "
    "(discord.com/developers → the application → Bot) into PATT_DISCORD_BOT_TOKEN: it is read from the file .env at once, else "
    "restart. The old one is tried once more in an hour."
)


def _role(entry: Node) -> DiscordRole:
    name = entry.child("name").any_text()
    entry = entry.named(name)
    return DiscordRole(
        role_id=str(snowflake(entry.child("id"))),
        name=name,
        position=entry.child("position").integer(LARGEST_POSITION),
        managed=entry.child("managed").flag(),
        is_administrative=bool(permission_bits(entry.child("permissions")) & permissions.ADMINISTRATIVE),
    )


def parse_roles(roles: Node, guild_id: str) -> list[tuple[DiscordRole, Node]]:
    """Read all roles of a server, each with its entry. Raises SourceMalformed, also for a list without @everyone.

    Every server has that role, and its id is the server's (Discord documentation, "Permissions"): a list without it is
    not the whole list.
    """
    parsed = [(_role(entry), entry) for entry in roles.items()]
    if all(role.role_id != guild_id for role, _ in parsed):
        raise roles.malformed(tr("a list with the role @everyone in it"))
    return parsed


def parse_authority(roles: Node, bot: DiscordMember, guild_id: str) -> permissions.RoleAuthority:
    """Read what the bot may do from the server's roles and the bot's own member. Raises SourceMalformed."""
    parsed = parse_roles(roles, guild_id)
    by_id = {role.role_id: role for role, _ in parsed}
    may_manage_roles = bool(_joined(parsed, bot, guild_id) & (Permission.ADMINISTRATOR | Permission.MANAGE_ROLES))
    return permissions.RoleAuthority(guild_id, by_id, frozenset(bot.role_ids), may_manage_roles)


def parse_member(entry: Node, guild_id: str) -> DiscordMember:
    """Read one member. Raises SourceMalformed when a documented field is missing or of another type."""
    user = entry.child("user")
    username = user.child("username").any_text()
    entry = entry.named(username)
    role_ids = [role_id.text() for role_id in entry.child("roles").items()]
    return DiscordMember(
        user_id=user.child("id").text(),
        username=username,
        global_name=user.child("global_name").text_or_none(),
        nick=entry.child("nick").text_or_none(),
        role_ids=tuple(role_id for role_id in role_ids if role_id != guild_id),
        is_bot=user.child("bot").flag(),
    )


def snowflake(entry: Node) -> int:
    return _decimal(entry, mark("a Discord id"))


def error_code(response: httpx2.Response) -> int | None:
    """Read Discord's own error code; None when the answer has none, as with a page of Cloudflare."""
    try:
        body = response.json()
    except (ValueError, RecursionError):
        return None
    code = body.get("code") if isinstance(body, dict) else None
    return code if isinstance(code, int) and not isinstance(code, bool) else None


def refusal(response: httpx2.Response, asked: Asked) -> SourceError:
    """Make the error for an answer that is neither a success nor worth another attempt."""
    status, code = response.status_code, error_code(response)
    kind, sentence = _REFUSALS.get(code or 0, (None, _FOREIGN if code is None else _REPORT_IT))
    kind = kind or (SourceDenied if status == _FORBIDDEN else SourceError)
    said = f"HTTP {status}" if code is None else tr("HTTP {status}, code {code}", status=status, code=code)
    refused = tr("Discord refused {what} ({answer}).", what=asked.what, answer=said)
    return kind(f"{refused} {tr(sentence)}")


def role_refusal(role: DiscordRole | None) -> SourceDenied:
    """Make the error for a role that Discord refuses (code 50013) although no obstacle is seen; None: role not known."""
    if role is None:
        return SourceDenied(
            tr(
                "Discord does not let the bot give or take the role. Move the bot's role above the role in Server Settings → "
                "Roles, and check that the bot's role has the permission Manage Roles."
            )
        )
    return SourceDenied(
        tr(
            "Discord does not let the bot give or take '{role}'. Move the bot's role above '{role}' in Server Settings → "
            "Roles, and check that the bot's role has the permission Manage Roles.",
            role=role.name,
        )
    )


def audit_reason(reason: str) -> str:
    """Put a reason into the form of the X-Audit-Log-Reason header: percent-encoded UTF-8, at most 512 characters."""
    text = " ".join(storable(reason).split())[:REASON_LIMIT]
    while len(encoded := quote(text, safe=" /")) > REASON_LIMIT:
        text = text[:-1]
    return encoded.strip()


def permission_bits(entry: Node) -> int:
    return _decimal(entry, mark("a decimal number of permission bits"))


def _joined(roles: Sequence[tuple[DiscordRole, Node]], bot: DiscordMember, guild_id: str) -> int:
    """Join the permissions of all roles that the bot holds, @everyone among them. Raises SourceMalformed."""
    joined = 0
    for role, entry in roles:
        if role.role_id in {*bot.role_ids, guild_id}:
            joined |= permission_bits(entry.named(role.name).child("permissions"))
    return joined


def _decimal(entry: Node, wanted: str) -> int:
    text = entry.text()
    if not (text.isascii() and text.isdecimal() and len(text) <= MOST_DIGITS):
        raise entry.malformed(tr(wanted))
    return int(text)


_SERVER_MEMBERS_INTENT = 1 << 14 | 1 << 15
"""Bits of an application's `flags`: for one that Discord has verified, and for one on few servers that it has not."""

_TEXT, _ANNOUNCEMENT = 0, 5
"""Types of channels that take messages (Discord documentation, "Channel Types")."""

_OF_A_MEMBER = 1


def parse_application(entry: Node) -> permissions.BotApplication:
    """Read the bot's application. Raises SourceMalformed when a documented field is missing or of another type."""
    flags = entry.child("flags").integer()
    name = entry.child("name").any_text()
    return permissions.BotApplication(str(snowflake(entry.child("id"))), name, bool(flags & _SERVER_MEMBERS_INTENT))


def parse_server(entry: Node) -> permissions.DiscordServer:
    return permissions.DiscordServer(str(snowflake(entry.child("id"))), entry.child("name").any_text())


def parse_text_channels(
    channels: Node, roles: Node, bot: DiscordMember, guild_id: str
) -> list[permissions.TextChannel]:
    """Read the channels that take messages, by their position. Raises SourceMalformed."""
    everywhere = _joined(parse_roles(roles, guild_id), bot, guild_id)
    found: list[tuple[int, permissions.TextChannel]] = []
    for entry in channels.items():
        if entry.child("type").integer() in (_TEXT, _ANNOUNCEMENT):
            overwrites = _overwrites(entry.child("permission_overwrites"))
            allowed = permissions.permissions_in_channel(everywhere, guild_id, bot.role_ids, bot.user_id, overwrites)
            channel_id = str(snowflake(entry.child("id")))
            channel = permissions.TextChannel(channel_id, entry.child("name").any_text(), allowed)
            found.append((entry.child("position").integer(), channel))
    return [channel for _, channel in sorted(found, key=lambda each: (each[0], int(each[1].channel_id)))]


def _overwrites(entries: Node) -> list[permissions.Overwrite]:
    """Read a channel's overwrites; a channel may have none, and then not even the field."""
    if entries.value is None:
        return []
    return [
        permissions.Overwrite(
            str(snowflake(entry.child("id"))),
            entry.child("type").integer() == _OF_A_MEMBER,
            permission_bits(entry.child("allow")),
            permission_bits(entry.child("deny")),
        )
        for entry in entries.items()
    ]
