"""`patt watch --once`: a try of the whole way from the game to the guild's server, each step with its outcome."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from rich.markup import escape

from patt.cli.companion.connection import Connection
from patt.cli.output import out
from patt.companion.files import label_of
from patt.companion.games.reading import Place, is_folder
from patt.companion.given import printable
from patt.companion.server import Contact
from patt.companion.watcher import Status, Watcher
from sv_common.guild_sync.core.language import mark, tr
from sv_common.guild_sync.core.text import ago

_CHECKS = 24
SECONDS_BETWEEN = 0.5
"""A file that is being written or held gets 12 seconds to become complete."""
CHECKS_FOR_OUTCOMES = 40
"""The server gets 20 seconds to process an export."""

NOT_FOUND = mark("The game was not found in the usual places. Give its folder: patt watch FOLDER")


@dataclass(frozen=True, slots=True)
class Leg:
    """One step of the way: how it went (None: it could not be tried), and a sentence."""

    name: str
    ok: bool | None
    sentence: str


async def try_the_way(connection: Connection, places: Sequence[Place]) -> bool:
    """Go the whole way once, and say each step. Return whether the server has every export."""
    known, noted = await connection.contact()
    checks = await _checks(connection.watcher)
    is_known = not connection.watcher.awaits_an_outcome
    server = _server(connection.code.server, known)
    notes = [Leg(tr("Notes"), told.ok, told.sentence) for told in noted]
    way = [_game(places), *_exports(checks[-1]), *server]
    taken_in = _taken_in(checks, is_known=is_known)
    _say([*way, *notes, taken_in])
    return all(leg.ok for leg in [*way, taken_in])


async def _checks(watcher: Watcher) -> list[Status]:
    """Check until every file is complete and every outcome known, but not for long."""
    checks = [await watcher.check()]

    async def check_again() -> None:
        await asyncio.sleep(SECONDS_BETWEEN)
        checks.append(await watcher.check())

    while checks[-1].may_change_soon and len(checks) < _CHECKS:
        await check_again()
    left = CHECKS_FOR_OUTCOMES
    while left > 0 and checks[-1].is_delivered and watcher.awaits_an_outcome:
        await check_again()
        left -= 1
    return checks


def _game(places: Sequence[Place]) -> Leg:
    name = tr("Game")
    missing = missing_game([each.folder for each in places])
    if missing is not None:
        return Leg(name, False, missing)
    folders = (
        f"{printable(each.folder)} ({each.origin})" if each.origin else printable(each.folder) for each in places
    )
    return Leg(name, True, ", ".join(folders))


def missing_game(folders: Sequence[Path]) -> str | None:
    """Return a sentence if none of the folders is there; they may lie on a drive that is not connected."""
    if not folders:
        return tr(NOT_FOUND)
    if any(is_folder(each) or each.is_file() for each in folders):
        return None
    named = ", ".join(map(printable, folders))
    return tr("The game's folder is not there now: {folders}. PATT looks for it again later.", folders=named)


def _exports(last: Status) -> list[Leg]:
    name = tr("Export")
    if not last.files:
        return [Leg(name, False, last.line)]
    faulty = {file for file, _ in last.unusable}
    good = [file for file in last.files if file not in faulty]
    legs = [Leg(name, True, _age_of(file)) for file in good]
    return legs + [Leg(name, False, sentence) for _, sentence in last.unusable]


def _age_of(file: Path) -> str:
    try:
        age = timedelta(seconds=max(0.0, time.time() - file.stat().st_mtime))
    except (OSError, OverflowError):
        return label_of(file)
    return tr("{file}, written {ago}", file=label_of(file), ago=ago(age))


def _server(address: str, known: Contact) -> list[Leg]:
    server, key = tr("Server"), tr("Key")
    if not known.is_reached:
        return [Leg(server, False, f"{address}: {known.sentence}"), Leg(key, None, "")]
    reached = Leg(server, True, address)
    if not known.is_accepted:
        return [reached, Leg(key, False, known.sentence)]
    whose = tr("guild “{guild}”, as {uploader}", guild=known.guild, uploader=known.uploader)
    return [reached, Leg(key, True, whose)]


def _taken_in(checks: Sequence[Status], *, is_known: bool) -> Leg:
    name, last = tr("Taken in"), checks[-1]
    news = [each for check in checks for each in check.news]
    if last.faults:
        return Leg(name, False, " ".join([*news, *last.faults]))
    if len(last.files) == len(last.unusable):
        return Leg(name, None, " ".join(news))
    if not is_known:
        news.append(tr("The server has not processed it yet; the next “patt watch” shows the outcome."))
    return Leg(name, True, " ".join(news) or tr("The server has it already; nothing is new."))


def _say(legs: Sequence[Leg]) -> None:
    words = {True: tr("ok"), False: tr("failed"), None: tr("not tried")}
    colors = {True: "green", False: "red", None: "yellow"}
    first, width = max(map(len, words.values())), max(len(leg.name) for leg in legs)
    for leg in legs:
        word = f"[{colors[leg.ok]}]{escape(words[leg.ok].ljust(first))}[/]"
        out.print(f"{word}  {leg.name:<{width}}  {escape(leg.sentence)}".rstrip(), soft_wrap=True)
