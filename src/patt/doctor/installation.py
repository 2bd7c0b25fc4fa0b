"""The checks of what all guilds share: settings, database, worker."""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import psycopg

from patt.bootstrap import DISCORD_CALLBACK, EmbeddedDatabaseError, database_url, revision_of
from patt.config import ENV_FILE, Settings, load_settings
from patt.doctor.checks import Check, check, failed
from patt.queue.tasks import WORKER_DEAD_AFTER_S
from patt.upgrading import fault_of
from sv_common.db.pool import Connection
from sv_common.db.pooler import is_pooled, recognize_pooler
from sv_common.db.sql import load_sql
from sv_common.guild_sync.core.errors import ConfigurationError, PattError
from sv_common.guild_sync.core.language import mark, tr, tr_n

SETTINGS, DATABASE, SCHEMA = mark("settings"), mark("database"), mark("schema")
ACCESS, WORKER = mark("database access"), mark("worker")
SIGN_IN = mark("discord sign-in")
POOLER = mark("database pooler")
"""Shown where there is one."""

_NOTICE_S = 1.0
CHECKS = (SIGN_IN, DATABASE, SCHEMA, ACCESS, WORKER)
"""Those that need settings that can be used."""
SQL = load_sql(__package__, "installation.sql")
RIGHTS_REMEDY = mark("Set PATT_DATABASE_URL to the user who owns the tables, or grant that user the rights.")
WORK = {"dead_after_s": WORKER_DEAD_AFTER_S}
"""The values of the statement `work`."""

_OTHERS_MAY_READ = stat.S_IRGRP | stat.S_IROTH


def check_settings() -> tuple[Check, Settings | None]:
    """Check that the settings can be used, and that no other user of the computer can read their secrets."""
    try:
        settings = load_settings()
    except ConfigurationError as error:
        return failed(
            SETTINGS, str(error), tr("Correct the setting in the environment or in {file}.", file=ENV_FILE)
        ), None
    file = Path(ENV_FILE)
    others_read = os.name == "posix" and file.is_file() and file.stat().st_mode & _OTHERS_MAY_READ
    open_file = (
        tr("Other users of this computer can read the file {file}, which holds secrets.", file=ENV_FILE),
        f"chmod 600 {ENV_FILE}",
    )
    if file.is_file():
        passed = tr("The settings are valid. They were read from {file} and the environment.", file=ENV_FILE)
    else:
        passed = tr("The settings are valid. They were read from the environment.")
    return check(SETTINGS, passed, open_file if others_read else None), settings


def check_database(settings: Settings) -> tuple[list[Check], str | None]:
    """Check that the database answers with the schema that this version needs; return its URL if it does."""
    try:
        url = database_url(settings)
        revision = revision_of(url)
    except EmbeddedDatabaseError as error:
        remedy = tr(
            "Check that you own the folder PATT_DATA_DIR, that it has free space, and that no other server uses it."
        )
        return [failed(DATABASE, error.fault, remedy)], None
    except PattError as error:
        return [failed(DATABASE, str(error), tr("Start the database server, and check PATT_DATABASE_URL."))], None
    if settings.database_url:
        answers = check(DATABASE, tr("The database of PATT_DATABASE_URL answers."))
    else:
        answers = check(DATABASE, tr("The database in {folder} answers.", folder=settings.data_dir))
    if fault := fault_of(revision):
        remedy = fault.remedy if revision else tr("patt init")
        return [answers, failed(SCHEMA, fault.message, remedy)], None
    return [
        answers,
        check(SCHEMA, tr("The database has the schema {schema}, which this version needs.", schema=revision)),
    ], url


