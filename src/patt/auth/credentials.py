"""What opens the pages and the API: one-time sign-in links, API tokens and upload keys.

Every secret leaves this module once, for its owner; the database has only its SHA-256.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Literal, get_args

import psycopg
from psycopg.rows import class_row
from pydantic import Field

from patt.auth.hashing import hashed, new_secret
from patt.auth.permissions import Role
from patt.auth.sessions import SESSION_LIFETIME
from sv_common.db.pool import Connection
from sv_common.db.sql import load_sql
from sv_common.guild_sync.core.errors import BadInput, NotFound
from sv_common.guild_sync.core.language import number, tr

SQL = load_sql(__package__, "credentials.sql")
Scope = Literal["read", "write", "admin", "metrics"]
"""What a token allows: what viewers see; also what officers do; also what administrators set; or the metrics alone."""

SCOPES: tuple[Scope, ...] = get_args(Scope)

LINK_LIFETIME = timedelta(minutes=15)
LONGEST_NAME = 100


@dataclass(frozen=True, slots=True)
class Account:
    """An account that signs in by link; `guild_id` is the only guild it may act on, or None for every guild."""

    id: int
    name: str
    role: Role
    guild_id: int | None


@dataclass(frozen=True, slots=True)
class TokenHolder:
    """A program that may use the API; `guild_id` is the only guild it may act on, or None for every guild.

    `language` is that of the guild that the request is about, as far as that can be told; `moment` what the database shows, where
    it tells that.
    """

    id: int
    name: str
    guild_id: int | None
    scope: Scope
    language: str | None
    moment: str | None


@dataclass(frozen=True, slots=True)
class ApiToken:
    """An API token as it is listed: never the token itself."""

    id: int
    name: Annotated[str, Field(examples=["dashboard"])]
    guild_id: Annotated[int | None, Field(description="The only guild that it is for; null: every guild.")]
    scope: Scope
    created_by: str
    created_at: datetime
    last_used_at: datetime | None
    revoked_at: datetime | None


@dataclass(frozen=True, slots=True)
class Uploader:
    """Whose companion it is. `may_fetch_notes`: it is an officer's, and may fetch the notes that are proposed."""

    key_id: int
    guild_id: int
    name: str
    may_fetch_notes: bool
    language: str


@dataclass(frozen=True, slots=True)
class UploadKey:
    """An upload key as it is listed: never the key itself. `last_export_at` is the time of its newest export."""

    id: int
    uploader: Annotated[str, Field(examples=["Mito"])]
    may_fetch_notes: Annotated[
        bool, Field(description="Whether it also fetches the proposed guild notes: for officers' companions.")
    ]
    created_by: str
    created_at: datetime
    last_used_at: datetime | None
    last_export_at: datetime | None
    revoked_at: datetime | None


async def create_login_link(
    conn: Connection,
    account_name: str,
    *,
    lifetime: timedelta = LINK_LIFETIME,
    role: Role | None = None,
    guild_id: int | None = None,
) -> str:
    """Return the token of a link for signing in once.

    An unknown name becomes an account, by default an administrator of every guild. With a role, a known account and its
    sessions get role and guild too; without one, they stay. Raises `NotFound` for an unknown guild, and `BadInput` for a
    name that no account can have.
    """
    if account_name.strip().startswith("@"):
        raise BadInput(tr("name: Discord accounts begin with “@”, so choose another name."))
    if guild_id is not None and role is None:
        raise BadInput(tr("role: choose viewer, officer or administrator for that guild."))
    token = new_secret()
    values = {"name": usable_name(account_name), "link": hashed(token), "lifetime": lifetime}
    try:
        await conn.execute(SQL["create_login_link"], {**values, "role": role, "guild_id": guild_id})
    except psycopg.errors.ForeignKeyViolation as error:
        raise NotFound(tr("Guild {number} does not exist.", number=guild_id)) from error
    return token


async def account_of_login_link(conn: Connection, token: str) -> Account | None:
    """Return the account of a link, which stays usable; None for one that is unknown, used or too old."""
    async with conn.cursor(row_factory=class_row(Account)) as cursor:
        return await (await cursor.execute(SQL["account_of_login_link"], {"link": hashed(token)})).fetchone()


async def redeem_login_link(conn: Connection, token: str) -> str | None:
    """Use up a link and return the token of a new session; None for a link that is unknown, used or too old."""
    session = new_secret()
    values = {"link": hashed(token), "session": hashed(session), "lifetime": SESSION_LIFETIME}
    cursor = await conn.execute(SQL["redeem_login_link"], values)
    return session if cursor.rowcount == 1 else None


