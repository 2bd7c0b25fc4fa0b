"""The checks that ask Battle.net and Discord themselves."""

from __future__ import annotations

from collections.abc import Sequence

from patt.setup.check import Check, not_made, well, wrong
from patt.setup.check_guild import GuildFacts
from patt.setup.invitation import invitation_link
from patt.setup.role_order import find_obstacles
from sv_common.guild_sync.clients.battlenet import BattleNetClient
from sv_common.guild_sync.clients.discord import DiscordClient
from sv_common.guild_sync.domain.discord_access import BotApplication, TextChannel
from sv_common.guild_sync.domain.errors import SourceError
from sv_common.guild_sync.domain.role_authority import RoleAuthority
from sv_common.guild_sync.store.ranks import Rank

CREDENTIALS, TOKEN, INTENT = "battlenet credentials", "discord token", "discord members intent"
SERVER, PERMISSION, ROLES, CHANNEL = "discord server", "manage roles", "rank roles", "audit channel"


async def check_battlenet(client: BattleNetClient | None, guilds: Sequence[GuildFacts]) -> list[Check]:
    """Check the credentials, and that each guild's roster can be read at its stored address."""
    checks = [await _check_credentials(client)]
    if client is None or not checks[0].ok:
        return checks + not_made([facts.name("roster") for facts in guilds], CREDENTIALS)
    return checks + [await _check_roster(client, facts) for facts in guilds]


async def check_discord(client: DiscordClient | None, guilds: Sequence[GuildFacts]) -> list[Check]:
    """Check the token and the intent, and of each guild its server, the bot's standing there, and the audit channel."""
    per_guild = [facts.name(what) for facts in guilds for what in (SERVER, PERMISSION, ROLES, CHANNEL)]
    application: BotApplication | None = None
    if client is None:
        token = wrong(TOKEN, "No token of a Discord bot is set.", "Set PATT_DISCORD_BOT_TOKEN, or run: patt init")
    else:
        token, application = await _check_token(client)
    if client is None or application is None:
        return [token, *not_made([INTENT, *per_guild], TOKEN)]
    checks = [token, _check_intent(application)]
    for facts in guilds:
        checks += await _check_server(client, application, facts)
    return checks


async def _check_credentials(client: BattleNetClient | None) -> Check:
    if client is None:
        message = "The client id or the client secret of Battle.net is not set."
        return wrong(
            CREDENTIALS, message, "Set PATT_BLIZZARD_CLIENT_ID and PATT_BLIZZARD_CLIENT_SECRET, or run: patt init"
        )
    try:
        await client.check_credentials()
    except SourceError as error:
        return wrong(CREDENTIALS, str(error), "Give other ones with: patt init")
    return well(CREDENTIALS, "Battle.net accepts the client id and the client secret.")


async def _check_roster(client: BattleNetClient, facts: GuildFacts) -> Check:
    name, guild = facts.name("roster"), facts.guild
    try:
        roster = await client.fetch_members(guild.address)
    except SourceError as error:
        return wrong(
            name,
            str(error),
            "If the guild has another name or realm now: patt init --guild NAME --realm REALM --moved",
        )
    return well(name, f"Battle.net lists {len(roster.members)} characters of {roster.name or guild.name}.")


async def _check_token(client: DiscordClient) -> tuple[Check, BotApplication | None]:
    try:
        application = await client.fetch_application()
    except SourceError as error:
        return wrong(TOKEN, str(error), "Give another token with: patt init"), None
    return well(TOKEN, f"Discord knows the bot as “{application.name}”."), application


def _check_intent(application: BotApplication) -> Check:
    if application.sees_members:
        return well(INTENT, "The bot may read the member list.")
    return wrong(
        INTENT,
        "The bot may not read the member list: its Server Members Intent is off.",
        f"Switch it on at https://discord.com/developers/applications/{application.application_id}/bot and save.",
    )


async def _check_server(client: DiscordClient, application: BotApplication, facts: GuildFacts) -> list[Check]:
    name, server_id = facts.name(SERVER), facts.guild.discord_guild_id
    rest = [facts.name(what) for what in (PERMISSION, ROLES, CHANNEL)]
    if server_id is None:
        return [wrong(name, "The guild has no Discord server set.", "patt init"), *not_made(rest, name)]
    try:
        authority = await client.fetch_authority(server_id)
    except SourceError as error:
        remedy = f"Invite the bot: {invitation_link(application.application_id, server_id)}"
        return [wrong(name, str(error), remedy), *not_made(rest, name)]
    return [
        well(name, f"The bot is on the Discord server {server_id}."),
        _check_permission(authority, application, facts),
        _check_roles(authority, facts),
        await _check_channel(client, server_id, facts),
    ]


def _check_permission(authority: RoleAuthority, application: BotApplication, facts: GuildFacts) -> Check:
    name = facts.name(PERMISSION)
    if authority.may_manage_roles:
        return well(name, "The bot may manage roles.")
    link = invitation_link(application.application_id, authority.guild_id)
    remedy = f"Switch Manage Roles on for the bot's role in Server Settings → Roles, or open: {link}"
    return wrong(name, "The bot lacks the permission Manage Roles, so no fix can give or take a role.", remedy)


def _check_roles(authority: RoleAuthority, facts: GuildFacts) -> Check:
    name = facts.name(ROLES)
    mapped = [rank for rank in facts.ranks if rank.discord_role_id is not None and _is_looked_at(authority, rank)]
    obstacles = find_obstacles(authority, {rank.discord_role_id or "": rank.discord_role_name or "" for rank in mapped})
    if obstacles:
        return wrong(name, " ".join(each.cause for each in obstacles), " ".join(each.remedy for each in obstacles))
    return well(name, "The bot can give and take every role that a rank maps to and that fixes may touch.")


def _is_looked_at(authority: RoleAuthority, rank: Rank) -> bool:
    """Whether a mapped rank's role counts: one that is gone always does, others if fixes may touch them at all."""
    return rank.discord_role_id not in authority.roles or (rank.is_role_managed and authority.may_manage_roles)


async def _check_channel(client: DiscordClient, server_id: str, facts: GuildFacts) -> Check:
    name, channel_id = facts.name(CHANNEL), facts.guild.audit_channel_id
    if channel_id is None:
        return wrong(name, "No channel is set, so officers get no summaries.", "patt init")
    try:
        channels = await client.fetch_text_channels(server_id)
    except SourceError as error:
        return wrong(name, str(error), "Try again later: patt doctor")
    found = next((each for each in channels if each.channel_id == channel_id), None)
    if found is None:
        message = f"The Discord server has no channel {channel_id} that takes messages."
        return wrong(name, message, "Choose another one: patt init --audit-channel NAME")
    return _check_writable(name, found)


def _check_writable(name: str, channel: TextChannel) -> Check:
    if channel.missing:
        remedy = f"Allow it for the bot's role in the settings of #{channel.name}, under Permissions."
        return wrong(name, f"In #{channel.name} the bot lacks: {', '.join(channel.missing)}.", remedy)
    return well(name, f"The bot may post in #{channel.name}.")