def check_sign_in(settings: Settings) -> Check:
    """Check that the settings for signing in with Discord are complete; show which address Discord has to know."""
    wanted = {
        "PATT_DISCORD_CLIENT_ID": settings.discord_client_id,
        "PATT_DISCORD_CLIENT_SECRET": settings.discord_client_secret,
    }
    missing = [name for name, value in wanted.items() if not value]
    if len(missing) == len(wanted):
        return check(SIGN_IN, tr("Signing in with Discord is not set up; people sign in by link: patt admin link."))
    if missing:
        message = tr("No one can sign in with Discord, because {variable} is not set.", variable=missing[0])
        remedy = tr("Copy it from the OAuth2 page of your application on Discord, or remove the other setting.")
        return failed(SIGN_IN, message, remedy)
    if not settings.is_over_tls and settings.public_page("/") is not None:
        message = tr(
            "People sign in at {address}, without encryption, so others on the network can read their sessions.",
            address=settings.base_url,
        )
        return failed(SIGN_IN, message, tr("Serve the pages over TLS, and set PATT_BASE_URL to the https address."))
    redirect = settings.own_page(DISCORD_CALLBACK)
    return check(SIGN_IN, tr("Add exactly this redirect at Discord (OAuth2 → Redirects): {address}", address=redirect))


async def check_access(conn: Connection) -> Check:
    """Check that this connection may write, and that all tables are open to it."""
    return access_of(await (await conn.execute(SQL["access"])).fetchone())


def access_of(row: Sequence[Any] | None) -> Check:
    """Return what the statement `access` comes to."""
    is_read_only, closed = row or (True, [])
    if is_read_only:
        message = tr("The database is read-only or a standby, so nothing can be saved.")
        return failed(ACCESS, message, tr("Set PATT_DATABASE_URL to the primary server, or end its read-only mode."))
    not_allowed = (
        tr("The database user may not read and change: {tables}.", tables=", ".join(closed)),
        tr(RIGHTS_REMEDY),
    )
    return check(ACCESS, tr("The database can be changed."), not_allowed if closed else None)


async def check_pooler(settings: Settings, url: str, conn: Connection) -> list[Check]:
    """Check that changes are heard of where the database is reached through a pooler; nothing where it is reached itself."""
    await recognize_pooler(conn)
    if not is_pooled(conn):
        return []
    if await _is_heard(settings.database_listen_url or url, conn):
        return [check(POOLER, tr("The database is reached through a pooler, and changes are heard of."))]
    message = tr(
        "The database is reached through a pooler in transaction mode, in which no connection hears of changes. "
        "Pages do not show what others do, and workers look for jobs every few seconds."
    )
    remedy = tr("Set PATT_DATABASE_LISTEN_URL to the address of PostgreSQL itself, or let the pooler use session mode.")
    return [failed(POOLER, message, remedy)]


async def _is_heard(listen_url: str, conn: Connection) -> bool:
    async with await psycopg.AsyncConnection.connect(listen_url, autocommit=True, connect_timeout=10) as listening:
        await listening.execute("listen patt_doctor")
        await conn.execute("select pg_notify('patt_doctor', '')")
        return [notice async for notice in listening.notifies(timeout=_NOTICE_S, stop_after=1)] != []


async def check_worker(conn: Connection) -> Check:
    """Check that a worker is running, or that nothing waits for one."""
    return work_of(await (await conn.execute(SQL["work"], WORK)).fetchone())


def work_of(row: Sequence[Any] | None) -> Check:
    """Return what the statement `work` comes to."""
    workers, jobs, uploads = row or (0, 0, 0)
    if workers:
        return check(WORKER, tr_n("{n} worker running.", "{n} workers running.", workers))
    if jobs or uploads:
        message = tr(
            "No worker is running. Waiting: {jobs}, {uploads}.",
            jobs=tr_n("{n} job", "{n} jobs", jobs),
            uploads=tr_n("{n} upload", "{n} uploads", uploads),
        )
        return failed(WORKER, message, tr("Start one with: patt serve, or patt worker"))
    return check(WORKER, tr("No worker is running, and no jobs are waiting. “patt serve” starts one."))
