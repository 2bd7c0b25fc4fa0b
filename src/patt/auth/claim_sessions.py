"""Sessions of members who claim their characters: short, of one guild and one Discord user, and good for that page alone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from psycopg.rows import class_row

from patt.auth.hashing import hashed, new_secret
from sv_common.db.pool import Connection
from sv_common.db.sql import load_sql
from sv_common.guild_sync.core.errors import NotFound
from sv_common.guild_sync.core.language import tr

SQL = load_sql(__package__, "claim_sessions.sql")

CLAIM_LIFETIME = timedelta(hours=1)
"""The time after which a member says anew who they are."""


@dataclass(frozen=True, slots=True)
class Claimer:
    """Who claims characters: a Discord user, in a guild once one is chosen, and the language of that guild."""

    discord_id: str
    name: str
    guild_id: int | None
    language: str | None


@dataclass(frozen=True, slots=True)
class ClaimGuild:
    """A guild on whose Discord server the user is."""

    id: int
    name: str


async def guilds_of(conn: Connection, discord_id: str) -> list[ClaimGuild]:
    """Return the guilds of this installation on whose Discord servers a user is."""
    async with conn.cursor(row_factory=class_row(ClaimGuild)) as cursor:
        return await (await cursor.execute(SQL["guilds"], {"discord_id": discord_id})).fetchall()


async def begin(conn: Connection, discord_id: str, name: str, guild_id: int | None) -> str:
    """Return the secret of a new session."""
    session = new_secret()
    values = {"session": hashed(session), "discord_id": discord_id, "name": name, "guild_id": guild_id}
    await conn.execute(SQL["begin"], {**values, "lifetime": CLAIM_LIFETIME})
    return session


async def holder(conn: Connection, session: str) -> Claimer | None:
    """Return whose session it is; None for one that has ended, and for a user who has left the guild's server."""
    async with conn.cursor(row_factory=class_row(Claimer)) as cursor:
        return await (await cursor.execute(SQL["holder"], {"session": hashed(session)})).fetchone()


async def move_to_guild(conn: Connection, session: str, guild_id: int) -> str:
    """Let a session be of another guild; return its new secret. Raises `NotFound` for one that has ended."""
    renewed = new_secret()
    values = {"session": hashed(session), "new": hashed(renewed), "guild_id": guild_id}
    if (await conn.execute(SQL["move"], values)).rowcount != 1:
        raise NotFound(tr("This session has ended. Sign in again."))
    return renewed


async def end(conn: Connection, session: str) -> None:
    await conn.execute(SQL["end"], {"session": hashed(session)})


async def end_all(conn: Connection) -> None:
    """End every session of members."""
    await conn.execute(SQL["end_all"])
