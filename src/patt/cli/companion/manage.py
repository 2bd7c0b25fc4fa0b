"""`patt companion`: its code, starting it with the computer, how it stands, and removing all of it."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

import typer

from patt.cli.companion.connection import keep_if_accepted
from patt.cli.companion.given import Given, Options, asked_for, at_a_terminal, checked_folders, given
from patt.cli.companion.journey import NOT_FOUND
from patt.cli.output import JsonOption, say, show
from patt.companion.addon_file import addon_folders, clear_everywhere, holds_proposed
from patt.companion.autostart.here import autostart_here, switch_off, switch_on
from patt.companion.autostart.program import own_program
from patt.companion.autostart.steps import Step, WriteFile, described
from patt.companion.autostart.systems import Autostart
from patt.companion.code import write_code
from patt.companion.games.finding import find_games
from patt.companion.given import checked_code
from patt.companion.home import Home, Said
from sv_common.guild_sync.core.errors import BadInput, ConfigurationError
from sv_common.guild_sync.core.language import mark, number, tr, tr_n
from sv_common.guild_sync.core.text import ago

app = typer.Typer(no_args_is_help=True)
FoldersArgument = Annotated[
    list[Path] | None,
    typer.Argument(metavar="FOLDER", help=mark("Folder of the game, to be kept; without it, the usual places.")),
]
YesOption = Annotated[bool, typer.Option("--yes", "-y", help=mark("Do not ask."))]
DryRunOption = Annotated[bool, typer.Option("--dry-run", help=mark("Show what would be done, and change nothing."))]
_LARGEST_PASTE = 8192
_SECONDS_FOR_A_SIGN = 15.0
_SILENT_AFTER = timedelta(minutes=5)


@app.command(
    help=mark(
        "Keep a code from an officer, instead of one that was kept before. It asks for it, or reads it from input."
    )
)
def code(folders: FoldersArgument = None) -> None:
    home, named = Home(), checked_folders(folders or ())
    if at_a_terminal():
        pasted, read = asked_for()
    else:
        pasted = _handed_in()
        read = checked_code(pasted)
    asyncio.run(keep_if_accepted(home, pasted, read, named or _kept_folders(home)))
    autostart = _autostart_or_none(home)
    if autostart is not None and autostart.standing().is_on:
        say(tr("The companion that starts with this computer takes the new code with: patt companion on"))


@app.command(help=mark("Start the companion now, and with this computer. It shows first what will be done."))
def on(folders: FoldersArgument = None, yes: YesOption = False, dry_run: DryRunOption = False) -> None:
    home = Home()
    autostart, program = autostart_here(home.folder), own_program()
    steps = autostart.on(program)
    _show_plan(
        tr("{system} starts the companion with this computer. For that, PATT will:", system=autostart.name), steps
    )
    if dry_run:
        for each in steps:
            if isinstance(each, WriteFile):
                say(f"\n{each.path}:\n{each.shown}")
        return
    found = given(Options(folders or ()), home)
    if not yes:
        typer.confirm(tr("Do that?"), abort=True)
    _keep(found, home)
    before = datetime.now(UTC)
    switch_on(autostart, program)
    said = _first_sign(home, before)
    if said is not None and said.ended:
        raise ConfigurationError(tr("The companion was started, and ended: {reason}", reason=said.line))
    say(tr("The companion runs, and starts whenever you sign in to this computer."))
    say(said.line if said is not None else tr("It has said nothing yet. Look again with: patt companion status"))
    say(tr("To end that: patt companion off"))


@app.command(help=mark("End the companion, and do not start it with this computer. What waits and the code stay."))
def off(yes: YesOption = False, dry_run: DryRunOption = False) -> None:
    autostart = autostart_here(Home().folder)
    steps = autostart.off()
    if not steps:
        say(tr("The companion does not start with this computer. There is nothing to do."))
        return
    _show_plan(tr("To end the companion, PATT will:"), steps)
    if dry_run:
        return
    if not yes:
        typer.confirm(tr("Do that?"), abort=True)
    switch_off(autostart)
    say(tr("The companion has ended, and does not start with this computer."))


@app.command(help=mark("Remove the companion's code, what waits, and its start with the computer."))
def forget(yes: YesOption = False, dry_run: DryRunOption = False) -> None:
    home = Home()
    autostart, waiting = _autostart_or_none(home), home.waiting()
    steps = autostart.off() if autostart is not None else []
    _show_plan(tr("To remove the companion, PATT will:"), steps)
    say(tr("  - Remove the folder {folder}", folder=home.folder))
    if waiting:
        say(
            tr_n(
                "{n} export that was not sent yet will be gone.",
                "{n} exports that were not sent yet will be gone.",
                waiting,
            )
        )
    games = _games(home)
    if any(holds_proposed(each) for game in games for each in addon_folders(game)):
        say(tr("  - Take the proposed notes out of the addon's folder"))
    if dry_run:
        return
    if not yes:
        typer.confirm(tr("Do that?"), abort=True)
    if autostart is not None:
        switch_off(autostart)
    for told in clear_everywhere(games):
        say(told.sentence)
    home.forget()
    say(tr("All of the companion is removed. To remove the program: pipx uninstall patt-guild"))


@dataclass(frozen=True, slots=True)
class Report:
    """How the companion stands on this computer. Never with the key."""

    server: str | None
    games: list[str]
    is_on: bool
    is_running: bool | None
    by: str | None
    waiting: int
    said: Said | None


@app.command(help=mark("Show how the companion stands. Exit code 1 if it does not start with this computer."))
def status(as_json: JsonOption = False) -> None:
    report = _report(Home())
    show(report, as_json, _say_report)
    if not report.is_on:
        raise typer.Exit(1)


def _report(home: Home) -> Report:
    kept, autostart = home.kept(), _autostart_or_none(home)
    folders = kept.folders if kept is not None and kept.folders else tuple(each.folder for each in find_games())
    standing = autostart.standing() if autostart is not None else None
    return Report(
        server=kept.code.server if kept is not None else None,
        games=[str(each) for each in folders],
        is_on=standing is not None and standing.is_on,
        is_running=standing.is_running if standing is not None else None,
        by=f"{autostart.name}: {standing.by}" if autostart is not None and standing is not None else None,
        waiting=home.waiting(),
        said=home.said(),
    )


def _say_report(report: Report) -> None:
    say(
        tr("Code: kept, for {server}", server=report.server)
        if report.server
        else tr("Code: none is kept. Run: patt watch")
    )
    say(tr("Game: {folders}", folders=", ".join(report.games)) if report.games else tr(NOT_FOUND))
    say(
        tr("Starts with this computer: yes ({by})", by=report.by)
        if report.is_on
        else tr("Starts with this computer: no. Switch it on with: patt companion on")
    )
    if report.is_running is not None:
        say(tr("Runs now: yes") if report.is_running else tr("Runs now: no"))
    say(tr("Exports that wait to be sent: {count}", count=number(report.waiting)))
    if report.said is not None:
        say(_last_sign(report.said, is_running=report.is_running))


def _last_sign(said: Said, *, is_running: bool | None) -> str:
    age = datetime.now(UTC) - said.at
    when = ago(max(age, timedelta()))
    if said.ended:
        return tr("It ended {ago}: {line}", ago=when, line=said.line)
    if is_running is False or (is_running is None and age > _SILENT_AFTER):
        return tr("It was last at work {ago}: {line}", ago=when, line=said.line)
    return tr("It says: {line}", line=said.line)


def _show_plan(heading: str, steps: Sequence[Step]) -> None:
    say(heading)
    for each in steps:
        say(f"  - {described(each)}")


def _handed_in() -> str:
    """Return what was piped into the program; nothing if there is no input."""
    try:
        return sys.stdin.buffer.read(_LARGEST_PASTE).decode("utf-8", "replace") if sys.stdin is not None else ""
    except OSError:
        return ""  # an input that is closed holds no code, which is what is said then


def _keep(found: Given, home: Home) -> None:
    """Keep what was given now, so that the program that is started finds it. Raises `Refused` for a rejected key."""
    if found.pasted is not None:
        asyncio.run(keep_if_accepted(home, found.pasted, found.code, found.folders))
        return
    kept = home.kept()
    if kept is None or kept.code != found.code:
        written = write_code(found.code.server, found.code.key)
        asyncio.run(keep_if_accepted(home, written, found.code, found.folders))
    elif found.folders != kept.folders:
        home.keep(kept.text, found.folders)


def _games(home: Home) -> list[Path]:
    """Return the game's folders that were named, or else found."""
    return list(_kept_folders(home)) or [each.folder for each in find_games()]


def _kept_folders(home: Home) -> tuple[Path, ...]:
    """Return the folders that were named before; none where the file with them is damaged, which a new code replaces."""
    try:
        kept = home.kept()
    except BadInput:
        return ()
    return kept.folders if kept is not None else ()


def _first_sign(home: Home, since: datetime) -> Said | None:
    """Wait for the first word of the companion that was just started."""
    until = time.monotonic() + _SECONDS_FOR_A_SIGN
    while time.monotonic() < until:
        said = home.said()
        if said is not None and said.at >= since:
            return said
        time.sleep(0.1)
    return None


def _autostart_or_none(home: Home) -> Autostart | None:
    try:
        return autostart_here(home.folder)
    except ConfigurationError:
        return None  # what starts nothing has nothing that could be told or removed
