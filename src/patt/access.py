"""Who may use the pages and the API: one-time sign-in links, sessions, and API tokens.

Every secret is 32 random bytes and leaves this module once, to whoever it is for; the database keeps its SHA-256.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal, get_args

import psycopg
from psycopg.rows import class_row

from sv_common.db.pool import Connection
from sv_common.db.sql import load_sql
from sv_common.guild_sync.domain.errors import BadInput, NotFound

SQL = load_sql(__package__, "access.sql")
Scope = Literal["api", "metrics"]
"""What a token opens: the whole API, or the metrics alone."""

SCOPES: tuple[Scope, ...] = get_args(Scope)

LINK_LIFETIME = timedelta(minutes=15)
SESSION_LIFETIME = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Account:
    """An administrator of this installation."""

    id: int
    name: str


@dataclass(frozen=True, slots=True)
class TokenHolder:
    """A program that may use the API; `guild_id` is the only guild it may act on, or None for every guild."""

    id: int
    name: str
    guild_id: int | None
    scope: Scope


@dataclass(frozen=True, slots=True)
class Session:
    """A session as it is listed: never its secret."""

    id: int
    account: str
    created_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class ApiToken:
    """An API token as it is listed: never the token itself."""

    id: int
    name: str
    guild_id: int | None
    scope: Scope
    created_by: str
    created_at: datetime
    last_used_at: datetime | None
    revoked_at: datetime | None


@dataclass(frozen=True, slots=True)
class Uploader:
    """A person whose companion may upload for one guild."""

    key_id: int
    guild_id: int
    name: str


@dataclass(frozen=True, slots=True)
class UploadKey:
    """An upload key as it is listed: never the key itself. `last_export_at` tells how fresh its data is."""

    id: int
    uploader: str
    created_by: str
    created_at: datetime
    last_used_at: datetime | None
    last_export_at: datetime | None
    revoked_at: datetime | None


async def create_login_link(conn: Connection, account_name: str, *, lifetime: timedelta = LINK_LIFETIME) -> str:
    """Return the token of a link that signs this administrator in, once; an unknown name becomes an account."""
    token = secrets.token_urlsafe(32)
    values = {"name": _named(account_name), "link": _hash(token), "lifetime": lifetime}
    await conn.execute(SQL["create_login_link"], values)
    return token


async def account_of_login_link(conn: Connection, token: str) -> Account | None:
    """Return whom a link would sign in, and leave it as it is; None for one that is unknown, used or too old."""
    async with conn.cursor(row_factory=class_row(Account)) as cursor:
        return await (await cursor.execute(SQL["account_of_login_link"], {"link": _hash(token)})).fetchone()


async def redeem_login_link(conn: Connection, token: str) -> str | None:
    """Use a link up and return the token of a new session; None for a link that is unknown, used or too old."""
    session = secrets.token_urlsafe(32)
    values = {"link": _hash(token), "session": _hash(session), "lifetime": SESSION_LIFETIME}
    cursor = await conn.execute(SQL["redeem_login_link"], values)
    return session if cursor.rowcount == 1 else None


async def account_of_session(conn: Connection, token: str) -> Account | None:
    """Return whose session this is; None for one that is unknown, ended or too old."""
    async with conn.cursor(row_factory=class_row(Account)) as cursor:
        return await (await cursor.execute(SQL["account_of_session"], {"session": _hash(token)})).fetchone()


async def end_session(conn: Connection, token: str) -> None:
    """End a session; one that has ended stays so."""
    await conn.execute(SQL["end_session"], {"session": _hash(token)})


async def sessions(conn: Connection) -> list[Session]:
    """Return the sessions of all administrators that are of use, newest first."""
    async with conn.cursor(row_factory=class_row(Session)) as cursor:
        return await (await cursor.execute(SQL["sessions"])).fetchall()


async def revoke_session(conn: Connection, session_id: int) -> None:
    """End a session by its number. Raises `NotFound` for one that is none, or has ended."""
    cursor = await conn.execute(SQL["revoke_session"], {"session_id": session_id})
    if cursor.rowcount != 1:
        raise NotFound(f"There is no session with the number {session_id} that could be ended.")


async def end_sessions_of(conn: Connection, account_name: str) -> int:
    """End all sessions of an administrator; return how many there were."""
    return (await conn.execute(SQL["end_sessions_of"], {"name": account_name})).rowcount


async def create_api_token(conn: Connection, name: str, *, guild_id: int | None = None, created_by: str) -> str:
    """Return a new API token, for one guild or for every guild. Raises `NotFound` for a guild that does not exist."""
    return await _new_secret(conn, "create_api_token", name, guild_id, created_by)


async def create_metrics_token(conn: Connection, name: str, *, created_by: str) -> str:
    """Return a new token that opens the metrics of this installation, and nothing else."""
    return await _new_secret(conn, "create_metrics_token", name, None, created_by)


async def api_tokens(conn: Connection) -> list[ApiToken]:
    """Return all tokens, revoked ones last."""
    async with conn.cursor(row_factory=class_row(ApiToken)) as cursor:
        return await (await cursor.execute(SQL["api_tokens"])).fetchall()


async def holder_of_token(conn: Connection, token: str) -> TokenHolder | None:
    """Return who holds an API token; None for one that is unknown or revoked."""
    async with conn.cursor(row_factory=class_row(TokenHolder)) as cursor:
        return await (await cursor.execute(SQL["holder_of_token"], {"token": _hash(token)})).fetchone()


async def revoke_api_token(conn: Connection, token_id: int) -> bool:
    """Make an API token useless; return whether it was of use until now."""
    return (await conn.execute(SQL["revoke_api_token"], {"token_id": token_id})).rowcount == 1


async def create_upload_key(conn: Connection, uploader: str, *, guild_id: int, created_by: str) -> str:
    """Return a new key with which one person's companion may upload for one guild. Raises `NotFound`, `BadInput`."""
    return await _new_secret(conn, "create_upload_key", uploader, guild_id, created_by)


