"""The command line's entry: lists the commands and turns expected errors into a sentence and exit code 1."""

from __future__ import annotations

import signal
import sys

import typer

from patt.cli.arguments import check_arguments
from patt.cli.lazy import Later, LazyGroup
from patt.cli.output import print_whatever_is_said, say_error
from sv_common.guild_sync.domain.errors import Busy, ConfigurationError, PattError

COMMANDS = {
    "demo": Later("patt.cli.demo:demo", "Play a week in the life of a made-up guild, then serve its admin page."),
    "init": Later(
        "patt.cli.init:init",
        "Set up a guild step by step. It may be run again at any time: what is there is shown, and stays.",
    ),
    "doctor": Later(
        "patt.cli.doctor:doctor",
        "Check settings, database, sources, permissions, ranks and uploads; exit code 1 while anything is wrong.",
    ),
    "serve": Later(
        "patt.cli.serve:serve",
        "Serve the admin page and the API on the configured database, and do the jobs of the queue.",
    ),
    "worker": Later(
        "patt.cli.serve:worker",
        "Do the jobs of the queue: take in uploads, sync, sweep once a day. Any number of workers may run, on any machine.",
    ),
    "sync": Later("patt.cli.sync:app", "Fetch from Battle.net or Discord, check, and fix what fixes itself."),
    "losses": Later("patt.cli.losses:app", "Lists that were refused because too many are missing from them."),
    "upload": Later(
        "patt.cli.sync:upload",
        "Take in the notes that the addon exported, check, and fix what fixes itself. Exit code 1 when all is known already.",
    ),
    "uploads": Later("patt.cli.uploads:app", "The exports that companions sent, and what became of them."),
    "rules": Later("patt.cli.issue:rules", "Show every rule with its counts."),
    "scan": Later(
        "patt.cli.issue:scan", "Look for issues now; nothing is fixed. Exit code 1 when a rule could not conclude."
    ),
    "issues": Later("patt.cli.issue:issues", "List issues, newest first."),
    "show": Later(
        "patt.cli.issue:show",
        "Show one issue: why it is there, who could be meant, and everything that happened to it.",
    ),
    "fix": Later("patt.cli.issue:fix", "Fix one issue. Exit code 1 when it could not be fixed; the sentence says why."),
    "fix-all": Later(
        "patt.cli.issue:fix_all",
        "Fix all open issues of one rule, by evidence alone; what is not certain stays open with its reason.",
    ),
    "undo": Later(
        "patt.cli.issue:undo",
        "Take back a fix or a full match, exactly. Exit code 1 when it cannot be taken back; the sentence says why.",
    ),
    "dismiss": Later(
        "patt.cli.issue:dismiss", "Set an issue aside as it is now; when it becomes another, it is open again."
    ),
    "dismissals": Later(
        "patt.cli.dismissals:dismissals",
        "List what was set aside, newest first, and what of it hides nothing any more. Remove one with `patt wake`.",
    ),
    "wake": Later("patt.cli.issue:wake", "End a dismissal."),
    "resolve": Later(
        "patt.cli.issue:resolve", "Close an issue by hand. It opens again if the next scan still finds it."
    ),
    "match": Later(
        "patt.cli.match:match",
        "Decide who all unlinked characters belong to, create players and link. Look with --dry-run first.",
    ),
    "digest": Later(
        "patt.cli.digest:digest",
        "Tell the officers' channel what is new now; a worker does it by itself when the news have settled.",
    ),
    "link": Later("patt.cli.person:link", "Say that a character is this player's. Automation never changes it."),
    "confirm": Later(
        "patt.cli.person:confirm",
        "Say that the player to whom a character is linked is right, whatever linked it. Automation never changes it then.",
    ),
    "unlink": Later("patt.cli.person:unlink", "Take a character from its player; no note and no name gives it back."),
    "reject": Later(
        "patt.cli.person:reject", "Say that a character is not this player's, whatever its note or name says."
    ),
    "allow": Later("patt.cli.person:allow", "Take back that a character is not this player's."),
    "link-member": Later("patt.cli.person:link_member", "Say which Discord member a player is, or confirm it."),
    "link-to-member": Later(
        "patt.cli.person:link_to_member",
        "Say that a character is a Discord member's, who becomes a player with it where they are none yet.",
    ),
    "unlink-member": Later(
        "patt.cli.person:unlink_member",
        "Take the Discord member from a player that it was taken for; no name gives it back.",
    ),
    "allow-member": Later("patt.cli.person:allow_member", "Take back that a player is not a Discord member."),
    "merge": Later(
        "patt.cli.person:merge",
        "Make two players one: the first takes over all that is the other's. Look with --dry-run first.",
    ),
    "main": Later("patt.cli.person:main", "Make a character the main of its player."),
    "alias": Later("patt.cli.person:alias_app", "Words of notes that mean a player."),
    "watch": Later(
        "patt.cli.watch:watch",
        "Send each new export of the addon to the guild's server, and wait calmly while the server is away.",
        needs_server_parts=False,
    ),
    "notes": Later("patt.cli.notes:notes", "Show how each note of a roster is read, and why. No database is used."),
    "words": Later("patt.cli.words:app", "The guild's own words in notes."),
    "settings": Later(
        "patt.cli.settings:app", "What a guild sets for itself: rules, ranks, words of notes; with preview and undo."
    ),
    "guild": Later("patt.cli.guild:app", "The guilds of this installation."),
    "ranks": Later("patt.cli.guild:ranks_app", "The rank table: names, and the Discord role of each rank."),
    "keys": Later("patt.cli.keys:app", "Keys with which companions upload the addon's export."),
    "admin": Later("patt.cli.admin:app", "Sign-in links, sessions and API tokens."),
    "db": Later("patt.cli.database:app", "The database's schema."),
}


_LOST_DATABASE = (
    ("psycopg", "OperationalError"),
    ("psycopg", "InterfaceError"),
    ("sqlalchemy.exc", "OperationalError"),
    ("procrastinate.exceptions", "ConnectorException"),
)


class Commands(LazyGroup):
    """The commands of `patt`."""

    table = COMMANDS
    preparation = "patt.cli.start:configure"


_IN_EACH_OTHERS_WAY = ("LockNotAvailable", "DeadlockDetected", "SerializationFailure")
"""Errors of psycopg, by their names: a small install has none of them."""

app = typer.Typer(name="patt", cls=Commands, no_args_is_help=True, pretty_exceptions_enable=False)


@app.callback()
def patt() -> None:
    """Data quality for a guild: who plays which character, and who that is on Discord."""


def main() -> None:
    """Run the command line."""
    # Ending like this runs what is registered for the end, which stops the embedded database.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    print_whatever_is_said()
    try:
        check_arguments(sys.argv[1:])
        app()
    except PattError as error:
        say_error(error)
        sys.exit(1)
    except Exception as error:
        if not _is_a_lost_database(error):
            raise
        say_error(_told(error))
        sys.exit(1)


def _told(error: Exception) -> PattError:
    """What an error of the database means for whoever gave the command."""
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
