"""The command line's entry: the commands, loaded when they are used, and expected errors as a sentence and exit code 1.

A player's computer has the small install, without database and web, and the modules of most commands cannot be imported
there. Where they can, importing all of them takes seconds, and a command needs one. So this is the one place that imports
while the program runs.
"""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any, ClassVar

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command, get_group

from patt.cli.output import escape_unprintable, say_error
from sv_common.guild_sync.core.errors import BadInput, Busy, ConfigurationError, PattError
from sv_common.guild_sync.core.plain_text import fault_of_text, shown

OWN_PACKAGES = ("patt", "sv_common")
LONGEST_ARGUMENT = 1000
"""Letters of an argument. Each text has its own bound besides; this one keeps what nobody means out of all of them."""


@dataclass(frozen=True, slots=True)
class Command:
    """A command, or a group of commands, that is imported when it is used.

    `place` is where its function or its `typer.Typer` stands, as `module:name`; `help` is the line that describes it.
    """

    place: str
    help: str
    needs_server_parts: bool = True


_NEEDS_NO_SERVER = {"watch"}
_TABLE = (
    "demo demo:demo Play a week in the life of a made-up guild, then serve its admin page.",
    "init setup:init Set up a guild step by step. It may be run again at any time: what is there is shown, and stays.",
    "doctor setup:doctor Check settings, database, sources, permissions, ranks and uploads; exit code 1 while anything is wrong.",
    "serve server:serve Serve the admin page and the API on the configured database, and do the jobs of the queue.",
    (
        "worker server:worker Do the jobs of the queue: take in uploads, sync, sweep once a day. Any number of workers may run, "
        "on any machine."
    ),
    "sync sources:app Fetch from Battle.net or Discord, check, and fix what fixes itself.",
    "losses sources:losses_app Lists that were refused because too many are missing from them.",
    (
        "upload sources:upload Take in the notes that the addon exported, check, and fix what fixes itself. Exit code 1 when all "
        "is known already."
    ),
    "uploads sources:uploads_app The exports that companions sent, and what became of them.",
    "rules issues:rules Show every rule with its counts.",
    "scan issues:scan Look for issues now; nothing is fixed. Exit code 1 when a rule could not conclude.",
    "issues issues:issues List issues, newest first.",
    "show issues:show_issue Show one issue: why it is there, who could be meant, and everything that happened to it.",
    "fix issues:fix Fix one issue. Exit code 1 when it could not be fixed; the sentence says why.",
    "fix-all issues:fix_all Fix all open issues of one rule, by evidence alone; what is not certain stays open with its reason.",
    "undo issues:undo Take back a fix or a full match, exactly. Exit code 1 when it cannot be taken back; the sentence says why.",
    "dismiss issues:dismiss Set an issue aside as it is now; when it becomes another, it is open again.",
    (
        "dismissals issues:dismissals List what was set aside, newest first, and what of it hides nothing any more. Remove one "
        "with `patt reopen`."
    ),
    "reopen issues:reopen End a dismissal.",
    "resolve issues:resolve Close an issue by hand. It opens again if the next scan still finds it.",
    "match issues:match Decide who all unlinked characters belong to, create players and link. Look with --dry-run first.",
    "digest server:digest Tell the officers' channel what is new now; a worker does it by itself when the news have settled.",
    "link people:link Say that a character is this player's. Automation never changes it.",
    (
        "confirm people:confirm Say that the player to whom a character is linked is right, whatever linked it. Automation never "
        "changes it then."
    ),
    "unlink people:unlink Take a character from its player; no note and no name gives it back.",
    "reject people:reject Say that a character is not this player's, whatever its note or name says.",
    "allow people:allow Take back that a character is not this player's.",
    "link-member people:link_member Say which Discord member a player is, or confirm it.",
    (
        "link-to-member people:link_to_member Say that a character is a Discord member's, who becomes a player with it where "
        "they are none yet."
    ),
    "unlink-member people:unlink_member Take the Discord member from a player that it was taken for; no name gives it back.",
    "allow-member people:allow_member Take back that a player is not a Discord member.",
    "merge people:merge Make two players one: the first takes over all that is the other's. Look with --dry-run first.",
    "main people:main Make a character the main of its player.",
    "alias people:alias_app Words of notes that mean a player.",
    "watch watch:watch Send each new export of the addon to the guild's server, and wait calmly while the server is away.",
    "notes notes:notes Show how each note of a roster is read, and why. No database is used.",
    "words settings:words_app The guild's own words in notes.",
    "settings settings:app What a guild sets for itself: rules, ranks, words of notes; with preview and undo.",
    "guild setup:app The guilds of this installation.",
    "ranks settings:ranks_app The rank table: names, and the Discord role of each rank.",
    "keys access:keys_app Keys with which companions upload the addon's export.",
    "admin access:app Sign-in links, sessions and API tokens.",
    "db server:database_app The database's schema.",
)
"""Of each command its name, where in this package it stands, and its help."""

