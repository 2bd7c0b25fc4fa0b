"""Running PATT: the web pages, the worker, the database with its backups, and the digest."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Coroutine
from datetime import timedelta
from functools import partial
from pathlib import Path
from socket import socket
from typing import Annotated, Any

import typer

from patt import backups
from patt.auth import claim_sessions, credentials, sessions
from patt.bootstrap import (
    Services,
    check_schema_is_known,
    database_url,
    make_new,
    make_ready,
    open_services,
    revision_of,
    run,
)
from patt.cli.output import JsonOption, say, say_beside, show
from patt.cli.runner import DryRunOption, GuildOption, call
from patt.config import Settings, load_settings
from patt.server import listening, serve_until_stopped
from patt.setup.restoring import Restoring
from patt.upgrading import fault_of
from patt.web.places import SIGN_IN_PREFIX
from patt.worker.worker import work_until_stopped
from sv_common.db import backup, migrate
from sv_common.db.patience import JOBS, REQUESTS
from sv_common.guild_sync.core.errors import ConfigurationError
from sv_common.guild_sync.core.language import day_and_time, mark, number, tr, tr_in, tr_n
from sv_common.guild_sync.core.plain_text import shown
from sv_common.guild_sync.reporter import preview_digest, send_digest
from sv_common.guild_sync.roster import guilds
from sv_common.guild_sync.sources.discord.message import Announcement

database_app = typer.Typer(no_args_is_help=True)
NOTHING_NEW = mark("No news.")
SERVED = mark("PATT is served on {address} until you press Ctrl-C.")


_FIRST_LINK_MINUTES = 60
FIRST_ACCOUNT = "administrator"


def serve(
    host: Annotated[str, typer.Option(help=mark("Address to listen on."))] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help=mark("Port to listen on."))] = 8000,
    with_worker: Annotated[bool, typer.Option("--worker/--no-worker", help=mark("Also run a worker."))] = True,
) -> None:
    settings, restoring = load_settings(), Restoring()

    async def served() -> None:
        while True:
            now = load_settings()
            async with open_services(now, patience=REQUESTS) as services:
                link = await _first_link(services, is_restored=bool(restoring.told))
                await serve_until_stopped(
                    services,
                    listener,
                    with_worker=with_worker,
                    on_started=partial(_say_where, listener, now, link),
                    restoring=restoring,
                )
            if restoring.wanted is None:
                return
            say_beside(tr("Restoring the backup …"))
            await asyncio.to_thread(restoring.carry_out, now)
            say_beside(restoring.told or restoring.problem)

    with listening(host, port) as listener:
        if settings.database_url is None and not settings.data_dir.exists():
            say_beside(tr("The database is made in {folder}. This takes a few seconds.", folder=settings.data_dir))
        make_new(settings)
        until_interrupted(served())


def _say_where(listener: socket, settings: Settings, link: str | None) -> None:
    host, port = listener.getsockname()[:2]
    address = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
    say_beside(tr(SERVED, address=address))
    if link is None:
        say_beside(tr("To sign in, make a link: patt admin link"))
        return
    home = settings.base_url.rstrip("/") if "base_url" in settings.model_fields_set else address
    say_beside(tr("Go on in the browser with this link. It works once, within {n} minutes:", n=_FIRST_LINK_MINUTES))
    say_beside(f"{home}{SIGN_IN_PREFIX}/{link}")
    say_beside(tr("For another link: patt admin link"))


async def _first_link(services: Services, *, is_restored: bool) -> str | None:
    """Return a link for the person who sets up the first guild, or has restored a backup, after which no other sign-in counts."""
    async with services.pool.installation() as conn:
        if is_restored:
            await sessions.end_all(conn)
            await claim_sessions.end_all(conn)
            await credentials.use_up_login_links(conn)
        elif await guilds.near(conn, None, beside=0):
            return None
        lifetime = timedelta(minutes=_FIRST_LINK_MINUTES)
        return await credentials.create_login_link(conn, FIRST_ACCOUNT, lifetime=lifetime)


def worker() -> None:
    async def worked() -> None:
        async with open_services(load_settings(), patience=JOBS) as services:
            say_beside(tr("The worker is running until you press Ctrl-C."))
            await work_until_stopped(services)

    until_interrupted(worked())


def until_interrupted(work: Coroutine[Any, Any, None]) -> None:
    """Run work that goes on until Ctrl-C. Its exit code is then the one that shells expect."""
    try:
        run(work)
    except KeyboardInterrupt:
        say_beside(tr("Stopped."))
        raise typer.Exit(128 + signal.SIGINT) from None


_NO_BACKUP = mark("Upgrade without a backup before it.")


@database_app.command(help=mark("Bring the database to the schema that this version needs, after a backup."))
def upgrade(no_backup: Annotated[bool, typer.Option("--no-backup", help=_NO_BACKUP)] = False) -> None:
    url = make_ready(load_settings(), backs_up=not no_backup)
    say(tr("The database has the schema {schema}.", schema=revision_of(url)))


@database_app.command("backup", help=mark("Write the whole database and the settings into one file."))
def back_up(
    file: Annotated[Path, typer.Argument(metavar="FILE", help=mark("A new file."))],
    with_secrets: Annotated[
        bool, typer.Option("--with-secrets", help=mark("Also write the secrets among the settings."))
    ] = False,
    as_json: JsonOption = False,
) -> None:
    settings = load_settings()
    url = database_url(settings)
    check_schema_is_known(url)
    manifest = backups.make(settings, url, file, with_secrets=with_secrets)
    show(manifest, as_json, lambda _: _say_backup(file, manifest))


@database_app.command(help=mark("Replace the database by a backup. What it held is kept in another backup."))
def restore(
    file: Annotated[Path, typer.Argument(metavar="FILE", help=mark("A file that “patt db backup” wrote."))],
    yes: Annotated[bool, typer.Option("--yes", "-y", help=mark("Do not ask."))] = False,
    dry_run: DryRunOption = False,
    settings_file: Annotated[
        Path | None,
        typer.Option(
            "--settings", metavar="NEW-FILE", help=mark("Also write the backup's settings into this new file.")
        ),
    ] = None,
) -> None:
    settings = load_settings()
    manifest = backup.read(file)
    url = database_url(settings)
    revision_of(url)
    present = backup.contents(url)
    say(_holds(manifest))
    say(tr("It was made on {at} by PATT {version}.", at=day_and_time(manifest.made_at), version=manifest.version))
    say(
        tr("The database holds {rows} rows in {tables} tables, and the guilds: {guilds}.", **_figures(present))
        if not present.is_empty
        else tr("The database is empty.")
    )
    if dry_run:
        return
    if not yes:
        typer.confirm(tr("Replace the database by the backup?"), abort=True)
    if settings_file is not None:
        backups.write_settings(manifest, settings_file)
    kept = backups.before("restore", settings, url) if not present.is_empty else None
    backup.restore(url, file, manifest)
    say(tr("The database is as it was in the backup."))
    if kept is not None:
        say(tr("What it held before is in {file}.", file=kept))
    if manifest.schema is not None:  # else it is a damaged database that was kept; it is as it was
        make_ready(settings, backs_up=False)


def _holds(manifest: backup.Manifest) -> str:
    return tr("The backup holds {rows} rows in {tables} tables, and the guilds: {guilds}.", **_figures(manifest))


def _figures(held: backup.Contents) -> dict[str, str]:
    names = ", ".join(map(shown, held.guilds)) or tr_in("guilds", "(none)")
    return {"rows": number(held.rows), "tables": number(len(held.tables)), "guilds": names}


def _say_backup(file: Path, manifest: backup.Manifest) -> None:
    say(tr("{file} is written.", file=file) + " " + _holds(manifest))
    if manifest.with_secrets:
        say(tr("It holds the secrets of your settings: keep it where nobody else can read it."))
    else:
        say(tr("It holds no secrets of your settings; names and notes of your guild it does hold."))


@database_app.command(
    help=mark("Show which schema the database has and which is needed; exit code 1 when they differ.")
)
def status(as_json: JsonOption = False) -> None:
    current, newest = revision_of(database_url(load_settings())), migrate.newest_revision()
    fault = fault_of(current)
    sentence = (
        fault.sentence
        if fault
        else tr("The database has the schema {schema}, which this version needs.", schema=newest)
    )
    show({"current": current, "newest": newest}, as_json, lambda _: say(sentence))
    if fault:
        raise typer.Exit(1)


def digest(dry_run: DryRunOption = False, guild: GuildOption = None, as_json: JsonOption = False) -> None:
    if dry_run:
        announcement = call(_preview_digest, guild)
        show(announcement.as_json() if announcement else None, as_json, lambda _: _say_announcement(announcement))
        return
    changed = call(_send_digest, guild)
    posted = tr_n("{n} message posted or updated.", "{n} messages posted or updated.", changed)
    show({"messages": changed}, as_json, lambda _: say(posted if changed else tr(NOTHING_NEW)))


async def _preview_digest(services: Services, guild: int | None) -> Announcement | None:
    number = await guilds.resolve_guild(services.pool, guild)
    return await preview_digest(services.pool, guild_id=number, page_url=_page(services))


async def _send_digest(services: Services, guild: int | None) -> int:
    announcer = services.sources.announcer
    async with services.pool.snapshot() as conn:
        found = await guilds.the_only(conn, guild)
    if announcer is None:
        raise ConfigurationError(tr("Discord is not set up: set PATT_DISCORD_BOT_TOKEN."))
    if found.audit_channel_id is None:
        raise ConfigurationError(
            tr("{guild} has no audit channel. Set one with “patt guild add … --audit-channel”.", guild=found.name)
        )
    return await send_digest(services.pool, announcer, guild_id=found.id, page_url=_page(services))


def _page(services: Services) -> str | None:
    return services.settings.public_page("/admin/data-quality")


def _say_announcement(announcement: Announcement | None) -> None:
    if announcement is None:
        say(tr(NOTHING_NEW))
        return
    say(announcement.title)
    say(announcement.body)
    for section in announcement.sections:
        say(f"\n{section.heading}")
        for line in section.lines:
            say(f"  {line}")
