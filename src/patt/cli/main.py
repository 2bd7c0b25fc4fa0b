"""The command line's entry: gathers the commands and turns expected errors into a sentence and exit code 1."""

from __future__ import annotations

import signal
import sys

import typer

from patt.cli import admin, database, demo, digest, guild, issue, keys, match, notes, person, serve, sync, watch, words
from patt.cli.output import say_error
from patt.config import load_settings
from patt.logging import configure_logging
from sv_common.guild_sync.domain.errors import PattError

app = typer.Typer(
    name="patt",
    help="Data quality for a guild: who plays which character, and who that is on Discord.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)
app.command("demo")(demo.demo)
app.command("serve")(serve.serve)
app.command("worker")(serve.worker)
app.add_typer(sync.app, name="sync")
app.command("upload")(sync.upload)
app.command("rules")(issue.rules)
app.command("scan")(issue.scan)
app.command("issues")(issue.issues)
app.command("show")(issue.show)
app.command("fix")(issue.fix)
app.command("fix-all")(issue.fix_all)
app.command("undo")(issue.undo)
app.command("dismiss")(issue.dismiss)
app.command("wake")(issue.wake)
app.command("resolve")(issue.resolve)
app.command("match")(match.match)
app.command("digest")(digest.digest)
app.command("link")(person.link)
app.command("unlink")(person.unlink)
app.command("reject")(person.reject)
app.command("watch")(watch.watch)
app.command("notes")(notes.notes)
app.add_typer(words.app, name="words")
app.add_typer(guild.app, name="guild")
app.add_typer(guild.ranks_app, name="ranks")
app.add_typer(keys.app, name="keys")
app.add_typer(admin.app, name="admin")
app.add_typer(database.app, name="db")


def main() -> None:
    """Run the command line."""
    # Ending like this runs what is registered for the end, which stops the embedded database.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    try:
        configure_logging(load_settings().log_level)
        app()
    except PattError as error:
        say_error(error)
        sys.exit(1)
