"""`patt watch`: the companion on the computer on which the game is played. It needs no database."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape

from patt.cli.companion.connection import Connection, accepted, connected, keep_if_accepted
from patt.cli.companion.given import Given, Options, given
from patt.cli.companion.journey import NOT_FOUND, missing_game, try_the_way
from patt.cli.output import say_error
from patt.companion.games.finding import Search, find_games
from patt.companion.games.reading import Place
from patt.companion.home import Home, Said
from sv_common.guild_sync.core.errors import BadInput, ConfigurationError, PattError, Refused
from sv_common.guild_sync.core.language import mark, tr

_SECONDS_BETWEEN_CONTACTS = 3600.0
_SECONDS_BETWEEN_SIGNS = 60.0


def watch(
    folders: Annotated[
        list[Path] | None,
        typer.Argument(metavar="FOLDER", help=mark("Folder of the game; without it, the usual places are searched.")),
    ] = None,
    server: Annotated[
        str | None,
        typer.Option(envvar="PATT_SERVER_URL", help=mark("Address of the guild's PATT, for a key without a code.")),
    ] = None,
    key_file: Annotated[
        Path | None, typer.Option(help=mark("Text file with your code, or your upload key, and nothing else."))
    ] = None,
    key: Annotated[
        str | None,
        typer.Option(
            help=mark(
                "Your code or upload key, for a test. Others on this computer can read it here. Better: PATT_UPLOAD_KEY, "
                "--key-file, or neither: then you are asked once."
            )
        ),
    ] = None,
    seconds: Annotated[float, typer.Option(min=0.1, help=mark("Seconds between two checks."))] = 5.0,
    once: Annotated[
        bool,
        typer.Option(
            "--once",
            help=mark("Try the whole way once, show each step, and end. Exit code 1 if something was not delivered."),
        ),
    ] = False,
    background: Annotated[
        bool,
        typer.Option(
            "--background",
            help=mark("As it is started with the computer: never ask, and wait for the game's folder."),
        ),
    ] = False,
) -> None:
    home = Home()
    try:
        found = given(Options(folders or (), server, key, key_file, may_ask=not background), home)
        asyncio.run(_watch(found, home, seconds, once=once, background=background))
    except PattError as error:
        if background:
            _Diary(home).end(str(error))
        raise


async def _watch(found: Given, home: Home, seconds: float, *, once: bool, background: bool) -> None:
    if found.pasted is not None:
        await keep_if_accepted(home, found.pasted, found.code, found.folders)
    search = Search()
    folders: Callable[[], list[Path]] = (lambda: list(found.folders)) if found.folders else search.folders
    if not once and not background and not folders():
        raise BadInput(tr(NOT_FOUND))
    async with connected(found.code, home, folders) as connection:
        if once:
            places = [Place(each, "") for each in found.folders] or find_games()
            if not await try_the_way(connection, places):
                raise typer.Exit(1)
        else:
            visits = _Visits(connection, is_known=found.pasted is not None)
            await _go_on(connection, visits, seconds, _Diary(home) if background else None, folders)


class _Diary:
    """Keeps what the companion in the background says, since no one sees it; and that it is at work."""

    def __init__(self, home: Home) -> None:
        self._home, self._line, self._at = home, "", float("-inf")

    def note(self, line: str) -> None:
        now = time.monotonic()
        if line != self._line or now - self._at >= _SECONDS_BETWEEN_SIGNS:
            self._line, self._at = line, now
            self._say(Said(line, datetime.now(UTC)))

    def end(self, line: str) -> None:
        self._say(Said(line, datetime.now(UTC), ended=True))

    def _say(self, said: Said) -> None:
        """Keep it. A full disk is told where the system keeps what programs print, and does not end the companion."""
        try:
            self._home.say(said)
        except ConfigurationError as error:
            say_error(error)


class _Visits:
    """Asks the server from time to time whether the key is still accepted, also while there is nothing to send."""

    def __init__(self, connection: Connection, *, is_known: bool) -> None:
        self._connection, self._next, self._is_known = connection, float("-inf"), is_known

    async def news(self) -> list[str]:
        """Return a sentence the first time that the server accepts the key, and what is new of the proposed notes.

        Raises `Refused` if it does not accept the key.
        """
        if time.monotonic() < self._next:
            return []
        known, told = await self._connection.contact()
        self._next = time.monotonic() + _SECONDS_BETWEEN_CONTACTS
        if known.is_rejected:
            raise Refused(" ".join([known.sentence, *(each.sentence for each in told)]))
        is_news = known.is_accepted and not self._is_known
        self._is_known |= known.is_accepted
        return [*([accepted(known)] if is_news else []), *(each.sentence for each in told)]


async def _go_on(
    connection: Connection,
    visits: _Visits,
    seconds: float,
    diary: _Diary | None,
    folders: Callable[[], list[Path]],
) -> None:
    """Show news line by line, and below them the state: in one place at a terminal, else whenever it changes.

    Raises `Refused` when the server rejects the key: without another one nothing would ever be sent.
    """
    console, line = Console(highlight=False), ""
    with console.status(tr("Starting …")) as status:
        while True:
            told = await visits.news()
            check = await connection.watcher.check()
            for each in (*told, *check.news):
                console.print(escape(each), soft_wrap=True)
            if check.is_rejected:
                raise Refused(" ".join([check.line, *(each.sentence for each in connection.noting.clear())]))
            state = check.line if check.files else missing_game(folders()) or check.line
            if console.is_terminal:
                status.update(escape(state))
            elif state != line:
                console.print(escape(state), soft_wrap=True)
            if diary is not None:
                diary.note(state)
            line = state
            await asyncio.sleep(seconds)
