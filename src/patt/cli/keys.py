"""`patt keys`: whose companion may upload."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.markup import escape

from patt import access
from patt.access import UploadKey
from patt.api import credentials
from patt.api.credentials import MadeKey, NewKey
from patt.bootstrap import Services
from patt.cli.options import GuildOption, JsonOption, guild_number, operator, row_number, with_services
from patt.cli.output import err, print_json, say, table

app = typer.Typer(help="Keys with which companions upload the addon's export.", no_args_is_help=True)


@app.command()
def add(uploader: Annotated[str, typer.Argument(help="Whose companion it is for.")], guild: GuildOption = None) -> None:
    """Print a new upload key. It is shown once; give it to that person only."""

    async def work(services: Services) -> MadeKey:
        return await credentials.make_key(services, operator(), NewKey(uploader), guild)

    made = with_services(work)
    say(made.secret)
    err.print(
        f"On the computer of {escape(made.uploader)}, this asks for the key: {escape(made.command)}", soft_wrap=True
    )


@app.command("list")
def list_keys(guild: GuildOption = None, as_json: JsonOption = False) -> None:
    """Show every key with its last use and how fresh its data is."""

    async def work(services: Services) -> list[UploadKey]:
        number = await guild_number(services, guild)
        async with services.pool.snapshot() as conn:
            return await access.upload_keys(conn, number)

    found = with_services(work)
    if as_json:
        print_json(found)
        return
    rows = [(k.id, k.uploader, k.last_used_at, k.last_export_at, "revoked" if k.revoked_at else "valid") for k in found]
    table("key", "uploader", "last used", "last export", "state", rows=rows)


@app.command()
def revoke(
    key: Annotated[int, typer.Argument(parser=row_number, metavar="KEY", help="Number of the key.")],
    guild: GuildOption = None,
) -> None:
    """Make a key useless."""

    async def work(services: Services) -> None:
        await credentials.revoke_key(services, operator(), key, guild)

    with_services(work)
    say(f"Key {key} is revoked.")
