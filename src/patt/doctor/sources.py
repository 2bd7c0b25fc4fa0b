"""The checks that send requests to Battle.net and Discord."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlencode

from patt.doctor.checks import Check, Fault, check, failed, fetched, not_checked
from patt.doctor.guild import GuildFacts
from sv_common.guild_sync.core.language import mark, tr, tr_n
from sv_common.guild_sync.roster.ranks import Rank
from sv_common.guild_sync.sources.battlenet.client import BattleNetClient
from sv_common.guild_sync.sources.discord.client import DiscordClient
from sv_common.guild_sync.sources.discord.permissions import BotApplication, Permission, RoleAuthority, find_obstacles

ROSTER = mark("roster")
CREDENTIALS, TOKEN, INTENT = mark("battlenet credentials"), mark("discord token"), mark("discord members intent")
SERVER, PERMISSION, ROLES, CHANNEL = (
    mark("discord server"),
    mark("manage roles"),
    mark("rank roles"),
    mark("audit channel"),
)

AUTHORIZE_URL = "https://discord.com/oauth2/authorize"
"""Where Discord asks which server a bot may join (Discord documentation, "Bot Authorization Flow")."""

PERMISSIONS = Permission.VIEW_CHANNEL | Permission.SEND_MESSAGES | Permission.EMBED_LINKS | Permission.MANAGE_ROLES
"""View, write and embed for the summaries; Manage Roles for giving a rank's role and taking it."""


def invitation_link(application_id: str, server_id: str | None = None) -> str:
    """Return the link that invites the bot, with the permissions that it needs and no others; Discord offers the server first."""
    query = {"client_id": application_id, "scope": "bot", "permissions": str(int(PERMISSIONS))}
    if server_id is not None:
        query["guild_id"] = server_id
    return f"{AUTHORIZE_URL}?{urlencode(query)}"


async def check_battlenet(client: BattleNetClient | None, guilds: Sequence[GuildFacts]) -> list[Check]:
    """Check the credentials, and that each guild's roster can be read at its stored address."""
    credentials = await _check_credentials(client)
    if client is None or not credentials.ok:
        return [credentials, *not_checked([facts.name(ROSTER) for facts in guilds], CREDENTIALS)]
    return [credentials, *[await _check_roster(client, facts) for facts in guilds]]


async def check_discord(client: DiscordClient | None, guilds: Sequence[GuildFacts]) -> list[Check]:
    """Check the token and the intent, and of each guild its server, the bot's rights there, and the audit channel."""
    if client is None:
        no_token = failed(
            TOKEN, tr("No Discord bot token is set."), tr("Set PATT_DISCORD_BOT_TOKEN, or run: patt init")
        )
        return [no_token, *_unchecked_on_discord(guilds)]
    application = await fetched(TOKEN, client.fetch_application(), tr("Set a new token with: patt init"))
    if isinstance(application, Check):
        return [application, *_unchecked_on_discord(guilds)]
    bot_page = f"https://discord.com/developers/applications/{application.application_id}/bot"
    no_intent = (
        tr("The bot may not read the member list: its Server Members Intent is off."),
        tr("Switch it on at {address} and save.", address=bot_page),
    )
    checks = [
        check(TOKEN, tr("Discord knows the bot as “{name}”.", name=application.name)),
        check(INTENT, tr("The bot may read the member list."), None if application.sees_members else no_intent),
    ]
    for facts in guilds:
        checks += await _check_server(client, application, facts)
    return checks


async def _check_credentials(client: BattleNetClient | None) -> Check:
    if client is None:
        message = tr("The client id or the client secret of Battle.net is not set.")
        remedy = tr("Set PATT_BLIZZARD_CLIENT_ID and PATT_BLIZZARD_CLIENT_SECRET, or run: patt init")
        return failed(CREDENTIALS, message, remedy)
    refused = await fetched(CREDENTIALS, client.check_credentials(), tr("Set new ones with: patt init"))
    return refused or check(CREDENTIALS, tr("Battle.net accepts the client id and the client secret."))


