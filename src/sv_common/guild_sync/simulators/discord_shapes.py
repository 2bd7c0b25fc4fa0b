"""Writes Discord's objects with every field that Discord's OpenAPI document (version 10) requires."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from sv_common.guild_sync.simulators.model import WorldChannel, WorldMember, WorldMessage, WorldRole
from sv_common.guild_sync.simulators.world import GuildWorld

DISCORD_EPOCH_MS = 1_420_070_400_000
GUILD_MEMBERS_INTENT = 1 << 15
"""Bit of an application's `flags`: the Server Members Intent is switched on (for an application in few servers)."""


def _each(names: str, value: object) -> dict[str, object]:
    return dict.fromkeys(names.split(), value)


# Fields that Discord requires and this product never reads.
_USER = _each("avatar primary_guild", None) | _each("public_flags flags", 0)
_MEMBER = _each("avatar banner communication_disabled_until premium_since", None) | {"flags": 0}
_MEMBER |= _each("pending mute deaf", False)
_ROLE = _each("icon unicode_emoji", None) | _each("color flags", 0) | _each("hoist mentionable", False)
_ROLE |= {"colors": {"primary_color": 0, "secondary_color": None, "tertiary_color": None}}
_GUILD = (
    _each("icon description home_header splash discovery_splash banner application_id afk_channel_id", None)
    | _each("system_channel_id widget_channel_id max_presences vanity_url_code rules_channel_id", None)
    | _each("safety_alerts_channel_id public_updates_channel_id incidents_data", None)
    | _each("system_channel_flags verification_level default_message_notifications mfa_level premium_tier", 0)
    | _each("explicit_content_filter max_stage_video_channel_users premium_subscription_count nsfw_level", 0)
    | _each("widget_enabled premium_progress_bar_enabled nsfw", False)
    | {"region": "deprecated", "afk_timeout": 300, "max_members": 500_000, "max_video_channel_users": 25}
    | {"features": [], "emojis": [], "stickers": [], "preferred_locale": "en-US"}
)
_APPLICATION = (
    _each("icon type interactions_endpoint_url role_connections_verification_url team", None)
    | _each("approximate_user_install_count approximate_user_authorization_count explicit_content_filter", 0)
    | {"name": "PATT", "description": "", "verify_key": "0" * 64, "bot_public": False, "bot_require_code_grant": False}
    | {"redirect_uris": [], "eligible_oauth2_scopes": [], "approximate_guild_count": 1}
)
_MESSAGE = _each("mentions mention_roles attachments components", ()) | _each("type flags", 0)
_MESSAGE |= {"edited_timestamp": None, "pinned": False, "tts": False}


def user_object(member: WorldMember) -> dict[str, object]:
    names = {"id": member.user_id, "username": member.username, "global_name": member.global_name}
    discriminator = "1234" if member.is_bot else "0"
    return _USER | names | {"discriminator": discriminator} | ({"bot": True} if member.is_bot else {})


def member_object(member: WorldMember) -> dict[str, object]:
    joined_at, roles = created_at(member.user_id), list(member.role_ids)
    return _MEMBER | {"joined_at": joined_at, "nick": member.nick, "roles": roles, "user": user_object(member)}


def role_object(role: WorldRole) -> dict[str, object]:
    own = {"id": role.role_id, "name": role.name, "position": role.position, "managed": role.managed}
    tags = {"tags": dict(role.tags)} if role.tags else {}
    return _ROLE | own | {"permissions": str(role.permissions)} | tags


def guild_object(world: GuildWorld, *, with_counts: bool) -> dict[str, object]:
    """Write the server, as `GET /guilds/{guild}` shows it to its bot."""
    counts = {"approximate_member_count": len(world.members), "approximate_presence_count": 1} if with_counts else {}
    owner = min(world.members, key=lambda member: int(member.user_id)).user_id if world.members else "1"
    own = {"id": world.discord_guild_id, "name": world.discord_name, "owner_id": owner}
    return _GUILD | counts | own | {"roles": [role_object(role) for role in world.roles]}


def my_guild_object(server_id: str, name: str, permissions: int) -> dict[str, object]:
    unread = _each("icon banner", None) | {"owner": False, "features": []}
    return unread | {"id": server_id, "name": name, "permissions": str(permissions)}


def channel_object(channel: WorldChannel, guild_id: str) -> dict[str, object]:
    overwrites = [
        {"id": each.subject_id, "type": int(each.is_for_member), "allow": str(each.allow), "deny": str(each.deny)}
        for each in channel.overwrites
    ]
    own = {"id": channel.channel_id, "type": channel.kind, "name": channel.name, "position": channel.position}
    return own | {"guild_id": guild_id, "permission_overwrites": overwrites, "flags": 0, "parent_id": None}


def me_object(user: WorldMember) -> dict[str, object]:
    """Write a user, or the bot, as it sees itself."""
    return user_object(user) | {"mfa_enabled": True, "locale": "en-US"}


def application_object(world: GuildWorld, *, members_intent: bool) -> dict[str, object]:
    """Write the application that the bot belongs to."""
    flags = GUILD_MEMBERS_INTENT if members_intent else 0
    bot = user_object(world.bot)
    return _APPLICATION | {"id": world.bot.user_id, "bot": bot, "owner": bot, "flags": flags, "flags_new": str(flags)}


def message_object(world: GuildWorld, message: WorldMessage) -> dict[str, object]:
    """Write a posted message."""
    payload = message.payload
    nonce = {} if message.nonce is None else {"nonce": message.nonce}
    own = {
        "id": message.message_id,
        "channel_id": message.channel_id,
        "timestamp": created_at(message.message_id),
        "author": user_object(world.bot),
        "content": payload.get("content") or "",
        "embeds": [{"type": "rich"} | embed for embed in embeds(payload)],
        "mention_everyone": mentions_everyone(payload),
    }
    return _MESSAGE | nonce | own


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
