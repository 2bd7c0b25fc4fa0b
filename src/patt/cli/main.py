"""The command line's entry: the commands, loaded when they are used, and expected errors as a sentence and exit code 1.

A player's computer has the small install, without database and web, and the modules of most commands cannot be imported
there. Where they can, importing all of them takes seconds, and a command needs one. So this is the one place that imports
while the program runs.
"""

from __future__ import annotations

import gc
import os
import platform
import signal
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any, ClassVar

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command, get_group

from patt.cli.output import escape_unprintable, say, say_error
from patt.cli.speech.help import frame_in_language, in_language
from patt.supported import DISTRIBUTION
from sv_common.guild_sync.core.errors import BadInput, Busy, ConfigurationError, PattError
from sv_common.guild_sync.core.language import mark, of_environment, speak, tr, type_as
from sv_common.guild_sync.core.plain_text import fault_of_text, shown

OWN_PACKAGES = ("patt", "sv_common")
_INTERRUPTED = 128 + signal.SIGINT
TYPED_AS = "PATT_TYPED_AS"
"""A variable in which `run.py` says how the person types `patt`, so that commands are named in that form."""

LONGEST_ARGUMENT = 1000
"""Characters of an argument. Each text also has a limit of its own."""


@dataclass(frozen=True, slots=True)
class Command:
    """A command or a group of commands; `place` is its function or its `typer.Typer`, as `module:name`."""

    place: str
    help: str
    needs_server_parts: bool = True


