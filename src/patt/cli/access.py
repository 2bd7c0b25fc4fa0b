"""Who may use PATT: sign-in links, API tokens, sessions, upload keys, and the grants of ranks and Discord roles."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated

import typer
from rich.markup import escape

from patt.api import credentials
from patt.api.credentials import NewKey, NewToken
from patt.auth import credentials as access
from patt.auth import permissions, sessions
from patt.auth.credentials import Scope
from patt.auth.permissions import Mapped, Permission, Role
from patt.bootstrap import Services
from patt.cli.output import JsonOption, err, say, show, show_rows, table
from patt.cli.runner import (
    DryRunOption,
    GuildOption,
    actor,
    call,
    guild_row,
    on_installation,
    operator,
    read,
    row_number,
    write,
)
from sv_common.db.pool import GuildConnection
from sv_common.guild_sync.core.errors import NotFound
from sv_common.guild_sync.core.names import name_key
from sv_common.guild_sync.core.text import plural

app = typer.Typer(no_args_is_help=True)
officers_app = typer.Typer(help="Access by rank or Discord role.", no_args_is_help=True)
keys_app = typer.Typer(no_args_is_help=True)
app.add_typer(officers_app, name="officers")
OnlyGuildOption = Annotated[
    int | None,
    typer.Option(
        parser=guild_row,
        metavar="NUMBER",
        help="The only guild they may see; with --role and without this, every guild.",
    ),
]


@app.command()
def link(
    name: Annotated[str, typer.Option(help="Name of the account.")] = "administrator",
    minutes: Annotated[int, typer.Option(min=1, max=1440, help="How long the link may be used.")] = 15,
    role: Annotated[
        Role | None, typer.Option(help="Their access. Without this, a new account is an administrator.")
    ] = None,
    guild: OnlyGuildOption = None,
) -> None:
    """Print a link for signing in once. Opening it shows a button; pressing that uses the link up."""

    async def made(services: Services) -> str:
        lifetime = timedelta(minutes=minutes)
        async with services.pool.installation() as conn:
            token = await access.create_login_link(conn, name, lifetime=lifetime, role=role, guild_id=guild)
        return services.settings.own_page(f"/login/{token}")

    say(call(made))


@app.command()
def token(
    name: Annotated[str, typer.Argument(help="What the token is for.")],
    guild: GuildOption = None,
    scope: Annotated[Scope, typer.Option(help="Its access. write: what officers do; admin: settings too.")] = "write",
    metrics: Annotated[bool, typer.Option("--metrics", help="The same as --scope metrics.")] = False,
) -> None:
    """Print a new API token. It is shown once; keep it like a password."""

    async def made(services: Services) -> str:
        wanted = NewToken(name, "metrics" if metrics else scope, guild)
        return (await credentials.make_token(services, operator(), wanted)).secret

    say(call(made))


@app.command()
def tokens(as_json: JsonOption = False) -> None:
    """Show every API token with its last use."""
    show_rows(
        on_installation(access.api_tokens),
        as_json,
        ("token", "name", "scope", "guild", "made by", "last used", "state"),
        lambda t: (t.id, t.name, t.scope, t.guild_id or "every", t.created_by, t.last_used_at, _state(t.revoked_at)),
    )


@app.command("revoke-token")
def revoke_token(
    number: Annotated[int, typer.Argument(parser=row_number, metavar="TOKEN", help="Number of the token.")],
) -> None:
    """Revoke an API token."""
    call(credentials.revoke_token, operator(), number)
    say(f"Revoked token {number}.")


@app.command("sessions")
def list_sessions(as_json: JsonOption = False) -> None:
    """Show who is signed in to the web pages."""
    show_rows(
        on_installation(sessions.sessions),
        as_json,
        ("session", "who", "by", "guild", "since", "last seen", "until"),
        lambda s: (s.id, s.account, s.kind, s.guild_id, s.created_at, s.last_seen_at, s.expires_at),
    )


@app.command("revoke-session")
def revoke_session(
    number: Annotated[int, typer.Argument(parser=row_number, metavar="SESSION", help="Number of the session.")],
) -> None:
    """End a session: its user has to sign in again."""
    on_installation(sessions.revoke, number)
    say(f"Session {number} has ended.")


@app.command("sign-out")
def sign_out(
    name: Annotated[str, typer.Argument(help="Name of the account; for Discord accounts with the “@”.")],
) -> None:
    """End all sessions of an account."""
    count = on_installation(sessions.end_all_of_name, name)
    say(f"Signed out {name} everywhere: {plural(count, 'session')} ended.")


@officers_app.command("list")
def list_officers(guild: GuildOption = None, as_json: JsonOption = False) -> None:
    """Show what each rank and Discord role grants, who has a role by it, and what has to be confirmed."""

    async def both(guild: GuildConnection) -> tuple[list[Mapped], list[Permission]]:
        return await permissions.mapping(guild), await permissions.in_guild(guild)

    def row(each: Permission) -> tuple[object, ...]:
        waiting = [f"{g.because}: {each.discord_id} {g.character_id} ({g.why_waiting})" for g in each.waiting]
        return each.display_name, f"@{each.username}", each.role, each.because, ", ".join(waiting)

    def lines(_: object) -> None:
        grants = [(each.kind, each.key, each.label, each.role, each.set_by) for each in mapping]
        table("kind", "key", "name", "gives", "set by", rows=grants)
        table("who", "on Discord", "role", "by", "to be confirmed", rows=map(row, people))

    mapping, people = read(guild, both)
    show({"mapping": mapping, "people": people}, as_json, lines)


@officers_app.command()
def give(
    kind: Annotated[permissions.Kind, typer.Argument(help="Whether it is a Discord role or a rank.")],
    key: Annotated[str, typer.Argument(help="Name or id of the Discord role; name or number (#3) of the rank.")],
    role: Annotated[permissions.Given, typer.Argument(help="The access it gives.")],
    guild: GuildOption = None,
    dry_run: DryRunOption = False,
) -> None:
    """Let a Discord role or a rank give a role, and show who gains or loses what."""

    async def given(guild: GuildConnection) -> permissions.Preview:
        change = permissions.Change(kind, _key_of(await permissions.mapping(guild), kind, key), role)
        if dry_run:
            return await permissions.preview(guild, change)
        return await permissions.decide(guild, change, actor=actor())

    done = write(guild, given)
    for each in done.moved:
        say(f"{each.name}: {each.before or 'nothing'} → {each.after or 'nothing'}")
    say(f"{done.label} {'would give' if dry_run else 'gives now'}: {'nothing' if role == 'none' else role}.")


@officers_app.command()
def confirm(
    member: Annotated[str, typer.Argument(help="Discord id of the member, as the list shows it with --json.")],
    character: Annotated[
        int, typer.Argument(parser=row_number, metavar="CHARACTER", help="Number of the character, likewise.")
    ],
    guild: GuildOption = None,
) -> None:
    """Confirm that a character is a member's, so that its rank can make them an officer or an administrator."""
    grant = write(guild, permissions.confirm, member, character, actor=actor())
    say(f"Confirmed: {grant.because} is {grant.display_name}'s.")


