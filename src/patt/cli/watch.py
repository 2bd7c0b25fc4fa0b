"""`patt watch`: the companion on the computer on which the game is played. It needs no database."""

from __future__ import annotations

import asyncio
import hashlib
import os
import sys
from collections.abc import Iterable, Sequence
from functools import partial
from pathlib import Path
from typing import Annotated

import httpx2
import platformdirs
import typer
from rich.console import Console
from rich.markup import escape

from patt.cli.output import say
from patt.companion.files import checked_folder, export_files, game_folders
from patt.companion.server import checked_key, checked_server, key_in, outcome_of, send
from patt.companion.watcher import Spool, Watcher
from sv_common.guild_sync.core.errors import BadInput
from sv_common.guild_sync.core.language import mark, tr

KEY_VARIABLE = "PATT_UPLOAD_KEY"
_CHECKS = 24
_SECONDS_BETWEEN = 0.5
"""With --once: a file that is being written or held gets 12 seconds to become complete."""
_CHECKS_FOR_OUTCOMES = 3


def watch(
    folders: Annotated[
        list[Path] | None,
        typer.Argument(metavar="FOLDER", help=mark("Folder of the game; without it, the usual places are searched.")),
    ] = None,
    server: Annotated[
        str, typer.Option(envvar="PATT_SERVER_URL", help=mark("Address of the guild's PATT: https://…"))
    ] = "http://127.0.0.1:8000",
    key_file: Annotated[
        Path | None, typer.Option(help=mark("Text file with your upload key and nothing else."))
    ] = None,
    key: Annotated[
        str | None,
        typer.Option(
            help=mark(
                "Your upload key, for a test. Others on this computer can read it here. Better: PATT_UPLOAD_KEY, "
                "--key-file, or neither: then you are prompted."
            )
        ),
    ] = None,
    seconds: Annotated[float, typer.Option(min=0.1, help=mark("Seconds between two checks."))] = 5.0,
    once: Annotated[
        bool,
        typer.Option(
            "--once", help=mark("Send what is there now, and end. Exit code 1 if something was not delivered.")
        ),
    ] = False,
) -> None:
    address = checked_server(server)
    places = _folders(folders or [])
    upload_key = _key(key, key_file)
    if not asyncio.run(_watch(places, address, upload_key, seconds, once=once)):
        raise typer.Exit(1)


def _folders(named: Iterable[Path]) -> list[Path]:
    folders = list(dict.fromkeys(checked_folder(each) for each in named)) or game_folders()
    if not folders:
        raise BadInput(tr("The game was not found in the usual places. Give its folder: patt watch FOLDER"))
    return folders


def _key(key: str | None, file: Path | None) -> str:
    """Return the key from where it is given, or prompt for it. Raises `BadInput`, which never says the key."""
    if key is not None and file is not None:
        raise BadInput(tr("Give your upload key once: with --key-file, or with --key."))
    if file is not None:
        return key_in(file)
    if key is not None:
        return checked_key(key, tr("after --key"))
    if os.environ.get(KEY_VARIABLE):
        return checked_key(os.environ[KEY_VARIABLE], tr("in {variable}", variable=KEY_VARIABLE))
    if not sys.stdin.isatty():
        raise BadInput(
            tr(
                "Your upload key is missing. Set {variable}, or name a file that holds it with --key-file.",
                variable=KEY_VARIABLE,
            )
        )
    return checked_key(typer.prompt(tr("Upload key (it is not shown)"), hide_input=True), tr("that you typed"))


async def _watch(folders: Sequence[Path], server: str, key: str, seconds: float, *, once: bool) -> bool:
    """Watch; with `once`, return whether everything is delivered."""
    spool = Spool(_spool_folder(server, key))
    async with httpx2.AsyncClient() as http:
        watcher = Watcher(
            lambda: dict.fromkeys(file for folder in folders for file in export_files(folder)),
            spool,
            partial(send, http, server, key),
            partial(outcome_of, http, server, key),
        )
        return await _once(watcher) if once else await _go_on(watcher, seconds)


def _spool_folder(server: str, key: str) -> Path:
    """Each server and key has a folder of its own, since what waits is for one guild alone. No key is in its name."""
    name = hashlib.sha256(f"{server}\n{key}".encode()).hexdigest()[:16]
    return Path(platformdirs.user_data_dir("patt")) / "companion" / name


async def _once(watcher: Watcher) -> bool:
    """Check until every file is complete, but not for long, and say what was sent."""
    checks = [await watcher.check()]

    async def check_again() -> None:
        await asyncio.sleep(_SECONDS_BETWEEN)
        checks.append(await watcher.check())

    while checks[-1].may_change_soon and len(checks) < _CHECKS:
        await check_again()
    for _ in range(_CHECKS_FOR_OUTCOMES):
        if checks[-1].is_delivered and watcher.awaits_an_outcome:
            await check_again()
    news = [each for check in checks for each in check.news]
    for each in news:
        say(each)
    last = checks[-1]
    if not news or not last.is_delivered:
        say(last.line)
    return last.is_delivered


async def _go_on(watcher: Watcher, seconds: float) -> bool:
    """Show news line by line, and below them the state: in one place at a terminal, else whenever it changes."""
    console = Console(highlight=False)
    with console.status(tr("Starting …")) as status:
        line = ""
        while True:
            check = await watcher.check()
            for each in check.news:
                console.print(escape(each), soft_wrap=True)
            if console.is_terminal:
                status.update(escape(check.line))
            elif check.line != line:
                console.print(escape(check.line), soft_wrap=True)
            line = check.line
            await asyncio.sleep(seconds)