_NEEDS_NO_SERVER = {"watch", "companion"}
_TABLE = (
    ("demo", "demo:demo", mark("Play a week in the life of a made-up guild, then serve its admin page.")),
    (
        "init",
        "setup.init:init",
        mark("Set up a guild step by step. Run it again at any time: it shows what is set up, and keeps it."),
    ),
    (
        "doctor",
        "setup.check_up:doctor",
        mark("Check settings, database, sources, permissions, ranks and uploads. Exit code 1 if a check fails."),
    ),
    ("serve", "server:serve", mark("Serve the admin page and the API on the configured database, and run a worker.")),
    (
        "worker",
        "server:worker",
        mark("Run a worker for uploads, syncs, daily scans and jobs of officers. Any number may run, on any machine."),
    ),
    ("sync", "sources:app", mark("Fetch from Battle.net or Discord, scan, and run automatic fixes.")),
    ("losses", "sources:losses_app", mark("Lists refused because too many people are missing.")),
    (
        "upload",
        "sources:upload",
        mark("Process an addon export, scan, and run automatic fixes. Exit code 1 if everything in it was known."),
    ),
    ("uploads", "sources:uploads_app", mark("The exports that companions sent, and their results.")),
    ("inbox", "inbox:app", mark("Open questions: look at one, answer it, snooze or dismiss it, apply what is ready.")),
    ("rules", "issues:rules", mark("Show every rule with its counts.")),
    ("scan", "issues:scan", mark("Scan for issues now, and fix nothing. Exit code 1 if a rule could not finish.")),
    ("issues", "issues:issues", mark("List issues, newest first.")),
    ("show", "issues:show_issue", mark("Show one issue: the evidence, the candidates and the history.")),
    ("fix", "issues:fix", mark("Fix one issue. Exit code 1 if not fixed; the sentence says why.")),
    (
        "fix-all",
        "issues:fix_all",
        mark("Fix all open issues of one rule that evidence decides. The rest stays open with its reason."),
    ),
    (
        "undo",
        "issues:undo",
        mark(
            "Undo fixes, decisions or a full match, exactly. Without a number, undo your last change. Exit code 1 if it "
            "cannot be undone; the sentence says why."
        ),
    ),
    ("dismiss", "issues:dismiss", mark("Dismiss an issue. It reopens when its evidence changes.")),
    (
        "dismissals",
        "issues:dismissals",
        mark(
            "List dismissed issues, newest first, and dismissals that no longer hide anything. End one with “patt reopen”."
        ),
    ),
    ("reopen", "issues:reopen", mark("Reopen a dismissed issue.")),
    ("resolve", "issues:resolve", mark("Resolve an issue manually. It reopens if the next scan still finds it.")),
    (
        "match",
        "issues:match",
        mark("Link all unknown characters that evidence decides, and create their players. Try --dry-run first."),
    ),
    ("digest", "server:digest", mark("Post the digest to the officers' channel now. A worker posts it automatically.")),
    (
        "find",
        "people:find_words",
        mark("Find players, characters, Discord members, notes, issues, settings and places."),
    ),
    ("people", "people:people_list", mark("List people: search, filter and sort; --csv for a spreadsheet.")),
    (
        "map",
        "people:show_map",
        mark("Show the whole guild as a table: players, characters, Discord members, and what links them."),
    ),
    ("timeline", "people:timeline", mark("Show what happened to a player, newest first, with what you can undo.")),
    (
        "accounts",
        "accounts:accounts",
        mark("Show which characters belong to one Battle.net account. Off unless the guild has switched it on."),
    ),
    (
        "verified",
        "people:verified",
        mark("Show which members have verified their characters, and a reminder for the others."),
    ),
    ("inactive", "people:inactive", mark("Show inactive characters by player; those of active players come last.")),
    ("link", "people:link", mark("Link a character to a player. Automation never changes it.")),
    (
        "confirm",
        "people:confirm",
        mark("Confirm the link of a character to its player. Automation then never changes it."),
    ),
    ("unlink", "people:unlink", mark("Unlink a character from its player. Notes and names never link them again.")),
    ("reject", "people:reject", mark("Rule out a player for a character, whatever its note or name says.")),
    ("allow", "people:allow", mark("Undo a rejection: the character may belong to this player again.")),
    (
        "overrule-proof",
        "people:overrule_proof",
        mark("Keep a character as it is, though a Discord member proved it with a Battle.net sign-in. Needs a reason."),
    ),
    ("link-member", "people:link_member", mark("Link a player to a Discord member, or confirm the link.")),
    (
        "link-to-member",
        "people:link_to_member",
        mark("Link a character to a Discord member. Creates the player if there is none."),
    ),
    (
        "unlink-member",
        "people:unlink_member",
        mark("Unlink a player from its Discord member. Names never link them again."),
    ),
    ("reject-member", "people:reject_member", mark("Rule out a Discord member for a player, whatever the names say.")),
    ("allow-member", "people:allow_member", mark("Undo a rejection: the player may be this Discord member again.")),
    (
        "new-player",
        "people:new_player",
        mark("Create a player with these characters. The highest rank becomes the main."),
    ),
    (
        "mark-shared",
        "people:mark_shared",
        mark("Mark a character as a bank or shared: it has no player, and nothing links it."),
    ),
    ("unmark-shared", "people:unmark_shared", mark("Remove the mark: the character may have a player again.")),
    (
        "share-account",
        "people:share_account",
        mark("Say that several people play on the Battle.net account of a character: nothing is concluded from it."),
    ),
    ("unshare-account", "people:unshare_account", mark("Say that one person plays on the account after all.")),
    (
        "objection",
        "accounts:objection",
        mark("Record that a player objects to account evidence, or objects no longer."),
    ),
    (
        "set-hiatus",
        "people:set_hiatus",
        mark("Say that a player is away, until a day or until you end it. None of their characters is inactive."),
    ),
    ("end-hiatus", "people:end_hiatus", mark("Say that a player is back.")),
    ("merge", "people:merge", mark("Merge two players: the first gets everything of the other. Try --dry-run first.")),
    ("main", "people:main", mark("Set a character as the main of its player.")),
    ("person", "persons:app", mark("Erase a person for good.")),
    ("export", "persons:export", mark("Give a person everything that is stored about them, to be read or as JSON.")),
    ("alias", "people:alias_app", mark("Words in notes that mean a player.")),
    (
        "watch",
        "companion.watch:watch",
        mark("Send each new export of the addon to the guild's server. While the server is away, exports wait."),
    ),
    (
        "companion",
        "companion.manage:app",
        mark("The companion on this computer: its code, starting it with the computer, and how it stands."),
    ),
    ("notes", "sources:notes", mark("Show how each note of a roster is read, and why. Needs no database.")),
    (
        "proposed-notes",
        "sources:proposed_notes",
        mark("Show which guild notes contradict proof or are empty, and what each should say. The addon writes them."),
    ),
    ("words", "settings:words_app", mark("The guild's own words in notes.")),
    ("settings", "settings:app", mark("The guild's settings: rules, ranks, words in notes; with preview and undo.")),
    ("guild", "setup.guilds:app", mark("The guilds of this installation.")),
    ("ranks", "settings:ranks_app", mark("The rank table: names, and the Discord role of each rank.")),
    ("keys", "access:keys_app", mark("Keys with which companions upload the addon's exports.")),
    ("admin", "access:app", mark("Sign-in links, sessions and API tokens.")),
    ("db", "server:database_app", mark("The database: its schema, backups, and moving to another server.")),
    (
        "simulate",
        "simulation.command:simulate",
        mark("For developers: what many guilds cost for some days, and what a machine carries."),
    ),
)
"""Of each command its name, its place in this package or in the simulation, and its help."""

_SIMULATION = "simulation"
"""A package of the project's folder that is not installed: its laws judge the product by what the tests know of it."""

_PROJECT = Path(__file__).parents[3]


def _place(place: str) -> str:
    return place if place.startswith(f"{_SIMULATION}.") else f"{__package__}.{place}"


COMMANDS = {name: Command(_place(place), text, name not in _NEEDS_NO_SERVER) for name, place, text in _TABLE}

_LOST_DATABASE = (
    ("psycopg", "OperationalError"),
    ("psycopg", "InterfaceError"),
    ("sqlalchemy.exc", "OperationalError"),
    ("procrastinate.exceptions", "ConnectorException"),
)
_CONFLICTS = ("LockNotAvailable", "DeadlockDetected", "SerializationFailure")
"""Errors of psycopg, by their names: a small install has none of them."""