@keys_app.command("add")
def add_key(uploader: Annotated[str, typer.Argument(help="Who the key is for.")], guild: GuildOption = None) -> None:
    """Print a new upload key. It is shown once; give it to that person only."""
    made = call(credentials.make_key, operator(), NewKey(uploader), guild)
    say(made.secret)
    err.print(escape(f"On the computer of {made.uploader}, this prompts for the key: {made.command}"), soft_wrap=True)


@keys_app.command("list")
def list_keys(guild: GuildOption = None, as_json: JsonOption = False) -> None:
    """Show every key with its last use and its newest export."""
    show_rows(
        read(guild, lambda here: access.upload_keys(here.conn, here.id)),
        as_json,
        ("key", "uploader", "last used", "last export", "state"),
        lambda key: (key.id, key.uploader, key.last_used_at, key.last_export_at, _state(key.revoked_at)),
    )


@keys_app.command("revoke")
def revoke_key(
    key: Annotated[int, typer.Argument(parser=row_number, metavar="KEY", help="Number of the key.")],
    guild: GuildOption = None,
) -> None:
    """Revoke an upload key."""
    call(credentials.revoke_key, operator(), key, guild)
    say(f"Revoked key {key}.")


def _state(revoked_at: datetime | None) -> str:
    return "revoked" if revoked_at else "valid"


def _key_of(mapping: list[Mapped], kind: permissions.Kind, wanted: str) -> str:
    """Return the key of a rank or a Discord role, by name or key; `#3` is always a key. Raises `NotFound`."""
    same_kind = [each for each in mapping if each.kind == kind]
    by_key = [each for each in same_kind if each.key == wanted.strip().removeprefix("#")]
    by_name = [each for each in same_kind if name_key(each.label) == name_key(wanted)]
    found = by_key if wanted.strip().startswith("#") else by_name or by_key
    if len(found) != 1:
        names = ", ".join(f"{each.key} ({each.label})" for each in same_kind)
        raise NotFound(
            f"“{wanted}” {'fits several' if found else 'does not exist'}. Use one of: {names or 'none is known yet'}."
        )
    return found[0].key
