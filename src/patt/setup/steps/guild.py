"""The steps that connect Battle.net and Discord, and choose the guild, its server and its channel."""

from __future__ import annotations

from collections.abc import Sequence

from patt.doctor.sources import invitation_link
from patt.setup.finding import REGIONS, FoundGuild, find_guild, read_region
from patt.setup.session import Choice, Question, SetupSession
from sv_common.guild_sync.core.errors import BadInput, Refused, SourceDenied
from sv_common.guild_sync.core.language import tr, tr_n
from sv_common.guild_sync.core.names import name_key
from sv_common.guild_sync.roster import guilds
from sv_common.guild_sync.roster.guilds import Guild
from sv_common.guild_sync.sources.battlenet.client import BattleNetClient, GuildNotFoundError
from sv_common.guild_sync.sources.discord.permissions import DiscordServer, TextChannel
from sv_common.guild_sync.sources.discord.wire import INTENT_REMEDY

_CLIENT_ID, _CLIENT_SECRET, _TOKEN = "battlenet-client-id", "battlenet-client-secret", "discord-bot-token"
_REGION, _REALM, _GUILD = "region", "realm", "guild"
_MOVED = "moved"
_SERVER, _CHANNEL = "discord-server", "audit-channel"


async def battle_net(session: SetupSession) -> None:
    """Get credentials that Battle.net accepts. Raises SourceError and `StepSkipped`."""
    dialogue, settings = session.dialogue, session.settings
    is_set = bool(settings.blizzard_client_id and settings.blizzard_client_secret)
    if is_set and not dialogue.is_asked_anew(_CLIENT_ID, _CLIENT_SECRET):
        try:
            await session.require_battle_net().check_credentials()
        except SourceDenied as error:
            if not dialogue.is_interactive:
                raise
            dialogue.complain(error)
        else:
            dialogue.say(tr("Battle.net accepts the client id and the client secret that are set."))
            return
    dialogue.say(
        tr(
            "Create a client at https://develop.battle.net (API Access → Create Client; any name will do), and copy its "
            "client id and client secret."
        )
    )
    client_id, secret = dialogue.prompt_all(
        Question(_CLIENT_ID, tr("Client id")), Question(_CLIENT_SECRET, tr("Client secret"), is_secret=True)
    )
    values = {"blizzard_client_id": client_id, "blizzard_client_secret": secret}
    await session.trying(values).require_battle_net().check_credentials()
    session.keep(values)
    dialogue.say(tr("Battle.net accepts them. They are stored in the file .env."))


async def discord_bot(session: SetupSession) -> None:
    """Get the token of a bot that may read the member list. Raises SourceError and `StepSkipped`."""
    dialogue = session.dialogue
    if session.settings.discord_bot_token and not dialogue.is_asked_anew(_TOKEN):
        try:
            application = await session.require_discord().fetch_application()
        except SourceDenied as error:
            if not dialogue.is_interactive:
                raise
            dialogue.complain(error)
        else:
            dialogue.say(tr("Discord knows the bot as “{name}”.", name=application.name))
            _refuse_without_intent(sees_members=application.sees_members)
            return
    dialogue.say(
        tr(
            "Create an application at https://discord.com/developers/applications. On its Bot page, switch on the Server "
            "Members Intent, save, and copy the token that Reset Token shows."
        )
    )
    values = {"discord_bot_token": dialogue.prompt(_TOKEN, tr("Token of the bot"), is_secret=True)}
    application = await session.trying(values).require_discord().fetch_application()
    session.keep(values)
    dialogue.say(
        tr(
            "Discord knows the bot as “{name}”. Its token is stored in the file .env.",
            name=application.name,
        )
    )
    _refuse_without_intent(sees_members=application.sees_members)


async def which_guild(session: SetupSession) -> None:
    """Choose a guild of this installation, or find one and add it. Raises `NotFound`, SourceError, `StepSkipped`."""
    dialogue, name = session.dialogue, session.dialogue.given(_GUILD)
    async with session.pool.installation() as conn:
        known = await guilds.all_guilds(conn)
    if session.guild_id is not None:
        known = [each for each in known if each.id == session.guild_id]
    elif name is not None:
        known = [each for each in known if name == str(each.id) or name_key(name) == name_key(each.name)]
    if not known or dialogue.is_asked_anew(_REALM):
        await _add_guild(session)
        return
    guild = known[0]
    if len(known) > 1:
        choices = [Choice(str(each.id), f"{each.name}, {each.realm_slug} ({each.region})") for each in known]
        number = dialogue.choose(_GUILD, tr("Which guild"), choices)
        guild = next(each for each in known if str(each.id) == number)
    session.guild_id = guild.id
    dialogue.say(
        tr(
            "Guild {number} is {name}, {realm} ({region}).",
            number=guild.id,
            name=guild.name,
            realm=guild.realm_slug,
            region=guild.region,
        )
    )


async def which_server(session: SetupSession) -> None:
    """Choose the guild's Discord server. Raises `Refused` while the bot is not on it, SourceError, `StepSkipped`."""
    guild, discord, dialogue = await session.guild(), session.require_discord(), session.dialogue
    application = await discord.fetch_application()
    wanted = dialogue.given(_SERVER) or (None if dialogue.is_asked_anew(_SERVER) else guild.discord_guild_id)
    server = _chosen_server(session, await discord.fetch_servers(), wanted, application.application_id)
    if server.server_id != guild.discord_guild_id:
        session.before_a_change()
        async with session.pool.installation() as conn:
            await guilds.place_on_discord(conn, guild.id, discord_guild_id=server.server_id)
    dialogue.say(tr("The bot is on the Discord server “{name}”.", name=server.name))
    if not (await discord.fetch_authority(server.server_id)).may_manage_roles:
        dialogue.warn(
            tr(
                "The bot lacks the permission Manage Roles, so no fix can give or take a role. Switch it on for the bot's role in "
                "Server Settings → Roles, or open the link again: {link}",
                link=invitation_link(application.application_id, server.server_id),
            )
        )