class LazyGroup(TyperGroup):
    """A group that lists its commands from a table, and imports the one that is called."""

    table: ClassVar[Mapping[str, Command]] = COMMANDS

    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        self.commands.update({name: TyperCommand(name, help=each.help) for name, each in self.table.items()})

    def make_context(self, *args: Any, **settings: Any) -> Any:
        """Translate the help when the group is called: Typer has added the last of its options by then."""
        in_language(self)
        return super().make_context(*args, **settings)

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:
        """Import the command that is called. Typer has no public names for the types of a context and of a command."""
        name, listed, rest = super().resolve_command(ctx, args)
        return name, listed if name is None else load(name, self.table[name]), rest


app = typer.Typer(name="patt", cls=LazyGroup, no_args_is_help=True, pretty_exceptions_enable=False)


def _say_version(is_wanted: bool) -> None:
    if is_wanted:
        say(f"PATT {version(DISTRIBUTION)} (Python {platform.python_version()})")
        raise typer.Exit


@app.callback(help=mark("Data quality for a guild: who plays which character, and who that is on Discord."))
def patt(
    show_version: Annotated[
        bool, typer.Option("--version", callback=_say_version, is_eager=True, help=mark("Show the version and exit."))
    ] = False,
) -> None:
    pass


def load(name: str, command: Command) -> Any:
    """Import a command, with its help in the language of the terminal. Raises `ConfigurationError` if its parts are not installed."""
    gc.disable()  # what is imported stays
    try:
        if command.needs_server_parts:
            _imported("patt.log_setup:configure_logging")()
        if command.place.startswith(f"{_SIMULATION}."):
            sys.path.append(str(_PROJECT))
        found = _imported(command.place)
    except ModuleNotFoundError as error:
        if error.name == _SIMULATION:
            raise ConfigurationError(
                tr(
                    "“patt {command}” is for developers, and works in the project's own folder. "
                    "Go there and run: python run.py patt {command}",
                    command=name,
                )
            ) from error
        if error.name is None or error.name.partition(".")[0] in OWN_PACKAGES:
            raise
        raise ConfigurationError(
            tr(
                "“patt {command}” needs the parts of the server, which are not installed here. "
                'Run: pip install "patt-guild[server]"',
                command=name,
            )
        ) from error
    finally:
        gc.enable()
    if isinstance(found, typer.Typer):
        group = get_group(found)
        group.help = command.help
        return in_language(group)
    alone = typer.Typer(add_completion=False)
    alone.command(name, help=command.help)(found)
    return in_language(get_command(alone))


def main() -> None:
    # Exiting like this runs the exit handlers, which stop the embedded database.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    escape_unprintable()
    speak(of_environment(os.environ))
    typed_as = os.environ.get(TYPED_AS)
    if typed_as:
        type_as(typed_as)
    frame_in_language()
    try:
        check_arguments(sys.argv[1:])
        app(prog_name=typed_as)
    except KeyboardInterrupt:  # between the parts of a command; Typer ends with the same code inside of one
        sys.exit(_INTERRUPTED)
    except PattError as error:
        say_error(error)
        sys.exit(1)
    except Exception as error:
        if not _is_lost_database(error):
            raise
        say_error(_explained(error))
        sys.exit(1)


def check_arguments(arguments: Sequence[str]) -> None:
    """Raise `BadInput` for an argument that is no usable text and no existing file. An option's value may be a key, so it is not said."""
    for before, argument in zip(("", *arguments), arguments, strict=False):
        fault = fault_of_text(argument, LONGEST_ARGUMENT)
        if fault is not None and not _is_a_file(argument):
            option = before if before.startswith("-") else argument.partition("=")[0]
            if option.startswith("-"):
                raise BadInput(tr("The value of {option} cannot be used: {fault}.", option=shown(option), fault=fault))
            raise BadInput(tr("“{argument}” cannot be used: {fault}.", argument=shown(argument), fault=fault))


def _is_a_file(argument: str) -> bool:
    return any(os.path.lexists(part) for part in (argument, argument.partition("=")[2]) if part and "\x00" not in part)


def _imported(place: str) -> Any:
    module, _, name = place.partition(":")
    return getattr(import_module(module), name)


def _explained(error: Exception) -> PattError:
    if type(error).__name__ in _CONFLICTS:
        return Busy(tr("Another user is changing the same data. Nothing was done. Try again in a moment."))
    return ConfigurationError(
        tr("The database stopped answering ({error}). Run: patt doctor", error=type(error).__name__)
    )


def _is_lost_database(error: Exception) -> bool:
    """Whether the database went away. The small install has no drivers, and no command that loads them."""
    return any(
        isinstance(error, getattr(sys.modules[module], name))
        for module, name in _LOST_DATABASE
        if module in sys.modules
    )
