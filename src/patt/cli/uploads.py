"""`patt uploads`: what became of the exports that companions sent, and another try for one that was given up."""

from __future__ import annotations

from typing import Annotated

import typer

from patt.api import uploads as api
from patt.bootstrap import Services
from patt.cli.options import GuildOption, JsonOption, with_services
from patt.cli.output import print_json, say, table
from patt.json_data import as_json_data
from sv_common.guild_sync.store.uploads import Upload

app = typer.Typer(help="The exports that companions sent, and what became of them.", no_args_is_help=True)


@app.command("list")
def list_uploads(guild: GuildOption = None, as_json: JsonOption = False) -> None:
    """Show the 50 newest; those that wait or were given up come first."""

    async def work(services: Services) -> list[Upload]:
        return await api.listed(services, guild)

    found = with_services(work)
    if as_json:
        print_json(as_json_data(found))
        return
    rows = [(u.id, u.uploader, f"{u.as_of:%Y-%m-%d %H:%M}", u.state, u.attempts, u.sentence) for u in found]
    table("upload", "uploader", "export of", "state", "tries", "what became of it", rows=rows)


@app.command()
def retry(
    upload: Annotated[int, typer.Argument(metavar="UPLOAD", min=1, max=2**63 - 1, help="Number of the upload.")],
    guild: GuildOption = None,
) -> None:
    """Let an upload that was given up wait again; a worker takes it in."""

    async def work(services: Services) -> Upload:
        return await api.retry(services, upload, guild)

    with_services(work)
    say(f"Upload {upload} waits again. A worker takes it in: patt serve, or patt worker.")
