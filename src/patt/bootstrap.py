"""The real parts: the database with the right schema, and the clients of Battle.net and Discord."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import sys
from collections.abc import AsyncIterator, Callable, Coroutine
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

import httpx2
import psycopg
from psycopg.conninfo import conninfo_to_dict

from patt import backups
from patt.auth.installation_secret import installation_secret
from patt.config import Settings, load_settings
from patt.queue.tasks import Queue, open_queue
from patt.upgrading import fault_of, reason_of_database, upgrade
from sv_common.db import embedded, migrate
from sv_common.db.patience import COMMANDS, JOBS, Patience
from sv_common.db.pool import Pool, make_pool
from sv_common.guild_sync.core.errors import BadInput, ConfigurationError
from sv_common.guild_sync.core.keyed_hash import InstallationSecret
from sv_common.guild_sync.core.language import tr
from sv_common.guild_sync.core.plain_text import shown
from sv_common.guild_sync.sources.battlenet.api import SHARED_LIMITS as BATTLE_NET_LIMITS
from sv_common.guild_sync.sources.battlenet.client import BattleNetClient
from sv_common.guild_sync.sources.battlenet.sign_in import BattleNetLogin
from sv_common.guild_sync.sources.discord.client import DiscordClient
from sv_common.guild_sync.sources.discord.login import DiscordLogin
from sv_common.guild_sync.sources.discord.rate_limits import SHARED_LIMITS as DISCORD_LIMITS
from sv_common.guild_sync.sources.http import USUAL_RETRIES, RetryPolicy, http_client
from sv_common.guild_sync.sources.permits import NoPermits, SharedPermits
from sv_common.guild_sync.sources.ports import AccountSource, Sources

DATABASE_NAME = "patt"
_HIGHEST_PORT = 65_535
DISCORD_CALLBACK = "/login/discord/callback"
"""The page to which Discord redirects after sign-in; its whole address is registered there."""

BATTLE_NET_CALLBACK = "/claim/battlenet/callback"
"""The page to which Battle.net redirects after sign-in; its whole address is registered there."""

_Result = TypeVar("_Result")


class EmbeddedDatabaseError(ConfigurationError):
    """The embedded database does not start. `fault` says why; the message also says what to run."""

    def __init__(self, fault: str) -> None:
        super().__init__(fault + " " + tr("Run: patt doctor"))
        self.fault = fault


def database_url(settings: Settings) -> str:
    """Return the URL of the database, the embedded one if none is configured. Raises `EmbeddedDatabaseError` if that does not start."""
    if settings.database_url is not None:
        return settings.database_url.replace("postgres://", "postgresql://", 1)
    try:
        server = embedded.start(settings.data_dir / "postgres")
        return embedded.ensure_database(server, DATABASE_NAME)
    except Exception as error:
        raise EmbeddedDatabaseError(
            tr(
                "The embedded database in PATT_DATA_DIR ({folder}) does not start: {error}.",
                folder=settings.data_dir,
                error=error,
            )
        ) from error


def revision_of(url: str) -> str | None:
    """Return the schema's revision, None without one.

    Raises `ConfigurationError` for a database that is away or cannot be used, and for its address.
    """
    try:
        _check_ports(url)
        return migrate.current_revision(url)
    except psycopg.OperationalError as error:
        raise ConfigurationError(
            tr("The database does not answer: {reason}.", reason=reason_of_database(error))
        ) from error
    except (psycopg.Error, ValueError) as error:
        raise ConfigurationError(
            tr(
                "PATT_DATABASE_URL cannot be used: it must be an address of PostgreSQL, such as "
                "postgresql://name:password@host/database ({error}).",
                error=type(error).__name__,
            )
        ) from error


def _check_ports(url: str) -> None:
    """Raise `ConfigurationError` for a port that is none, of which the driver would say that nothing answers there."""
    for port in str(conninfo_to_dict(url).get("port") or "").split(","):
        if port and not (port.isascii() and port.isdigit() and 0 < int(port) <= _HIGHEST_PORT):
            raise ConfigurationError(
                tr(
                    "PATT_DATABASE_URL cannot be used: it names the port {port}, and ports are numbers from 1 to 65535.",
                    port=shown(port),
                )
            )


def check_schema(url: str) -> None:
    """Raise `ConfigurationError` when the database does not answer, or has another schema than this version needs."""
    if fault := fault_of(revision_of(url)):
        raise ConfigurationError(fault.sentence)


def make_ready(settings: Settings, *, backs_up: bool = True) -> str:
    """Return the URL of the database, upgraded to the schema that this version needs, after a backup of what it holds.

    Raises `ConfigurationError`, and nothing was changed then.
    """
    url = database_url(settings)
    revision = _known_revision_of(url)
    if revision == migrate.newest_revision():
        return url
    kept = _back_up_before_upgrade(settings, url) if revision is not None and backs_up else None
    upgrade(url, revision, kept)
    return url


def make_new(settings: Settings) -> bool:
    """Make the schema of a database that has none; return whether that was so. Raises like `make_ready`."""
    if revision_of(database_url(settings)) is not None:
        return False
    make_ready(settings)
    return True


def _back_up_before_upgrade(settings: Settings, url: str) -> Path:
    try:
        return backups.before("upgrade", settings, url)
    except (ConfigurationError, BadInput) as error:
        raise ConfigurationError(
            tr(
                "There is no backup from before the upgrade: {reason} The database was not upgraded. "
                "To upgrade without a backup, run: patt db upgrade --no-backup",
                reason=error,
            )
        ) from error


def check_schema_is_known(url: str) -> None:
    """Raise `ConfigurationError` when the database does not answer, or has a schema that this version does not know."""
    _known_revision_of(url)


def _known_revision_of(url: str) -> str | None:
    revision = revision_of(url)
    if (fault := fault_of(revision)) and fault.is_newer:
        raise ConfigurationError(fault.sentence)
    return revision


@dataclass(frozen=True, slots=True)
class Services:
    settings: Settings
    pool: Pool
    sources: Sources
    queue: Queue | None = None
    is_embedded: bool = False
    """Whether the database is the embedded one of the settings, whose backups a worker makes."""
    secret: InstallationSecret | None = None
    """The secret of the installation; None where none is set."""
    permits: PermitsOfServices | None = None
    """The permits for requests, for what asks a source on behalf of a person."""
    http: httpx2.AsyncClient | None = None
    """With what the sources are reached, so that those which are set up later use the same."""
    keeps_settings: bool = True
    """Whether the set-up may store settings; a demo has its own, and leaves those of the person alone."""

    def settings_now(self) -> Settings:
        """Return the settings as they are stored now. Raises `ConfigurationError`."""
        return load_settings() if self.keeps_settings else self.settings


@contextlib.asynccontextmanager
async def open_services(
    settings: Settings, url: str | None = None, *, patience: Patience = COMMANDS
) -> AsyncIterator[Services]:
    """Open the database (by default the configured one) and the clients of the sources that are set up.

    `patience` sets the time-outs of their pool, by default those of the command line. Raises `ConfigurationError` when the database
    does not answer, or has another schema than this version needs.
    """
    is_embedded = url is None and settings.database_url is None
    url = url or database_url(settings)
    check_schema(url)
    secret = installation_secret(settings)
    listen_url = settings.database_listen_url
    async with (
        make_pool(url, patience=patience, listen_url=listen_url) as pool,
        http_client() as http,
        open_queue(url, listen_url) as queue,
    ):
        await pool.wait()
        permits = PermitsOfServices.of(pool)
        try:
            available = sources(settings, http, permits, secret)
            yield Services(settings, pool, available, queue, is_embedded, secret, permits, http)
        finally:
            await permits.close()


_OF_SOURCES = ("blizzard_client_id", "blizzard_client_secret", "discord_bot_token")


def with_credentials(services: Services, settings: Settings) -> Services:
    """Return the services with the credentials of other settings; all who share their sources have those from now on.

    Other settings, such as the address of the pages, are those with which the process began.
    """
    credentials = {name: getattr(settings, name) for name in _OF_SOURCES}
    if services.http is not None:
        services.sources.become(sources(settings, services.http, services.permits, services.secret))
    return replace(services, settings=services.settings.model_copy(update=credentials))


@contextlib.asynccontextmanager
async def for_jobs(services: Services) -> AsyncIterator[Services]:
    """Yield the same services with a pool of their own, for a worker beside the web: its jobs wait longer, and delay no page."""
    async with make_pool(str(services.pool.conninfo), patience=JOBS) as pool:
        yield replace(services, pool=pool)


@dataclass(frozen=True, slots=True)
class PermitsOfServices:
    """The permits for requests that all processes of an installation share."""

    battle_net: SharedPermits
    discord: SharedPermits

    @classmethod
    def of(cls, pool: Pool) -> PermitsOfServices:
        return cls(SharedPermits(pool, BATTLE_NET_LIMITS), SharedPermits(pool, DISCORD_LIMITS))

    async def close(self) -> None:
        """Give back what this process holds."""
        await self.battle_net.close()
        await self.discord.close()


def sources(
    settings: Settings,
    http: httpx2.AsyncClient,
    permits: PermitsOfServices | None = None,
    secret: InstallationSecret | None = None,
) -> Sources:
    battle_net = battlenet_client(settings, http, permits=permits)
    discord = discord_client(settings, http, permits=permits)
    accounts = AccountSource(battle_net, secret) if battle_net is not None and secret is not None else None
    return Sources(battle_net, discord, discord, profiles=battle_net, realms=battle_net, accounts=accounts)


def battlenet_client(
    settings: Settings,
    http: httpx2.AsyncClient,
    retries: RetryPolicy = USUAL_RETRIES,
    *,
    permits: PermitsOfServices | None = None,
) -> BattleNetClient | None:
    if not settings.blizzard_client_id or not settings.blizzard_client_secret:
        return None
    return BattleNetClient(
        http,
        client_id=settings.blizzard_client_id,
        client_secret=settings.blizzard_client_secret.get_secret_value(),
        token_url=settings.blizzard_token_url,
        api_url=settings.blizzard_api_url,
        retries=retries,
        permits=permits.battle_net if permits else None,
    )


def discord_client(
    settings: Settings,
    http: httpx2.AsyncClient,
    retries: RetryPolicy = USUAL_RETRIES,
    *,
    permits: PermitsOfServices | None = None,
) -> DiscordClient | None:
    if not settings.discord_bot_token:
        return None
    return DiscordClient(
        http,
        token=_newest_discord_token(settings.discord_bot_token.get_secret_value()),
        api_url=settings.discord_api_url,
        contact_url=settings.base_url,
        retries=retries,
        permits=permits.discord if permits else None,
    )


def _newest_discord_token(token: str) -> Callable[[], str]:
    """Return a reader of the bot's token, so that a rejected one can be replaced in `.env` without a restart.

    Only a token that comes from the environment is read there again.
    """

    def given() -> str | None:
        try:
            found = load_settings().discord_bot_token
        except ConfigurationError:  # it is being edited; the rejected token stays rejected
            return None
        return found.get_secret_value() if found else None

    if given() != token:
        return lambda: token
    readings = itertools.chain([token], iter(lambda: given() or token, None))
    return lambda: next(readings)


def discord_login(settings: Settings) -> DiscordLogin | None:
    """Return the application for signing in with Discord; None if it is not set up."""
    if not settings.discord_client_id or not settings.discord_client_secret:
        return None
    return DiscordLogin(
        client_id=settings.discord_client_id,
        client_secret=settings.discord_client_secret.get_secret_value(),
        authorize_url=settings.discord_authorize_url,
        api_url=settings.discord_api_url,
        redirect_url=settings.own_page(DISCORD_CALLBACK),
    )


def battle_net_login(settings: Settings, permits: PermitsOfServices | None = None) -> BattleNetLogin | None:
    """Return the application for signing in with Battle.net; None if it is not set up."""
    if not settings.blizzard_client_id or not settings.blizzard_client_secret:
        return None
    return BattleNetLogin(
        client_id=settings.blizzard_client_id,
        client_secret=settings.blizzard_client_secret.get_secret_value(),
        authorize_url=settings.blizzard_authorize_url,
        token_url=settings.blizzard_token_url,
        api_url=settings.blizzard_api_url,
        redirect_url=settings.own_page(BATTLE_NET_CALLBACK),
        permits=permits.battle_net if permits else NoPermits(),
    )


def run(work: Coroutine[Any, Any, _Result]) -> _Result:
    """Run asynchronous work to its end, on the event loop that psycopg needs on each system."""
    factory = asyncio.SelectorEventLoop if sys.platform == "win32" else None
    with asyncio.Runner(loop_factory=factory) as runner:
        return runner.run(work)
