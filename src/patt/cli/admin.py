"""`patt admin`: who may use the web pages and the API."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

import typer

from patt import access
from patt.bootstrap import Services
from patt.cli.options import GuildOption, actor, with_services
from patt.cli.output import say

app = typer.Typer(help="Sign-in links and API tokens.", no_args_is_help=True)


@app.command()
def link(
    name: Annotated[str, typer.Option(help="Name of the administrator.")] = "administrator",
    minutes: Annotated[int, typer.Option(min=1, max=1440, help="How long the link may be used.")] = 15,
) -> None:
    """Print a link with which an administrator signs in, once. Opening it shows a button; pressing that uses it up."""

    async def work(services: Services) -> str:
        async with services.pool.connection() as conn:
            token = await access.create_login_link(conn, name, lifetime=timedelta(minutes=minutes))
        return f"{services.settings.base_url.rstrip('/')}/login/{token}"

    say(with_services(work))


@app.command()
def token(name: Annotated[str, typer.Argument(help="What the token is for.")], guild: GuildOption = None) -> None:
    """Print a new API token. It is shown once; keep it like a password."""

    async def work(services: Services) -> str:
        async with services.pool.connection() as conn:
            return await access.create_api_token(conn, name, guild_id=guild, created_by=actor())

    say(with_services(work))
