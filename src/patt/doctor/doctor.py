"""The check-up of an installation: one check after the other, none of which hides another."""

from __future__ import annotations

from collections.abc import Awaitable, Sequence

import psycopg

from patt.bootstrap import battlenet_client, discord_client
from patt.config import Settings
from patt.doctor import installation
from patt.doctor.checks import Check, check, failed, label_of, not_checked
from patt.doctor.guild import GuildFacts, check_data, read_facts
from patt.doctor.installation import ACCESS, CHECKS, RIGHTS_REMEDY, SCHEMA, SETTINGS, WORKER
from patt.doctor.sources import CREDENTIALS, INTENT, TOKEN, check_battlenet, check_discord
from patt.upgrading import reason_of_database
from sv_common.db.pool import Connection
from sv_common.guild_sync.core.language import mark, tr
from sv_common.guild_sync.roster import guilds
from sv_common.guild_sync.sources.http import RetryPolicy, http_client

GUILDS = mark("guilds")
_OF_SETTINGS = (*CHECKS, GUILDS, CREDENTIALS, TOKEN, INTENT)
_BRIEFLY = RetryPolicy(attempts=2, first_pause=0.5, longest_wait=10.0)
"""A check-up reports that a source is away rather than wait for it."""


async def examine() -> list[Check]:
    """Check everything that was set up, in the order in which to fix it. Changes nothing."""
    first, settings = installation.check_settings()
    if settings is None:
        return [first, *not_checked(_OF_SETTINGS, SETTINGS)]
    database, facts = await _examine_database(settings)
    async with http_client() as http:
        sources = await check_battlenet(battlenet_client(settings, http, _BRIEFLY), facts)
        sources += await check_discord(discord_client(settings, http, _BRIEFLY), facts)
    of_data = [each for guild in facts for each in check_data(guild)]
    return [first, installation.check_sign_in(settings), *database, *sources, *of_data]


async def _examine_database(settings: Settings) -> tuple[list[Check], Sequence[GuildFacts]]:
    checks, url = installation.check_database(settings)
    if url is None:
        names = [name for name in (SCHEMA, ACCESS, WORKER, GUILDS) if name not in {each.name for each in checks}]
        return checks + not_checked(names, checks[-1].name), []
    try:
        async with await psycopg.AsyncConnection.connect(
            url, autocommit=True, client_encoding="utf8", prepare_threshold=None
        ) as conn:
            pooler = await _read_all(installation.POOLER, installation.check_pooler(settings, url, conn))
            access = await _read(ACCESS, installation.check_access(conn))
            worker = await _read(WORKER, installation.check_worker(conn))
            found, facts = await _read_guilds(conn)
    except psycopg.OperationalError as error:
        return [*checks, _refused(ACCESS, error), *not_checked((WORKER, GUILDS), ACCESS)], []
    return [*checks, *pooler, access, worker, found], facts


async def _read_guilds(conn: Connection) -> tuple[Check, Sequence[GuildFacts]]:
    try:
        facts = [await read_facts(conn, guild) for guild in await guilds.all_guilds(conn)]
    except psycopg.Error as error:
        return _refused(GUILDS, error), []
    names = ", ".join(f"{each.guild.id} ({each.guild.name})" for each in facts)
    none = None if facts else (tr("No guild is set up."), "patt init")
    return check(GUILDS, tr("Set up: {guilds}.", guilds=names), none), facts


async def _read(name: str, made: Awaitable[Check]) -> Check:
    """Make a check that fails if the database refuses it."""
    try:
        return await made
    except psycopg.Error as error:
        return _refused(name, error)


async def _read_all(name: str, made: Awaitable[list[Check]]) -> list[Check]:
    try:
        return await made
    except psycopg.Error as error:
        return [_refused(name, error)]


def _refused(name: str, error: psycopg.Error) -> Check:
    reason = reason_of_database(error)
    remedy = tr(RIGHTS_REMEDY) if name == ACCESS else tr("Fix “{check}” first.", check=label_of(ACCESS))
    return failed(name, tr("The database refused to read this: {reason}.", reason=reason), remedy)