COMMANDS = {
    name: Command(f"{__package__}.{place}", text, name not in _NEEDS_NO_SERVER)
    for name, place, text in (line.split(maxsplit=2) for line in _TABLE)
}

_LOST_DATABASE = (
    ("psycopg", "OperationalError"),
    ("psycopg", "InterfaceError"),
    ("sqlalchemy.exc", "OperationalError"),
    ("procrastinate.exceptions", "ConnectorException"),
)
_IN_EACH_OTHERS_WAY = ("LockNotAvailable", "DeadlockDetected", "SerializationFailure")
"""Errors of psycopg, by their names: a small install has none of them."""


class LazyGroup(TyperGroup):
    """A group that lists its commands from a table and imports the one that is called."""

    table: ClassVar[Mapping[str, Command]] = COMMANDS

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.commands.update({name: TyperCommand(name, help=each.help) for name, each in self.table.items()})

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:
        """Find the command that is called, and import it. Raises `ConfigurationError` where its parts are missing.

        Typer has no public names for the types of a context and of any command.
        """
        name, listed, rest = super().resolve_command(ctx, args)
        return name, listed if name is None else load(name, self.table[name]), rest


app = typer.Typer(name="patt", cls=LazyGroup, no_args_is_help=True, pretty_exceptions_enable=False)


@app.callback()
def patt() -> None:
    """Data quality for a guild: who plays which character, and who that is on Discord."""


def load(name: str, command: Command) -> Any:
    """Import a command. Raises `ConfigurationError` where the parts that it needs are not installed."""
    try:
        if command.needs_server_parts:
            _imported("patt.log_setup:configure_logging")()
        found = _imported(command.place)
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] in OWN_PACKAGES:
            raise
        raise ConfigurationError(
            f'“patt {name}” needs the parts of the server, which are not installed here. Run: pip install "patt[server]"'
        ) from error
    if isinstance(found, typer.Typer):
        group = get_group(found)
        group.help = command.help
        return group
    alone = typer.Typer(add_completion=False)
    alone.command(name, help=command.help)(found)
    return get_command(alone)


def main() -> None:
    """Run the command line."""
    # Ending like this runs what is registered for the end, which stops the embedded database.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    escape_unprintable()
    try:
        check_arguments(sys.argv[1:])
        app()
    except PattError as error:
        say_error(error)
        sys.exit(1)
    except Exception as error:
        if not _is_a_lost_database(error):
            raise
        say_error(_explained(error))
        sys.exit(1)


def check_arguments(arguments: Sequence[str]) -> None:
    """Raise `BadInput` for an argument that is no text, unless it names a file that is there, whatever its name is.

    The value of an option is not repeated: it may be a key.
    """
    for before, argument in zip(("", *arguments), arguments, strict=False):
        fault = fault_of_text(argument, LONGEST_ARGUMENT)
        if fault is not None and not _is_a_file(argument):
            option = before if before.startswith("-") else argument.partition("=")[0]
            what = f"The value of {shown(option)}" if option.startswith("-") else f"“{shown(argument)}”"
            raise BadInput(f"{what} cannot be used: it {fault}.")


def _is_a_file(argument: str) -> bool:
    return any(os.path.lexists(part) for part in (argument, argument.partition("=")[2]) if part and "\x00" not in part)


def _imported(place: str) -> Any:
    module, _, name = place.partition(":")
    return getattr(import_module(module), name)


def _explained(error: Exception) -> PattError:
    """Return what an error of the database means for whoever gave the command."""
    if type(error).__name__ in _IN_EACH_OTHERS_WAY:
        return Busy("Somebody else is changing the same data, so nothing was done. Try again in a moment.")
    return ConfigurationError(f"The database does not answer any more ({type(error).__name__}). Look: patt doctor")


def _is_a_lost_database(error: Exception) -> bool:
    """Whether the database went away. A companion's small install has no drivers, and no command that loads them."""
    return any(
        isinstance(error, getattr(sys.modules[module], name))
        for module, name in _LOST_DATABASE
        if module in sys.modules
    )
