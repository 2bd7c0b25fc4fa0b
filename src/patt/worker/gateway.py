"""Discord's gateway: hears within seconds that somebody joined, left or changed roles, and asks for a Discord sync.

What has changed is not taken from the event. The sync reads it, as it does every 15 minutes, so nothing depends on whether
an event arrives. One process of an installation listens; another takes over when it ends.
"""

from __future__ import annotations

import asyncio
import json

import discord
import structlog
import yarl
from discord.gateway import DiscordWebSocket
from discord.http import Route

from patt.bootstrap import Services
from patt.tasks import Queue, Task
from sv_common.db.pool import Pool
from sv_common.guild_sync.core.errors import ConfigurationError
from sv_common.guild_sync.roster import guilds

log = structlog.get_logger(__name__)

NEWS = frozenset(
    {
        *("GUILD_CREATE", "GUILD_MEMBER_ADD", "GUILD_MEMBER_REMOVE", "GUILD_MEMBER_UPDATE"),
        *("GUILD_ROLE_CREATE", "GUILD_ROLE_UPDATE", "GUILD_ROLE_DELETE"),
    }
)
"""Events after which a server's members or roles are read again (Discord documentation, "Gateway Events")."""

SETTLE_S = 2.0
"""How long events are gathered before a sync is asked for: one change often comes as several."""

PAUSE_S = 10.0
"""How long after that the next sync is asked for at the earliest, however much goes on."""

_LISTENER_LOCK = 7285


class NewsDesk:
    """Gathers the servers of which there are news, and asks for their syncs calmly."""

    def __init__(self, pool: Pool, queue: Queue, *, settle_s: float = SETTLE_S, pause_s: float = PAUSE_S) -> None:
        self._pool = pool
        self._queue = queue
        self._settle_s = settle_s
        self._pause_s = pause_s
        self._servers: set[str] = set()
        self._has_news = asyncio.Event()

    def hear(self, discord_guild_id: str) -> None:
        """Take up that something has changed on a server."""
        self._servers.add(discord_guild_id)
        self._has_news.set()

    async def work(self) -> None:
        """Ask for the syncs of servers with news, for ever."""
        while True:
            await self._has_news.wait()
            await asyncio.sleep(self._settle_s)
            self._has_news.clear()
            servers, self._servers = self._servers, set()
            async with self._pool.connection() as conn:
                concerned = [guild.id for guild in await guilds.all_guilds(conn) if guild.discord_guild_id in servers]
            for guild_id in concerned:
                await self._queue.ask_for(Task.DISCORD, guild_id)
            await asyncio.sleep(self._pause_s)


class GatewayClient(discord.Client):
    """A connection that keeps nothing: each event goes to the desk, by the id of its server."""

    def __init__(self, desk: NewsDesk) -> None:
        super().__init__(
            intents=discord.Intents(guilds=True, members=True),
            member_cache_flags=discord.MemberCacheFlags.none(),
            chunk_guilds_at_startup=False,
            max_messages=None,
            enable_debug_events=True,  # the raw events are wanted: without a cache, the library drops updates of members
        )
        self._desk = desk

    async def on_socket_raw_receive(self, message: str | bytes) -> None:
        """Hear one message of the gateway; the library has checked and unpacked it."""
        event = json.loads(message)
        if event.get("t") in NEWS:
            self._desk.hear(str(event["d"]["id"] if event["t"] == "GUILD_CREATE" else event["d"]["guild_id"]))


async def listen(services: Services, *, desk: NewsDesk | None = None) -> None:
    """Listen until cancelled; a lost connection is taken up again.

    Raises `ConfigurationError` when the bot has no token, when Discord rejects it, or when the bot may not hear of members.
    """
    settings = services.settings
    if settings.discord_bot_token is None or services.queue is None:
        raise ConfigurationError("Discord is not set up: set PATT_DISCORD_BOT_TOKEN.")
    Route.BASE = settings.discord_api_url
    DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(settings.discord_gateway_url)
    desk = desk or NewsDesk(services.pool, services.queue)
    async with services.pool.locks.connection() as conn:
        await conn.execute("select pg_advisory_lock(%s, 0)", [_LISTENER_LOCK])
        await _listen(desk, settings.discord_bot_token.get_secret_value().strip())


async def _listen(desk: NewsDesk, token: str) -> None:
    asking = asyncio.create_task(desk.work())
    client = GatewayClient(desk)
    try:
        async with client:
            await client.start(token)
    except discord.LoginFailure as error:
        raise ConfigurationError(
            "Discord rejected the bot's token. Copy a new one into PATT_DISCORD_BOT_TOKEN."
        ) from error
    except discord.PrivilegedIntentsRequired as error:
        raise ConfigurationError(
            "The bot may not hear of members. Switch on the Server Members Intent in the Developer Portal "
            "(discord.com/developers → the application → Bot), then start again."
        ) from error
    finally:
        asking.cancel()
