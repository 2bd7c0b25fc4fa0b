"""`patt watch`: the companion on the computer on which the game is played. It needs no database."""

from __future__ import annotations

import asyncio
import hashlib
import os
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Annotated

import httpx2
import platformdirs
import typer
from rich.console import Console
from rich.markup import escape

from patt.cli.output import say
from patt.companion.accounts import checked_folder, export_files, game_folders
from patt.companion.address import checked_key, checked_server, key_in
from patt.companion.sending import Outcome, Reply, outcome_of, send
from patt.companion.spool import Spool
from patt.companion.watching import Look, Watcher
from sv_common.guild_sync.core.errors import BadInput

KEY_VARIABLE = "PATT_UPLOAD_KEY"
_LOOKS_AT_ONCE = 24
_SECONDS_BETWEEN = 0.5
"""With --once: a file that is being written or held gets 12 seconds to become whole."""
_QUESTIONS_AT_ONCE = 3


def watch(
    folders: Annotated[
        list[Path] | None,
        typer.Argument(metavar="FOLDER", help="Folder of the game; without it, the usual places are searched."),
    ] = None,
    server: Annotated[
        str, typer.Option(envvar="PATT_SERVER_URL", help="Address of the guild's PATT: https://…")
    ] = "http://127.0.0.1:8000",
    key_file: Annotated[Path | None, typer.Option(help="Text file with your upload key and nothing else.")] = None,
    key: Annotated[
        str | None,
        typer.Option(
            help=f"Your upload key, for a try. Others on this computer can read it here; better: {KEY_VARIABLE}, "
            "--key-file, or neither, and you are asked."
        ),
    ] = None,
    seconds: Annotated[float, typer.Option(min=0.1, help="Seconds between two looks.")] = 5.0,
    once: Annotated[
        bool,
        typer.Option("--once", help="Send what is there now, and end. Exit code 1 where something was not delivered."),
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
        raise BadInput("The game was not found in the usual places. Give its folder: patt watch FOLDER")
    return folders


def _key(key: str | None, file: Path | None) -> str:
    """Return the key from where it is given, or ask for it. Raises `BadInput`, which never says the key."""
    if key is not None and file is not None:
        raise BadInput("Give your upload key once: with --key-file, or with --key.")
    if file is not None:
        return key_in(file)
    if key is not None:
        return checked_key(key, "after --key")
    if os.environ.get(KEY_VARIABLE):
        return checked_key(os.environ[KEY_VARIABLE], f"in {KEY_VARIABLE}")
    if not sys.stdin.isatty():
        raise BadInput(f"Your upload key is missing. Set {KEY_VARIABLE}, or name a file that holds it with --key-file.")
    return checked_key(typer.prompt("Upload key (it is not shown)", hide_input=True), "that you typed")


async def _watch(folders: Sequence[Path], server: str, key: str, seconds: float, *, once: bool) -> bool:
    """Watch; with `once`, return whether everything is delivered."""
    spool = Spool(_folder_of(server, key))
    async with httpx2.AsyncClient() as http:

        async def send_content(content: bytes) -> Reply:
            return await send(http, server, key, content)

        async def ask(upload_id: int) -> Outcome | None:
            return await outcome_of(http, server, key, upload_id)

        watcher = Watcher(
            lambda: dict.fromkeys(file for folder in folders for file in export_files(folder)), spool, send_content, ask
        )
        return await _once(watcher) if once else await _go_on(watcher, seconds)


def _folder_of(server: str, key: str) -> Path:
    """What waits for one guild is nobody else's: each server and key has a folder of its own, and no key is in its name."""
    name = hashlib.sha256(f"{server}\n{key}".encode()).hexdigest()[:16]
    return Path(platformdirs.user_data_dir("patt")) / "companion" / name


async def _once(watcher: Watcher) -> bool:
    """Look until every file is at rest, but not for long, and say what became of it."""
    looks = [await watcher.look()]
    while looks[-1].may_change_by_itself and len(looks) < _LOOKS_AT_ONCE:
        await asyncio.sleep(_SECONDS_BETWEEN)
        looks.append(await watcher.look())
    for _ in range(_QUESTIONS_AT_ONCE):
        if looks[-1].is_delivered and watcher.awaits_an_outcome:
            await asyncio.sleep(_SECONDS_BETWEEN)
            looks.append(await watcher.look())
    news = [each for look in looks for each in look.news]
    for each in news:
        say(each)
    last = looks[-1]
    if not news or not last.is_delivered:
        say(last.line)
    return last.is_delivered


async def _go_on(watcher: Watcher, seconds: float) -> bool:
    """Show news line by line, and below them how things stand: in one place at a terminal, else whenever it changes."""
    console = Console(highlight=False)
    with console.status("Starting …") as status:
        last = Look("")
        while True:
            look = await watcher.look()
            for each in look.news:
                console.print(escape(each), soft_wrap=True)
            if console.is_terminal:
                status.update(escape(look.line))
            elif look.line != last.line:
                console.print(escape(look.line), soft_wrap=True)
            last = look
            await asyncio.sleep(seconds)