async def uploader_of_key(conn: Connection, key: str) -> Uploader | None:
    """Return whose upload key this is; None for one that is unknown or revoked."""
    async with conn.cursor(row_factory=class_row(Uploader)) as cursor:
        return await (await cursor.execute(SQL["uploader_of_key"], {"key": _hash(key)})).fetchone()


async def upload_keys(conn: Connection, guild_id: int) -> list[UploadKey]:
    """Return a guild's upload keys, revoked ones last."""
    async with conn.cursor(row_factory=class_row(UploadKey)) as cursor:
        return await (await cursor.execute(SQL["upload_keys"], {"guild_id": guild_id})).fetchall()


async def revoke_upload_key(conn: Connection, key_id: int, *, guild_id: int) -> None:
    """Make an upload key useless. Raises `NotFound` for one that is not the guild's, or was revoked before."""
    cursor = await conn.execute(SQL["revoke_upload_key"], {"key_id": key_id, "guild_id": guild_id})
    if cursor.rowcount != 1:
        raise NotFound(f"There is no upload key with the number {key_id} that could be revoked.")


async def ping(conn: Connection) -> None:
    """Ask the database for a sign of life; raises what psycopg raises."""
    await conn.execute(SQL["ping"])


async def schema_revision(conn: Connection) -> str | None:
    """Return the schema that the database has; None for one that was never migrated."""
    row = await (await conn.execute(SQL["schema_revision"])).fetchone()
    return str(row[0]) if row else None


async def _new_secret(conn: Connection, statement: str, name: str, guild_id: int | None, created_by: str) -> str:
    """Return a new secret whose hash the statement has stored under a name."""
    secret = secrets.token_urlsafe(32)
    values = {"guild_id": guild_id, "name": _named(name), "secret": _hash(secret), "created_by": created_by}
    try:
        await conn.execute(SQL[statement], values)
    except psycopg.errors.ForeignKeyViolation as error:
        raise NotFound(f"There is no guild with the number {guild_id}.") from error
    return secret


def _named(name: str) -> str:
    if not name.strip():
        raise BadInput("A name is needed.")
    return name.strip()


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