async def which_channel(session: SetupSession) -> None:
    """Choose a channel in which the bot can post. Raises `Refused`, `BadInput`, SourceError, `StepSkipped`."""
    guild, server_id = await session.guild_on_discord()
    dialogue = session.dialogue
    channels = await session.require_discord().fetch_text_channels(server_id)
    current = None if dialogue.is_asked_anew(_CHANNEL) else guild.audit_channel_id
    channel = next((each for each in channels if each.channel_id == current), None)
    if channel is None or channel.missing:
        if channel is not None and not dialogue.is_interactive:
            raise Refused(_channel_sentence(channel))
        wanted = dialogue.choose(_CHANNEL, tr("Channel for summaries, which officers read"), _channel_choices(channels))
        channel = next(each for each in channels if each.channel_id == wanted)
        if channel.missing:
            raise Refused(_channel_sentence(channel))
        session.before_a_change()
        async with session.pool.installation() as conn:
            await guilds.place_on_discord(conn, guild.id, audit_channel_id=channel.channel_id)
    dialogue.say(tr("Summaries are posted in #{channel}.", channel=channel.name))


async def _add_guild(session: SetupSession) -> None:
    dialogue, battle_net = session.dialogue, session.require_battle_net()
    dialogue.say(tr("Retail guilds only: Battle.net's rosters of the Classic games cannot be read yet."))
    region_name, realm, name = dialogue.prompt_all(
        Question(_REGION, tr("Region: us, eu, kr or tw"), "us", choices=[Choice(each, each) for each in REGIONS]),
        Question(_REALM, tr("Realm, in any language")),
        Question(_GUILD, tr("Name of the guild, as the game shows it")),
    )
    region = read_region(region_name)
    with dialogue.working(tr("Fetching the guild from Battle.net")):
        found = await find_guild(battle_net, battle_net, region, realm, name)
    session.guild_id = await _known_or_added(session, battle_net, found)
    dialogue.say(
        tr_n(
            "Guild {number} is {name}, {realm} ({region}), with {n} character.",
            "Guild {number} is {name}, {realm} ({region}), with {n} characters.",
            len(found.members),
            number=session.guild_id,
            name=found.name,
            realm=found.realm,
            region=region,
        )
    )


async def _known_or_added(session: SetupSession, battle_net: BattleNetClient, found: FoundGuild) -> int:
    """Return the number of a guild that was found: known already, known under an old address, or added now."""
    async with session.pool.installation() as conn:
        known = await guilds.all_guilds(conn)
    same = next((each for each in known if each.address == found.address), None)
    if same is not None:
        return same.id
    moved = await _one_that_moved(session, battle_net, [each for each in known if each.region == found.address.region])
    session.before_a_change()
    if moved is not None:
        async with session.pool.writing(moved.id) as guild:
            await guilds.move(guild, found.address, found.name, actor=session.actor)
        return moved.id
    async with session.pool.installation() as conn:
        return await guilds.add(conn, found.address, found.name)


async def _one_that_moved(session: SetupSession, battle_net: BattleNetClient, known: Sequence[Guild]) -> Guild | None:
    """Return the guild that is no longer at its address, if the user says that it is the one that was found."""
    for guild in known:
        try:
            await battle_net.fetch_members(guild.address)
        except GuildNotFoundError:
            question = tr(
                "Battle.net no longer finds {guild} at its old address. Is this the same guild, moved", guild=guild.name
            )
            if session.dialogue.confirm(_MOVED, question, default=session.dialogue.is_interactive):
                return guild
    return None


def _chosen_server(
    session: SetupSession, servers: Sequence[DiscordServer], wanted: str | None, application_id: str
) -> DiscordServer:
    by_id = {server.server_id: server for server in servers}
    if wanted is not None and wanted not in by_id:
        link = invitation_link(application_id, wanted if wanted.isdecimal() else None)
        raise Refused(
            tr(
                "The bot is not on the Discord server {server}. Open this link to invite it, then continue:\n  {link}",
                server=wanted,
                link=link,
            )
        )
    if not servers:
        link = invitation_link(application_id)
        raise Refused(
            tr("The bot is on no Discord server yet. Open this link to invite it, then continue:\n  {link}", link=link)
        )
    if wanted is None and len(servers) > 1:
        choices = [Choice(server.server_id, server.name) for server in servers]
        wanted = session.dialogue.choose(_SERVER, tr("Discord server of the guild"), choices)
    return by_id[wanted] if wanted is not None else servers[0]


def _channel_choices(channels: Sequence[TextChannel]) -> list[Choice]:
    if not channels:
        raise BadInput(tr("The Discord server has no text channel. Create one for the officers."))
    lacks = {
        each.channel_id: " " + tr("(the bot lacks {permissions})", permissions=", ".join(each.missing))
        for each in channels
        if each.missing
    }
    return [Choice(each.channel_id, f"#{each.name}{lacks.get(each.channel_id, '')}", each.name) for each in channels]


def _channel_sentence(channel: TextChannel) -> str:
    return tr(
        "In #{channel} the bot lacks {permissions}. Allow it for the bot's role in the channel's settings, "
        "under Permissions, or choose another channel.",
        channel=channel.name,
        permissions=", ".join(channel.missing),
    )


def _refuse_without_intent(*, sees_members: bool) -> None:
    if not sees_members:
        raise SourceDenied(tr(INTENT_REMEDY))