async def _check_roster(client: BattleNetClient, facts: GuildFacts) -> Check:
    name, guild = facts.name(ROSTER), facts.guild
    remedy = tr("If the guild has another name or realm now: patt init --guild NAME --realm REALM --moved")
    roster = await fetched(name, client.fetch_members(guild.address), remedy)
    if isinstance(roster, Check):
        return roster
    listed = tr_n(
        "Battle.net lists {n} character of {guild}.",
        "Battle.net lists {n} characters of {guild}.",
        len(roster.members),
        guild=roster.name or guild.name,
    )
    return check(name, listed)


def _unchecked_on_discord(guilds: Sequence[GuildFacts]) -> list[Check]:
    per_guild = [facts.name(what) for facts in guilds for what in (SERVER, PERMISSION, ROLES, CHANNEL)]
    return not_checked([INTENT, *per_guild], TOKEN)


async def _check_server(client: DiscordClient, application: BotApplication, facts: GuildFacts) -> list[Check]:
    name, server_id = facts.name(SERVER), facts.guild.discord_guild_id
    rest = [facts.name(what) for what in (PERMISSION, ROLES, CHANNEL)]
    if server_id is None:
        return [failed(name, tr("The guild has no Discord server set."), "patt init"), *not_checked(rest, name)]
    invitation = invitation_link(application.application_id, server_id)
    authority = await fetched(name, client.fetch_authority(server_id), tr("Invite the bot: {link}", link=invitation))
    if isinstance(authority, Check):
        return [authority, *not_checked(rest, name)]
    no_permission = (
        tr("The bot lacks the permission Manage Roles, so no fix can give or take a role."),
        tr(
            "Switch Manage Roles on for the bot's role in Server Settings → Roles, or open: {link}",
            link=invitation,
        ),
    )
    return [
        check(name, tr("The bot is on the Discord server {server}.", server=server_id)),
        check(
            facts.name(PERMISSION),
            tr("The bot may manage roles."),
            None if authority.may_manage_roles else no_permission,
        ),
        check(
            facts.name(ROLES),
            tr("The bot can give and take every role that a rank maps to and that fixes may touch."),
            _fault_of_roles(authority, facts.ranks),
        ),
        await _check_channel(client, server_id, facts),
    ]


def _fault_of_roles(authority: RoleAuthority, table: Sequence[Rank]) -> Fault | None:
    mapped = [rank for rank in table if rank.discord_role_id is not None and _is_looked_at(authority, rank)]
    obstacles = find_obstacles(authority, {rank.discord_role_id or "": rank.discord_role_name or "" for rank in mapped})
    if not obstacles:
        return None
    return " ".join(each.cause for each in obstacles), " ".join(each.remedy for each in obstacles)


def _is_looked_at(authority: RoleAuthority, rank: Rank) -> bool:
    """Whether a mapped rank's role counts: one that is gone always does, others if fixes may touch them at all."""
    return rank.discord_role_id not in authority.roles or (rank.is_role_managed and authority.may_manage_roles)


async def _check_channel(client: DiscordClient, server_id: str, facts: GuildFacts) -> Check:
    name, channel_id = facts.name(CHANNEL), facts.guild.audit_channel_id
    if channel_id is None:
        return failed(name, tr("No channel is set, so officers get no summaries."), "patt init")
    channels = await fetched(name, client.fetch_text_channels(server_id), tr("Try again later: patt doctor"))
    if isinstance(channels, Check):
        return channels
    found = next((each for each in channels if each.channel_id == channel_id), None)
    if found is None:
        message = tr("The Discord server has no text channel {channel}.", channel=channel_id)
        return failed(name, message, tr("Choose another one: patt init --audit-channel NAME"))
    may_not_post = (
        tr("In #{channel} the bot lacks: {permissions}.", channel=found.name, permissions=", ".join(found.missing)),
        tr("Allow it for the bot's role in the settings of #{channel}, under Permissions.", channel=found.name),
    )
    return check(
        name, tr("The bot may post in #{channel}.", channel=found.name), may_not_post if found.missing else None
    )