async def use_up_login_links(conn: Connection) -> None:
    """Let no link that was made until now sign anybody in."""
    await conn.execute(SQL["use_up_login_links"])


async def create_api_token(
    conn: Connection, name: str, *, guild_id: int | None = None, scope: Scope = "write", created_by: str
) -> str:
    """Return a new API token, for one guild or for every guild. Raises `NotFound` for a guild that does not exist.

    Raises `BadInput` for metrics of one guild, since they are of all guilds.
    """
    if scope == "metrics" and guild_id is not None:
        raise BadInput(tr("guild: metrics cover all guilds. Leave the guild out."))
    return await _new_secret(conn, "create_api_token", name, guild_id, created_by, scope=scope)


async def api_tokens(conn: Connection, guild_id: int | None = None) -> list[ApiToken]:
    """Return the tokens; with a guild, only those that open that one alone."""
    async with conn.cursor(row_factory=class_row(ApiToken)) as cursor:
        return await (await cursor.execute(SQL["api_tokens"], {"guild_id": guild_id})).fetchall()


async def holder_of_token(conn: Connection, token: str, *, asked: int | None = None) -> TokenHolder | None:
    """Return who holds an API token; None for one that is unknown or revoked. `asked` is the guild that the request names."""
    async with conn.cursor(row_factory=class_row(TokenHolder)) as cursor:
        return await (await cursor.execute(SQL["holder_of_token"], {"token": hashed(token), "asked": asked})).fetchone()


async def revoke_api_token(conn: Connection, token_id: int) -> bool:
    """Revoke an API token; return whether it was valid until now."""
    return (await conn.execute(SQL["revoke_api_token"], {"token_id": token_id})).rowcount == 1


async def create_upload_key(
    conn: Connection, uploader: str, *, guild_id: int, created_by: str, may_fetch_notes: bool = False
) -> str:
    """Return a new key with which one person's companion may upload for one guild. Raises `NotFound`, `BadInput`.

    With `may_fetch_notes` it is an officer's, and gets the notes that are proposed.
    """
    return await _new_secret(conn, "create_upload_key", uploader, guild_id, created_by, may_fetch_notes=may_fetch_notes)


async def uploader_of_key(conn: Connection, key: str) -> Uploader | None:
    """Return whose upload key this is; None for one that is unknown or revoked."""
    async with conn.cursor(row_factory=class_row(Uploader)) as cursor:
        return await (await cursor.execute(SQL["uploader_of_key"], {"key": hashed(key)})).fetchone()


async def upload_keys(conn: Connection, guild_id: int) -> list[UploadKey]:
    async with conn.cursor(row_factory=class_row(UploadKey)) as cursor:
        return await (await cursor.execute(SQL["upload_keys"], {"guild_id": guild_id})).fetchall()


async def revoke_upload_key(conn: Connection, key_id: int, *, guild_id: int) -> None:
    """Revoke an upload key. Raises `NotFound` for one that is not the guild's, or was revoked before."""
    cursor = await conn.execute(SQL["revoke_upload_key"], {"key_id": key_id, "guild_id": guild_id})
    if cursor.rowcount != 1:
        raise NotFound(tr("Upload key {number} does not exist or is revoked already.", number=key_id))


async def _new_secret(
    conn: Connection, statement: str, name: str, guild_id: int | None, created_by: str, **further: str | bool
) -> str:
    secret = new_secret()
    values = {"guild_id": guild_id, "name": usable_name(name), "secret": hashed(secret), "created_by": created_by}
    try:
        await conn.execute(SQL[statement], {**values, **further})
    except psycopg.errors.ForeignKeyViolation as error:
        raise NotFound(tr("Guild {number} does not exist.", number=guild_id)) from error
    return secret


def usable_name(text: str, what: str | None = None) -> str:
    """Return the name of an account, a token or a key as it is stored. `what`: what the field is called, “Name” by default.

    Raises `BadInput` for one that cannot be.
    """
    name = " ".join(text.split())
    if not name or not name.isprintable():
        raise BadInput(
            tr("{field}: enter a readable name, so that you recognize it in the list.", field=what or tr("Name"))
        )
    if len(name) > LONGEST_NAME:
        raise BadInput(
            tr(
                "The name has {n} letters, more than the {most} allowed.",
                n=number(len(name)),
                most=number(LONGEST_NAME),
            )
        )
    return name
