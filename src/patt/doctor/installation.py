"""The checks of what all guilds share: settings, database, worker."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import psycopg

from patt.bootstrap import DISCORD_CALLBACK, EmbeddedDatabaseError, database_url, revision_of
from patt.config import ENV_FILE, Settings, load_settings
from patt.doctor.checks import Check, check, failed
from patt.tasks import WORKER_DEAD_AFTER_S
from sv_common.db import migrate
from sv_common.db.pool import Connection
from sv_common.db.pooler import is_pooled, recognize_pooler
from sv_common.db.sql import load_sql
from sv_common.guild_sync.core.errors import ConfigurationError, PattError
from sv_common.guild_sync.core.text import plural

SETTINGS, DATABASE, SCHEMA, ACCESS, WORKER = "settings", "database", "schema", "database access", "worker"
SIGN_IN = "discord sign-in"
POOLER = "database pooler"
"""Shown where there is one."""

_NOTICE_S = 1.0
CHECKS = (SIGN_IN, DATABASE, SCHEMA, ACCESS, WORKER)
"""Those that need settings that can be used."""
SQL = load_sql(__package__, "installation.sql")
RIGHTS_REMEDY = "Set PATT_DATABASE_URL to the user who owns the tables, or grant that user the rights."
_OTHERS_MAY_READ = stat.S_IRGRP | stat.S_IROTH


def check_settings() -> tuple[Check, Settings | None]:
    """Check that the settings can be used, and that no other user of the computer can read their secrets."""
    try:
        settings = load_settings()
    except ConfigurationError as error:
        return failed(SETTINGS, str(error), f"Correct the setting in the environment or in {ENV_FILE}."), None
    file = Path(ENV_FILE)
    source = f"read from {ENV_FILE} and the environment" if file.is_file() else "read from the environment"
    others_read = os.name == "posix" and file.is_file() and file.stat().st_mode & _OTHERS_MAY_READ
    open_file = (
        f"Other users of this computer can read the file {ENV_FILE}, which holds secrets.",
        f"chmod 600 {ENV_FILE}",
    )
    passed = f"The settings are valid. They were {source}."
    return check(SETTINGS, passed, open_file if others_read else None), settings


def check_database(settings: Settings) -> tuple[list[Check], str | None]:
    """Check that the database answers with the schema that this version needs; return its URL if it does."""
    try:
        url = database_url(settings)
        revision = revision_of(url)
    except EmbeddedDatabaseError as error:
        remedy = (
            "Check that you own the folder PATT_DATA_DIR, that it has free space, and that no other server uses it."
        )
        return [failed(DATABASE, error.fault, remedy)], None
    except PattError as error:
        return [failed(DATABASE, str(error), "Start the database server, and check PATT_DATABASE_URL.")], None
    newest = migrate.newest_revision()
    which = "of PATT_DATABASE_URL" if settings.database_url else f"in {settings.data_dir}"
    answers = check(DATABASE, f"The database {which} answers.")
    if revision != newest:
        message = f"The database has the schema {revision or '(none)'}, and this version needs {newest}."
        return [answers, failed(SCHEMA, message, "patt db upgrade" if revision else "patt init")], None
    return [answers, check(SCHEMA, f"The database has the schema {newest}, which this version needs.")], url


def check_sign_in(settings: Settings) -> Check:
    """Check that the settings for signing in with Discord are complete; show which address Discord has to know."""
    wanted = {
        "PATT_DISCORD_CLIENT_ID": settings.discord_client_id,
        "PATT_DISCORD_CLIENT_SECRET": settings.discord_client_secret,
    }
    missing = [name for name, value in wanted.items() if not value]
    if len(missing) == len(wanted):
        return check(SIGN_IN, "Signing in with Discord is not set up; people sign in by link: patt admin link.")
    if missing:
        message = f"No one can sign in with Discord, because {missing[0]} is not set."
        remedy = "Copy it from the OAuth2 page of your application on Discord, or remove the other setting."
        return failed(SIGN_IN, message, remedy)
    if not settings.is_over_tls and settings.public_page("/") is not None:
        message = f"People sign in at {settings.base_url}, without encryption, so others on the network can read their sessions."
        return failed(SIGN_IN, message, "Serve the pages over TLS, and set PATT_BASE_URL to the https address.")
    redirect = settings.own_page(DISCORD_CALLBACK)
    return check(SIGN_IN, f"Add exactly this redirect at Discord (OAuth2 → Redirects): {redirect}")


async def check_access(conn: Connection) -> Check:
    row = await (await conn.execute(SQL["access"])).fetchone()
    is_read_only, closed = row or (True, [])
    if is_read_only:
        message = "The database is read-only or a standby, so nothing can be saved."
        return failed(ACCESS, message, "Set PATT_DATABASE_URL to the primary server, or end its read-only mode.")
    not_allowed = (f"The database user may not read and change: {', '.join(closed)}.", RIGHTS_REMEDY)
    return check(ACCESS, "The database can be changed.", not_allowed if closed else None)


async def check_pooler(settings: Settings, url: str, conn: Connection) -> list[Check]:
    """Check that changes are heard of where the database is reached through a pooler; nothing where it is reached itself."""
    await recognize_pooler(conn)
    if not is_pooled(conn):
        return []
    if await _is_heard(settings.database_listen_url or url, conn):
        return [check(POOLER, "The database is reached through a pooler, and changes are heard of.")]
    message = (
        "The database is reached through a pooler in transaction mode, in which no connection hears of changes. "
        "Pages do not show what others do, and workers look for jobs every few seconds."
    )
    remedy = "Set PATT_DATABASE_LISTEN_URL to the address of PostgreSQL itself, or let the pooler use session mode."
    return [failed(POOLER, message, remedy)]


async def _is_heard(listen_url: str, conn: Connection) -> bool:
    async with await psycopg.AsyncConnection.connect(listen_url, autocommit=True, connect_timeout=10) as listening:
        await listening.execute("listen patt_doctor")
        await conn.execute("select pg_notify('patt_doctor', '')")
        return [notice async for notice in listening.notifies(timeout=_NOTICE_S, stop_after=1)] != []


async def check_worker(conn: Connection) -> Check:
    """Check that a worker is running, or that nothing waits for one."""
    row = await (await conn.execute(SQL["work"], {"dead_after_s": WORKER_DEAD_AFTER_S})).fetchone()
    workers, jobs, uploads = row or (0, 0, 0)
    if workers:
        return check(WORKER, f"{plural(workers, 'worker')} running.")
    if jobs or uploads:
        message = f"No worker is running. Waiting: {plural(jobs, 'job')}, {plural(uploads, 'upload')}."
        return failed(WORKER, message, "Start one with: patt serve, or patt worker")
    return check(WORKER, "No worker is running, and no jobs are waiting. “patt serve” starts one.")
