"""`patt db`: the schema."""

from __future__ import annotations

import typer

from patt.cli.options import JsonOption
from patt.cli.output import print_json, say
from patt.config import load_settings
from patt.database import database_url, make_ready, revision_of
from sv_common.db import migrate

app = typer.Typer(help="The database's schema.", no_args_is_help=True)


@app.command()
def upgrade() -> None:
    """Bring the database to the schema that this version needs."""
    say(f"The database has the schema {revision_of(make_ready(load_settings()))}.")


@app.command()
def status(as_json: JsonOption = False) -> None:
    """Show which schema the database has and which is needed; exit code 1 when they differ."""
    current, newest = revision_of(database_url(load_settings())), migrate.newest_revision()
    if as_json:
        print_json({"current": current, "newest": newest})
    else:
        say(f"The database has the schema {current or '(none)'}; this version needs {newest}.")
    if current != newest:
        raise typer.Exit(1)
