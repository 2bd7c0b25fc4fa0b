"""The link with which a Discord bot is invited, with the permissions that it needs and no others."""

from __future__ import annotations

from urllib.parse import urlencode

from sv_common.guild_sync.domain.discord_access import Permission

AUTHORIZE_URL = "https://discord.com/oauth2/authorize"
"""Where Discord asks which server a bot may join (Discord documentation, "Bot Authorization Flow")."""

PERMISSIONS = Permission.VIEW_CHANNEL | Permission.SEND_MESSAGES | Permission.EMBED_LINKS | Permission.MANAGE_ROLES
"""View, write and embed for the summaries; Manage Roles for giving a rank's role and taking it."""


def invitation_link(application_id: str, server_id: str | None = None) -> str:
    """Return the link; with a server's id, Discord offers that server first."""
    query = {"client_id": application_id, "scope": "bot", "permissions": str(int(PERMISSIONS))}
    if server_id is not None:
        query["guild_id"] = server_id
    return f"{AUTHORIZE_URL}?{urlencode(query)}"
