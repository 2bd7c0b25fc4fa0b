"""Writes Discord's objects with every field that Discord's OpenAPI document (version 10) requires."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from sv_common.guild_sync.simulators.model import WorldChannel, WorldMember, WorldMessage, WorldRole
from sv_common.guild_sync.simulators.world import GuildWorld

DISCORD_EPOCH_MS = 1_420_070_400_000
GUILD_MEMBERS_INTENT = 1 << 15
"""Bit of an application's `flags`: the Server Members Intent is switched on (for an application in few servers)."""


_ABSENT = (
    *("icon", "description", "home_header", "splash", "discovery_splash", "banner", "application_id"),
    *("afk_channel_id", "system_channel_id", "widget_channel_id", "max_presences", "vanity_url_code"),
    *("rules_channel_id", "safety_alerts_channel_id", "public_updates_channel_id", "incidents_data"),
)
_ZERO = (
    *("system_channel_flags", "verification_level", "default_message_notifications", "mfa_level"),
    *("explicit_content_filter", "max_stage_video_channel_users", "premium_tier", "premium_subscription_count"),
    "nsfw_level",
)
"""Fields of a server that Discord requires and this product never reads."""


def user_object(member: WorldMember) -> dict[str, object]:
    user: dict[str, object] = {
        "id": member.user_id,
        "username": member.username,
        "avatar": None,
        "discriminator": "1234" if member.is_bot else "0",
        "public_flags": 0,
        "flags": 0,
        "global_name": member.global_name,
        "primary_guild": None,
    }
    return user | {"bot": True} if member.is_bot else user


def member_object(member: WorldMember) -> dict[str, object]:
    return {
        "avatar": None,
        "banner": None,
        "communication_disabled_until": None,
        "flags": 0,
        "joined_at": created_at(member.user_id),
        "nick": member.nick,
        "pending": False,
        "premium_since": None,
        "roles": list(member.role_ids),
        "user": user_object(member),
        "mute": False,
        "deaf": False,
    }


def role_object(role: WorldRole) -> dict[str, object]:
    return {
        "id": role.role_id,
        "name": role.name,
        "permissions": str(role.permissions),
        "position": role.position,
        "color": 0,
        "colors": {"primary_color": 0, "secondary_color": None, "tertiary_color": None},
        "hoist": False,
        "managed": role.managed,
        "mentionable": False,
        "icon": None,
        "unicode_emoji": None,
        "flags": 0,
    } | ({"tags": dict(role.tags)} if role.tags else {})


def guild_object(world: GuildWorld, *, with_counts: bool) -> dict[str, object]:
    """Write the server, as `GET /guilds/{guild}` shows it to its bot."""
    absent: dict[str, object] = dict.fromkeys(_ABSENT)
    zero = dict.fromkeys(_ZERO, 0)
    counts = {"approximate_member_count": len(world.members), "approximate_presence_count": 1} if with_counts else {}
    return {
        **absent,
        **zero,
        **counts,
        "id": world.discord_guild_id,
        "name": world.discord_name,
        "owner_id": min(world.members, key=lambda member: int(member.user_id)).user_id if world.members else "1",
        "region": "deprecated",
        "afk_timeout": 300,
        "features": [],
        "roles": [role_object(role) for role in world.roles],
        "emojis": [],
        "stickers": [],
        "max_members": 500_000,
        "max_video_channel_users": 25,
        "preferred_locale": "en-US",
        "widget_enabled": False,
        "premium_progress_bar_enabled": False,
        "nsfw": False,
    }


def my_guild_object(server_id: str, name: str, permissions: int) -> dict[str, object]:
    return {
        "id": server_id,
        "name": name,
        "icon": None,
        "banner": None,
        "owner": False,
        "permissions": str(permissions),
        "features": [],
    }


def channel_object(channel: WorldChannel, guild_id: str) -> dict[str, object]:
    overwrites = [
        {"id": each.subject_id, "type": int(each.is_for_member), "allow": str(each.allow), "deny": str(each.deny)}
        for each in channel.overwrites
    ]
    return {
        "id": channel.channel_id,
        "type": channel.kind,
        "flags": 0,
        "guild_id": guild_id,
        "name": channel.name,
        "position": channel.position,
        "parent_id": None,
        "permission_overwrites": overwrites,
    }


def me_object(user: WorldMember) -> dict[str, object]:
    """Write a user, or the bot, as it sees itself."""
    return user_object(user) | {"mfa_enabled": True, "locale": "en-US"}


def application_object(world: GuildWorld, *, members_intent: bool) -> dict[str, object]:
    """Write the application that the bot belongs to."""
    flags = GUILD_MEMBERS_INTENT if members_intent else 0
    return {
        "id": world.bot.user_id,
        "name": "PATT",
        "icon": None,
        "description": "",
        "type": None,
        "bot": user_object(world.bot),
        "bot_public": False,
        "bot_require_code_grant": False,
        "verify_key": "0" * 64,
        "flags": flags,
        "flags_new": str(flags),
        "redirect_uris": [],
        "interactions_endpoint_url": None,
        "role_connections_verification_url": None,
        "owner": user_object(world.bot),
        "approximate_guild_count": 1,
        "approximate_user_install_count": 0,
        "approximate_user_authorization_count": 0,
        "explicit_content_filter": 0,
        "team": None,
        "eligible_oauth2_scopes": [],
    }


def message_object(world: GuildWorld, message: WorldMessage) -> dict[str, object]:
    """Write a posted message."""
    payload = message.payload
    nonce = {} if message.nonce is None else {"nonce": message.nonce}
    return {
        **nonce,
        "type": 0,
        "content": payload.get("content") or "",
        "mentions": [],
        "mention_roles": [],
        "attachments": [],
        "embeds": [{"type": "rich"} | embed for embed in embeds(payload)],
        "timestamp": created_at(message.message_id),
        "edited_timestamp": None,
        "flags": 0,
        "components": [],
        "id": message.message_id,
        "channel_id": message.channel_id,
        "author": user_object(world.bot),
        "pinned": False,
        "mention_everyone": mentions_everyone(payload),
        "tts": False,
    }


def embeds(payload: Mapping[str, object]) -> list[dict[str, object]]:
    found = payload.get("embeds")
    return [embed for embed in found if isinstance(embed, dict)] if isinstance(found, list) else []


def mentions_everyone(payload: Mapping[str, object]) -> bool:
    """Say whether a message alarms the whole server: Discord lets it unless `allowed_mentions` says otherwise."""
    allowed = payload.get("allowed_mentions")
    forbidden = isinstance(allowed, dict) and "everyone" not in (allowed.get("parse") or ())
    return not forbidden and "@everyone" in str(payload.get("content") or "")


def created_at(snowflake: str) -> str:
    """Read the moment of creation out of an id (Discord documentation, "Snowflakes")."""
    milliseconds = (int(snowflake) >> 22) + DISCORD_EPOCH_MS
    return datetime.fromtimestamp(milliseconds / 1000, UTC).isoformat()
