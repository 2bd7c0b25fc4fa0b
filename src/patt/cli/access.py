"""Who may use PATT: sign-in links, API tokens, sessions, upload keys, and the grants of ranks and Discord roles."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated

import typer

from patt.api import credentials
from patt.api.credentials import MadeKey, NewKey, NewToken
from patt.auth import credentials as access
from patt.auth import permissions, sessions
from patt.auth.credentials import Scope
from patt.auth.permissions import Mapped, Permission, Role
from patt.bootstrap import Services
from patt.cli.output import JsonOption, say, say_beside, show, show_rows, table
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
from patt.cli.speech.words import word
from sv_common.db.pool import GuildConnection
from sv_common.guild_sync.core.errors import NotFound
from sv_common.guild_sync.core.language import mark, tr, tr_in, tr_n
from sv_common.guild_sync.core.names import name_key

app = typer.Typer(no_args_is_help=True)
officers_app = typer.Typer(help=mark("Access by rank or Discord role."), no_args_is_help=True)
keys_app = typer.Typer(no_args_is_help=True)
app.add_typer(officers_app, name="officers")
OnlyGuildOption = Annotated[
    int | None,
    typer.Option(
        parser=guild_row,
        metavar="NUMBER",
        help=mark("The only guild they may see; with --role and without this, every guild."),
    ),
]


@app.command(help=mark("Print a link for signing in once. Opening it shows a button; pressing that uses the link up."))
def link(
    name: Annotated[str, typer.Option(help=mark("Name of the account."))] = "administrator",
    minutes: Annotated[int, typer.Option(min=1, max=1440, help=mark("How long the link may be used."))] = 15,
    role: Annotated[
        Role | None, typer.Option(help=mark("Their access. Without this, a new account is an administrator."))
    ] = None,
    guild: OnlyGuildOption = None,
) -> None:
    async def made(services: Services) -> str:
        lifetime = timedelta(minutes=minutes)
        async with services.pool.installation() as conn:
            token = await access.create_login_link(conn, name, lifetime=lifetime, role=role, guild_id=guild)
        return services.settings.own_page(f"/login/{token}")

    say(call(made))


@app.command(help=mark("Print a new API token. It is shown once; keep it like a password."))
def token(
    name: Annotated[str, typer.Argument(help=mark("What the token is for."))],
    guild: GuildOption = None,
    scope: Annotated[
        Scope, typer.Option(help=mark("Its access. write: what officers do; admin: settings too."))
    ] = "write",
    metrics: Annotated[bool, typer.Option("--metrics", help=mark("The same as --scope metrics."))] = False,
) -> None:
    async def made(services: Services) -> str:
        wanted = NewToken(name, "metrics" if metrics else scope, guild)
        return (await credentials.make_token(services, operator(), wanted)).secret

    say(call(made))


@app.command(help=mark("Show every API token with its last use."))
def tokens(as_json: JsonOption = False) -> None:
    show_rows(
        on_installation(access.api_tokens),
        as_json,
        (
            tr("token"),
            tr("name"),
            tr_in("column", "scope"),
            tr("guild"),
            tr("made by"),
            tr("last used"),
            tr("state"),
        ),
        lambda t: (
            t.id,
            t.name,
            t.scope,
            t.guild_id or tr_in("guild", "every"),
            t.created_by,
            t.last_used_at,
            _state(t.revoked_at),
        ),
    )


@app.command("revoke-token", help=mark("Revoke an API token."))
def revoke_token(
    number: Annotated[int, typer.Argument(parser=row_number, metavar="TOKEN", help=mark("Number of the token."))],
) -> None:
    call(credentials.revoke_token, operator(), number)
    say(tr("Revoked token {number}.", number=number))


@app.command("sessions", help=mark("Show who is signed in to the web pages."))
def list_sessions(as_json: JsonOption = False) -> None:
    show_rows(
        on_installation(sessions.sessions),
        as_json,
        (
            tr("session"),
            tr("who"),
            tr_in("by which means", "by"),
            tr("guild"),
            tr("since"),
            tr("last seen"),
            tr_in("column", "until"),
        ),
        lambda s: (s.id, s.account, s.kind, s.guild_id, s.created_at, s.last_seen_at, s.expires_at),
    )


@app.command("revoke-session", help=mark("End a session: its user has to sign in again."))
def revoke_session(
    number: Annotated[int, typer.Argument(parser=row_number, metavar="SESSION", help=mark("Number of the session."))],
) -> None:
    on_installation(sessions.revoke, number)
    say(tr("Session {number} has ended.", number=number))


@app.command("sign-out", help=mark("End all sessions of an account."))
def sign_out(
    name: Annotated[str, typer.Argument(help=mark("Name of the account; for Discord accounts with the “@”."))],
) -> None:
    count = on_installation(sessions.end_all_of_name, name)
    say(
        tr_n(
            "Signed out {name} everywhere: {n} session ended.",
            "Signed out {name} everywhere: {n} sessions ended.",
            count,
            name=name,
        )
    )


@officers_app.command(
    "list",
    help=mark("Show what each rank and Discord role grants, who has a role by it, and what has to be confirmed."),
)
def list_officers(guild: GuildOption = None, as_json: JsonOption = False) -> None:
    async def both(guild: GuildConnection) -> tuple[list[Mapped], list[Permission]]:
        return await permissions.mapping(guild), await permissions.in_guild(guild)

    def row(each: Permission) -> tuple[object, ...]:
        waiting = [f"{g.because}: {each.discord_id} {g.character_id} ({g.why_waiting})" for g in each.waiting]
        because = f"{each.because} ({each.by_account})" if each.by_account else each.because
        return each.display_name, f"@{each.username}", each.role, because, ", ".join(waiting)

    def lines(_: object) -> None:
        grants = [(each.kind, each.key, each.label, each.role, each.set_by) for each in mapping]
        columns = tr("kind"), tr("key"), tr("name"), tr_in("column", "gives"), tr("set by")
        table(*columns, rows=grants)
        columns = tr("who"), tr("on Discord"), tr("role"), tr_in("by which means", "by"), tr("to be confirmed")
        table(*columns, rows=map(row, people))

    mapping, people = read(guild, both)
    show({"mapping": mapping, "people": people}, as_json, lines)


@officers_app.command(help=mark("Let a Discord role or a rank give a role, and show who gains or loses what."))
def give(
    kind: Annotated[permissions.Kind, typer.Argument(help=mark("Whether it is a Discord role or a rank."))],
    key: Annotated[str, typer.Argument(help=mark("Name or id of the Discord role; name or number (#3) of the rank."))],
    role: Annotated[permissions.Given, typer.Argument(help=mark("The access it gives."))],
    guild: GuildOption = None,
    dry_run: DryRunOption = False,
) -> None:
    async def given(guild: GuildConnection) -> permissions.Preview:
        change = permissions.Change(kind, _key_of(await permissions.mapping(guild), kind, key), role)
        if dry_run:
            return await permissions.preview(guild, change)
        return await permissions.decide(guild, change, actor=actor())

    done = write(guild, given)
    for each in done.moved:
        say(f"{each.name}: {_access(each.before)} → {_access(each.after)}")
    access_given = _access(None if role == "none" else role)
    if dry_run:
        say(tr("{name} would give: {access}.", name=done.label, access=access_given))
    else:
        say(tr("{name} gives now: {access}.", name=done.label, access=access_given))


@officers_app.command(
    help=mark("Confirm that a character is a member's, so that its rank can make them an officer or an administrator.")
)
def confirm(
    member: Annotated[str, typer.Argument(help=mark("Discord id of the member, as the list shows it with --json."))],
    character: Annotated[
        int, typer.Argument(parser=row_number, metavar="CHARACTER", help=mark("Number of the character, likewise."))
    ],
    guild: GuildOption = None,
) -> None:
    grant = write(guild, permissions.confirm, member, character, actor=actor())
    say(tr("Confirmed: {character} is {member}'s.", character=grant.because, member=grant.display_name))


@keys_app.command(
    "add",
    help=mark(
        "Print a new code for a companion: the server's address and an upload key. It is shown once; give it to that person "
        "only. --json shows the key alone too."
    ),
)
def add_key(
    uploader: Annotated[str, typer.Argument(help=mark("Who the key is for."))],
    notes: Annotated[
        bool,
        typer.Option(
            "--notes", help=mark("For an officer: their companion also fetches the notes that the addon can write.")
        ),
    ] = False,
    guild: GuildOption = None,
    as_json: JsonOption = False,
) -> None:
    def lines(made: MadeKey) -> None:
        say(made.code)
        say_beside(
            tr(
                "On the computer of {uploader}, this asks for the code: {command}",
                uploader=made.uploader,
                command=made.command,
            )
        )
        if made.limit:
            say_beside(made.limit)

    show(call(credentials.make_key, operator(), NewKey(uploader, may_fetch_notes=notes), guild), as_json, lines)


@keys_app.command("list", help=mark("Show every key with its last use and its newest export."))
def list_keys(guild: GuildOption = None, as_json: JsonOption = False) -> None:
    show_rows(
        read(guild, lambda here: access.upload_keys(here.conn, here.id)),
        as_json,
        (tr("key"), tr("uploader"), tr("notes"), tr("last used"), tr("last export"), tr("state")),
        lambda key: (
            key.id,
            key.uploader,
            tr_in("key", "fetches notes") if key.may_fetch_notes else "",
            key.last_used_at,
            key.last_export_at,
            _state(key.revoked_at),
        ),
    )


@keys_app.command("revoke", help=mark("Revoke an upload key."))
def revoke_key(
    key: Annotated[int, typer.Argument(parser=row_number, metavar="KEY", help=mark("Number of the key."))],
    guild: GuildOption = None,
) -> None:
    call(credentials.revoke_key, operator(), key, guild)
    say(tr("Revoked key {key}.", key=key))


def _access(role: str | None) -> str:
    return word(role) if role else tr_in("access", "nothing")


def _state(revoked_at: datetime | None) -> str:
    return tr_in("key or token", "revoked") if revoked_at else tr_in("key or token", "valid")


def _key_of(mapping: list[Mapped], kind: permissions.Kind, wanted: str) -> str:
    """Return the key of a rank or a Discord role, by name or key; `#3` is always a key. Raises `NotFound`."""
    same_kind = [each for each in mapping if each.kind == kind]
    by_key = [each for each in same_kind if each.key == wanted.strip().removeprefix("#")]
    by_name = [each for each in same_kind if name_key(each.label) == name_key(wanted)]
    found = by_key if wanted.strip().startswith("#") else by_name or by_key
    if len(found) != 1:
        names = ", ".join(f"{each.key} ({each.label})" for each in same_kind)
        cause = tr("“{name}” fits several.", name=wanted) if found else tr("“{name}” does not exist.", name=wanted)
        remedy = tr("Use one of: {names}.", names=names or tr("none is known yet"))
        raise NotFound(f"{cause} {remedy}")
    return found[0].key
