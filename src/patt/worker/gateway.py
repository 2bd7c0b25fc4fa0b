"""Discord's gateway: when members or roles change, a Discord sync is enqueued within seconds.

The event itself is not used. The sync reads what has changed, as it does every 15 minutes, so nothing depends on whether an
event arrives. One process of an installation listens; another takes over when it ends.
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
from patt.queue.tasks import Queue, Task
from sv_common.db.pool import Pool, hold_lock
from sv_common.guild_sync.core.errors import ConfigurationError
from sv_common.guild_sync.core.language import tr
from sv_common.guild_sync.roster import guilds

log = structlog.get_logger(__name__)

CHANGES = frozenset(
    {
        *("GUILD_CREATE", "GUILD_MEMBER_ADD", "GUILD_MEMBER_REMOVE", "GUILD_MEMBER_UPDATE"),
        *("GUILD_ROLE_CREATE", "GUILD_ROLE_UPDATE", "GUILD_ROLE_DELETE"),
    }
)
"""Events after which a server's members or roles are read again (Discord documentation, "Gateway Events")."""

SETTLE_S = 2.0
"""How long events are gathered before a sync is enqueued: one change often comes as several."""

PAUSE_S = 10.0
"""The shortest time from one sync to the next."""

_LISTENER_LOCK = 7285


class ChangedServers:
    """Gathers the servers with changes, and enqueues their syncs at a steady pace."""

    def __init__(self, pool: Pool, queue: Queue, *, settle_s: float = SETTLE_S, pause_s: float = PAUSE_S) -> None:
        self._pool = pool
        self._queue = queue
        self._settle_s = settle_s
        self._pause_s = pause_s
        self._servers: set[str] = set()
        self._has_changes = asyncio.Event()

    def add(self, discord_guild_id: str) -> None:
        """Note that something has changed on a server; never waits."""
        self._servers.add(discord_guild_id)
        self._has_changes.set()

    async def enqueue_syncs(self) -> None:
        """Enqueue the syncs of changed servers, until cancelled."""
        while True:
            await self._has_changes.wait()
            await asyncio.sleep(self._settle_s)
            self._has_changes.clear()
            servers, self._servers = self._servers, set()
            async with self._pool.installation() as conn:
                changed = await guilds.of_servers(conn, servers)
            for guild_id in changed:
                await self._queue.enqueue(Task.DISCORD, guild_id)
            await asyncio.sleep(self._pause_s)


class GatewayClient(discord.Client):
    """A connection that keeps nothing but the ids of servers with changes."""

    def __init__(self, changes: ChangedServers) -> None:
        super().__init__(
            intents=discord.Intents(guilds=True, members=True),
            member_cache_flags=discord.MemberCacheFlags.none(),
            chunk_guilds_at_startup=False,
            max_messages=None,
            enable_debug_events=True,  # the raw events are wanted: without a cache, the library drops updates of members
        )
        self._changes = changes

    async def on_socket_raw_receive(self, message: str | bytes) -> None:
        """Read one message of the gateway; the library has checked and unpacked it."""
        event = json.loads(message)
        if event.get("t") in CHANGES:
            self._changes.add(str(event["d"]["id"] if event["t"] == "GUILD_CREATE" else event["d"]["guild_id"]))


async def listen(services: Services, *, changes: ChangedServers | None = None) -> None:
    """Listen until cancelled; a lost connection is opened again.

    Raises `ConfigurationError` when the bot has no token, when Discord rejects it, or without the intent for members.
    """
    settings = services.settings
    if settings.discord_bot_token is None or services.queue is None:
        raise ConfigurationError(tr("Discord is not set up: set PATT_DISCORD_BOT_TOKEN."))
    Route.BASE = settings.discord_api_url
    DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(settings.discord_gateway_url)
    changes = changes or ChangedServers(services.pool, services.queue)
    async with services.pool.locks.connection() as conn:
        await hold_lock(conn, _LISTENER_LOCK, 0)
        await _listen(changes, settings.discord_bot_token.get_secret_value().strip())


async def _listen(changes: ChangedServers, token: str) -> None:
    enqueueing = asyncio.create_task(changes.enqueue_syncs())
    client = GatewayClient(changes)
    try:
        async with client:
            await client.start(token)
    except discord.LoginFailure as error:
        raise ConfigurationError(
            tr("Discord rejected the bot's token. Copy a new one into PATT_DISCORD_BOT_TOKEN.")
        ) from error
    except discord.PrivilegedIntentsRequired as error:
        raise ConfigurationError(
            tr(
                "The bot may not read about members. Switch on the Server Members Intent in the Developer Portal "
                "(discord.com/developers → the application → Bot), then start again."
            )
        ) from error
    finally:
        enqueueing.cancel()
