"""Sessions of signed-in accounts: how they begin, whose they are, and how they end."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Annotated, Literal

from psycopg.rows import class_row
from pydantic import Field

from patt.auth.hashing import hashed, new_secret
from patt.auth.permissions import Role
from sv_common.db.pool import Connection
from sv_common.db.sql import load_sql
from sv_common.guild_sync.core.errors import NotFound
from sv_common.guild_sync.core.language import tr

SQL = load_sql(__package__, "sessions.sql")
SESSION_LIFETIME = timedelta(days=7)
"""The longest time that a session lasts."""

SESSION_IDLE = timedelta(days=2)
"""The longest time that a session lasts without use."""

SIGN_IN_LIFETIME = timedelta(minutes=10)
"""The longest time for signing in at Discord."""

SessionKind = Literal["link", "discord"]
Purpose = Literal["admin", "claim", "battlenet"]
"""What a sign-in is for: with Discord, the admin pages or the page of members; with Battle.net, proof of characters."""


@dataclass(frozen=True, slots=True)
class Holder:
    """The account of a session. `role` is that of a local account; the role of a Discord account follows from its grants.

    `language` is that of the guild that the request is about, as far as that can be told; `moment` what the database shows, where
    it tells that.
    """

    id: int
    account_id: int
    name: str
    discord_id: str | None
    role: Role | None
    guild_id: int | None
    language: str | None
    moment: str | None


@dataclass(frozen=True, slots=True)
class Session:
    """A valid session; never its secret."""

    id: int
    account_id: Annotated[int, Field(exclude=True)]
    account: str
    kind: Annotated[SessionKind, Field(description="How it began: by a one-time link, or with Discord.")]
    guild_id: Annotated[
        int | None, Field(description="The only guild that it may act on; null for every guild, or none selected yet.")
    ]
    created_at: datetime
    last_seen_at: datetime
    expires_at: Annotated[datetime, Field(description="When it ends, if it is not used until then.")]


@dataclass(frozen=True, slots=True)
class KnownAccount:
    """An account that may sign in by link, or has signed in with Discord."""

    id: int
    name: str
    role: Annotated[
        Role | None,
        Field(description="Of accounts that sign in by link; other roles follow from ranks and Discord roles."),
    ]
    guild_id: int | None
    kind: SessionKind
    created_at: datetime
    last_seen_at: datetime | None


async def holder(conn: Connection, token: str, *, is_seen: bool = True, asked: int | None = None) -> Holder | None:
    """Return whose session this is; None for one that is unknown, ended, too old or too long unused.

    `is_seen`: a person is using it. What a page requests automatically does not extend a session. `asked` is the guild that
    the request names.
    """
    async with conn.cursor(row_factory=class_row(Holder)) as cursor:
        values = {"session": hashed(token), "idle": SESSION_IDLE, "is_seen": is_seen, "asked": asked}
        return await (await cursor.execute(SQL["holder"], values)).fetchone()


async def begin_sign_in(conn: Connection, proof: str, purpose: Purpose) -> None:
    """Note that a sign-in has begun, which will return with this proof."""
    values = {"proof": hashed(proof), "purpose": purpose, "lifetime": SIGN_IN_LIFETIME}
    await conn.execute(SQL["begin_sign_in"], values)


async def end_sign_in(conn: Connection, proof: str) -> Purpose | None:
    """Use up a sign-in that has begun; return what it is for, None where there was none or it is too old."""
    row = await (await conn.execute(SQL["end_sign_in"], {"proof": hashed(proof)})).fetchone()
    return row[0] if row else None


async def sign_in_with_discord(conn: Connection, discord_id: str, username: str, guild_id: int | None) -> str:
    """Return a new session of a Discord user in a guild, or in none yet. Its account name is “@” and the name there."""
    session = new_secret()
    values = {"session": hashed(session), "lifetime": SESSION_LIFETIME, "guild_id": guild_id}
    await conn.execute(SQL["sign_in_with_discord"], {**values, "discord_id": discord_id, "name": f"@{username}"})
    return session


async def move_to_guild(conn: Connection, token: str, guild_id: int) -> str:
    """Let a session be of another guild; return its new secret. Raises `NotFound` for one that has ended."""
    session = new_secret()
    values = {"session": hashed(token), "new": hashed(session), "guild_id": guild_id}
    if (await conn.execute(SQL["move_to_guild"], values)).rowcount != 1:
        raise NotFound(tr("This session has ended. Sign in again."))
    return session


async def end(conn: Connection, token: str) -> None:
    await conn.execute(SQL["end"], {"session": hashed(token)})


async def sessions(conn: Connection, *, account_id: int | None = None, guild_id: int | None = None) -> list[Session]:
    """Return the valid sessions, newest first; of one account or one guild if given."""
    async with conn.cursor(row_factory=class_row(Session)) as cursor:
        values = {"account_id": account_id, "guild_id": guild_id, "idle": SESSION_IDLE}
        return await (await cursor.execute(SQL["list"], values)).fetchall()


async def revoke(
    conn: Connection, session_id: int, *, account_id: int | None = None, guild_id: int | None = None
) -> None:
    """End a session by its number. Raises `NotFound` for one that has ended, or is not of that account or guild."""
    values = {"session_id": session_id, "account_id": account_id, "guild_id": guild_id, "idle": SESSION_IDLE}
    if (await conn.execute(SQL["revoke"], values)).rowcount != 1:
        raise NotFound(tr("Session {number} does not exist or has ended.", number=session_id))


async def end_all(conn: Connection) -> None:
    """End every session."""
    await conn.execute(SQL["end_all"])


async def end_all_of(conn: Connection, account_id: int) -> int:
    """End all sessions of an account; return how many there were."""
    return (await conn.execute(SQL["end_all_of"], {"account_id": account_id})).rowcount


async def end_all_of_name(conn: Connection, name: str) -> int:
    """End all sessions of the account with this name; return how many there were."""
    return (await conn.execute(SQL["end_all_of_name"], {"name": name})).rowcount


async def accounts(conn: Connection, *, guild_id: int | None = None) -> list[KnownAccount]:
    """Return the accounts; with a guild, only those that belong to it or have been in it."""
    async with conn.cursor(row_factory=class_row(KnownAccount)) as cursor:
        return await (await cursor.execute(SQL["accounts"], {"guild_id": guild_id})).fetchall()
