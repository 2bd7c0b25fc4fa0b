"""The one place where real things are chosen: the database, the clients of Battle.net and Discord."""

from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator, Callable, Coroutine
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import httpx2

from patt.config import Settings, load_settings
from patt.database import check_schema, database_url
from patt.tasks import Queue, open_queue
from sv_common.db.patience import COMMANDS, JOBS, Patience
from sv_common.db.pool import Pool, make_pool
from sv_common.guild_sync.core.errors import ConfigurationError
from sv_common.guild_sync.sources.battlenet.client import BattleNetClient
from sv_common.guild_sync.sources.discord.client import DiscordClient
from sv_common.guild_sync.sources.discord.login import DiscordLogin
from sv_common.guild_sync.sources.http import USUAL_RETRIES, RetryPolicy, http_client
from sv_common.guild_sync.sources.ports import Sources

DISCORD_CALLBACK = "/login/discord/callback"
"""The page to which Discord sends people back; its whole address is registered there."""

_Result = TypeVar("_Result")


@dataclass(frozen=True, slots=True)
class Services:
    """What the web and the command line work with."""

    settings: Settings
    pool: Pool
    sources: Sources
    queue: Queue | None = None


@contextlib.asynccontextmanager
async def open_services(
    settings: Settings, url: str | None = None, *, patience: Patience = COMMANDS
) -> AsyncIterator[Services]:
    """Open the database (by default the configured one) and the clients of the sources that are set up.

    The patience is that of all work on these services' pool, by default that of the command line.

    Raises `ConfigurationError` when the database does not answer, or has another schema than this version needs.
    """
    url = url or database_url(settings)
    check_schema(url)
    async with make_pool(url, patience=patience) as pool, http_client() as http, open_queue(url) as queue:
        await pool.wait()
        yield Services(settings, pool, sources(settings, http), queue)


@contextlib.asynccontextmanager
async def for_jobs(services: Services) -> AsyncIterator[Services]:
    """Give the same services with a pool of their own, for a worker beside the web: its jobs wait longer, and hold up no page."""
    async with make_pool(str(services.pool.conninfo), patience=JOBS) as pool:
        yield replace(services, pool=pool)


def sources(settings: Settings, http: httpx2.AsyncClient) -> Sources:
    """Return clients for the sources whose credentials are set."""
    battle_net, discord = battlenet_client(settings, http), discord_client(settings, http)
    return Sources(battle_net, discord, discord, profiles=battle_net, realms=battle_net)


def battlenet_client(
    settings: Settings, http: httpx2.AsyncClient, retries: RetryPolicy = USUAL_RETRIES
) -> BattleNetClient | None:
    """Return a client of Battle.net; None without credentials."""
    if not settings.blizzard_client_id or not settings.blizzard_client_secret:
        return None
    return BattleNetClient(
        http,
        client_id=settings.blizzard_client_id,
        client_secret=settings.blizzard_client_secret.get_secret_value(),
        token_url=settings.blizzard_token_url,
        api_url=settings.blizzard_api_url,
        retries=retries,
    )


def discord_client(
    settings: Settings, http: httpx2.AsyncClient, retries: RetryPolicy = USUAL_RETRIES
) -> DiscordClient | None:
    """Return a client of Discord; None without a token."""
    if not settings.discord_bot_token:
        return None
    return DiscordClient(
        http,
        token=_newest_discord_token(settings.discord_bot_token.get_secret_value()),
        api_url=settings.discord_api_url,
        contact_url=settings.base_url,
        retries=retries,
    )


def _newest_discord_token(token: str) -> Callable[[], str]:
    """Return what reads the bot's token, so that one that was rejected can be replaced in `.env` without a restart.

    Only a token that the environment gave is read from there again.
    """

    def given() -> str | None:
        try:
            found = load_settings().discord_bot_token
        except ConfigurationError:  # somebody is at it; the rejected token stays rejected
            return None
        return found.get_secret_value() if found else None

    is_from_environment = given() == token
    return lambda: (given() or token) if is_from_environment else token


def discord_login(settings: Settings) -> DiscordLogin | None:
    """Return the application with which people sign in through Discord; None where none is set up."""
    if not settings.discord_client_id or not settings.discord_client_secret:
        return None
    return DiscordLogin(
        client_id=settings.discord_client_id,
        client_secret=settings.discord_client_secret.get_secret_value(),
        authorize_url=settings.discord_authorize_url,
        api_url=settings.discord_api_url,
        redirect_url=settings.own_page(DISCORD_CALLBACK),
    )


def run(work: Coroutine[Any, Any, _Result]) -> _Result:
    """Run asynchronous work to its end, on the event loop that psycopg needs on each system."""
    factory = asyncio.SelectorEventLoop if sys.platform == "win32" else None
    with asyncio.Runner(loop_factory=factory) as runner:
        return runner.run(work)
