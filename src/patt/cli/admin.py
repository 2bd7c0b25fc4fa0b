"""`patt admin`: who may use the web pages and the API."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

import typer

from patt import access
from patt.access import ApiToken, Session
from patt.bootstrap import Services
from patt.cli.options import GuildOption, JsonOption, actor, with_services
from patt.cli.output import print_json, say, table
from sv_common.guild_sync.domain.errors import BadInput, NotFound

app = typer.Typer(help="Sign-in links, sessions and API tokens.", no_args_is_help=True)


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
def token(
    name: Annotated[str, typer.Argument(help="What the token is for.")],
    guild: GuildOption = None,
    metrics: Annotated[bool, typer.Option("--metrics", help="For /metrics alone, of all guilds.")] = False,
) -> None:
    """Print a new API token. It is shown once; keep it like a password."""
    if metrics and guild is not None:
        raise BadInput("The metrics are of all guilds: leave --guild out, or --metrics.")

    async def work(services: Services) -> str:
        async with services.pool.connection() as conn:
            if metrics:
                return await access.create_metrics_token(conn, name, created_by=actor())
            return await access.create_api_token(conn, name, guild_id=guild, created_by=actor())

    say(with_services(work))


@app.command()
def tokens(as_json: JsonOption = False) -> None:
    """Show every API token with its last use."""

    async def work(services: Services) -> list[ApiToken]:
        async with services.pool.connection() as conn:
            return await access.api_tokens(conn)

    found = with_services(work)
    if as_json:
        print_json(found)
        return
    rows = [
        (
            t.id,
            t.name,
            t.scope,
            t.guild_id or "every",
            t.created_by,
            t.last_used_at,
            "revoked" if t.revoked_at else "valid",
        )
        for t in found
    ]
    table("token", "name", "opens", "guild", "made by", "last used", "state", rows=rows)


@app.command("revoke-token")
def revoke_token(number: Annotated[int, typer.Argument(metavar="TOKEN", help="Number of the token.")]) -> None:
    """Make an API token useless."""

    async def work(services: Services) -> None:
        async with services.pool.connection() as conn:
            if not await access.revoke_api_token(conn, number):
                raise NotFound(f"There is no API token with the number {number} that could be revoked.")

    with_services(work)
    say(f"Token {number} is revoked.")


@app.command()
def sessions(as_json: JsonOption = False) -> None:
    """Show who is signed in to the web pages."""

    async def work(services: Services) -> list[Session]:
        async with services.pool.connection() as conn:
            return await access.sessions(conn)

    found = with_services(work)
    if as_json:
        print_json(found)
        return
    rows = [(each.id, each.account, each.created_at, each.expires_at) for each in found]
    table("session", "administrator", "since", "until", rows=rows)


@app.command("revoke-session")
def revoke_session(number: Annotated[int, typer.Argument(metavar="SESSION", help="Number of the session.")]) -> None:
    """End a session: whoever has it must sign in again."""

    async def work(services: Services) -> None:
        async with services.pool.connection() as conn:
            await access.revoke_session(conn, number)

    with_services(work)
    say(f"Session {number} is ended.")


@app.command("sign-out")
def sign_out(name: Annotated[str, typer.Argument(help="Name of the administrator.")]) -> None:
    """End all sessions of an administrator."""

    async def work(services: Services) -> int:
        async with services.pool.connection() as conn:
            return await access.end_sessions_of(conn, name)

    count = with_services(work)
    say(f"{name} is signed out everywhere: {count} session{'' if count == 1 else 's'} ended.")
