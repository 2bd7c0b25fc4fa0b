"""`patt admin`: who may use the web pages and the API."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

import typer

from patt import access, sessions
from patt.access import ApiToken, Scope
from patt.api import credentials
from patt.api.credentials import LONGEST_NAME, NewToken
from patt.bootstrap import Services
from patt.cli import officers
from patt.cli.options import GuildOption, JsonOption, guild_number, guild_row, operator, row_number, with_services
from patt.cli.output import print_json, say, table
from patt.roles import Role
from patt.sessions import Session
from sv_common.guild_sync.domain.errors import BadInput

app = typer.Typer(help="Sign-in links, sessions and API tokens.", no_args_is_help=True)
app.add_typer(officers.app, name="officers")


@app.command()
def link(
    name: Annotated[str, typer.Option(help="Name of the account.")] = "administrator",
    minutes: Annotated[int, typer.Option(min=1, max=1440, help="How long the link may be used.")] = 15,
    role: Annotated[Role | None, typer.Option(help="What they may do; a new account: administrator.")] = None,
    guild: Annotated[
        int | None,
        typer.Option(
            parser=guild_row, metavar="NUMBER", help="The only guild they may see; left out with --role: every one."
        ),
    ] = None,
) -> None:
    """Print a link with which somebody signs in, once. Opening it shows a button; pressing that uses it up."""

    async def work(services: Services) -> str:
        async with services.pool.connection() as conn:
            lifetime = timedelta(minutes=minutes)
            token = await access.create_login_link(conn, name, lifetime=lifetime, role=role, guild_id=guild)
        return services.settings.own_page(f"/login/{token}")

    say(with_services(work))


@app.command()
def token(
    name: Annotated[str, typer.Argument(help="What the token is for.")],
    guild: GuildOption = None,
    scope: Annotated[
        Scope, typer.Option(help="What it opens; write: what officers do, admin: settings too.")
    ] = "write",
    metrics: Annotated[bool, typer.Option("--metrics", help="The same as --scope metrics.")] = False,
) -> None:
    """Print a new API token. It is shown once; keep it like a password."""
    chosen: Scope = "metrics" if metrics else scope
    if len(name) > LONGEST_NAME:
        raise BadInput(f"The name has {len(name)} letters; at most {LONGEST_NAME} can be kept.")

    async def work(services: Services) -> str:
        number = None if guild is None else await guild_number(services, guild)
        asked = NewToken(name, chosen, number)
        return (await credentials.make_token(services, operator(), asked)).secret

    say(with_services(work))


@app.command()
def tokens(as_json: JsonOption = False) -> None:
    """Show every API token with its last use."""

    async def work(services: Services) -> list[ApiToken]:
        async with services.pool.snapshot() as conn:
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
def revoke_token(
    number: Annotated[int, typer.Argument(parser=row_number, metavar="TOKEN", help="Number of the token.")],
) -> None:
    """Make an API token useless."""

    async def work(services: Services) -> None:
        await credentials.revoke_token(services, operator(), number)

    with_services(work)
    say(f"Token {number} is revoked.")


@app.command("sessions")
def list_sessions(as_json: JsonOption = False) -> None:
    """Show who is signed in to the web pages."""

    async def work(services: Services) -> list[Session]:
        async with services.pool.snapshot() as conn:
            return await sessions.sessions(conn)

    found = with_services(work)
    if as_json:
        print_json(found)
        return
    rows = [
        (each.id, each.account, each.kind, each.guild_id or "", each.created_at, each.last_seen_at, each.expires_at)
        for each in found
    ]
    table("session", "who", "by", "guild", "since", "last seen", "until", rows=rows)


@app.command("revoke-session")
def revoke_session(
    number: Annotated[int, typer.Argument(parser=row_number, metavar="SESSION", help="Number of the session.")],
) -> None:
    """End a session: whoever has it must sign in again."""

    async def work(services: Services) -> None:
        async with services.pool.connection() as conn:
            await sessions.revoke(conn, number)

    with_services(work)
    say(f"Session {number} is ended.")


@app.command("sign-out")
def sign_out(name: Annotated[str, typer.Argument(help="Name of the account; of Discord’s, with the “@”.")]) -> None:
    """End all sessions of somebody."""

    async def work(services: Services) -> int:
        async with services.pool.connection() as conn:
            return await sessions.end_all_of_name(conn, name)

    count = with_services(work)
    say(f"{name} is signed out everywhere: {count} session{'' if count == 1 else 's'} ended.")
