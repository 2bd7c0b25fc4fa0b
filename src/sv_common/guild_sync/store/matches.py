"""Full matches that officers asked for, and what became of each."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from psycopg.rows import class_row

from sv_common.db.pool import Connection
from sv_common.db.sql import load_sql
from sv_common.guild_sync.domain.errors import NotFound

SQL = load_sql(__package__, "matches.sql")

MatchState = Literal["waiting", "done", "failed"]


@dataclass(frozen=True, slots=True)
class MatchRequest:
    """A full match that was asked for. `attempt_id` is what can be undone; None where nothing was changed."""

    id: int
    guild_id: int
    actor: str
    asked_at: datetime
    state: MatchState
    sentence: str | None
    attempt_id: int | None
    run_id: int | None
    finished_at: datetime | None


@dataclass(frozen=True, slots=True)
class WaitingMatch:
    """A full match to be done now; `attempts` counts this try."""

    id: int
    actor: str
    attempts: int


async def ask(conn: Connection, guild_id: int, *, actor: str) -> tuple[int, bool]:
    """Ask for a full match; return the request's number, and False if it is one that waited already."""
    row = await (await conn.execute(SQL["ask"], {"guild_id": guild_id, "actor": actor})).fetchone()
    assert row is not None  # noqa: S101 -- one of the two halves always gives the row
    return int(row[0]), bool(row[1])


async def next_waiting(conn: Connection, guild_id: int) -> WaitingMatch | None:
    """Return the full match that waits, if one does."""
    async with conn.cursor(row_factory=class_row(WaitingMatch)) as cursor:
        await cursor.execute(SQL["next"], {"guild_id": guild_id})
        return await cursor.fetchone()


async def finish(
    conn: Connection,
    request_id: int,
    state: MatchState,
    sentence: str,
    *,
    attempt_id: int | None = None,
    run_id: int | None = None,
) -> None:
    """Note what became of a full match."""
    values = {
        "request_id": request_id,
        "state": state,
        "sentence": sentence,
        "attempt_id": attempt_id,
        "run_id": run_id,
    }
    await conn.execute(SQL["finish"], values)


async def get(conn: Connection, request_id: int, guild_id: int) -> MatchRequest:
    """Return one request of a guild. Raises `NotFound`."""
    async with conn.cursor(row_factory=class_row(MatchRequest)) as cursor:
        await cursor.execute(SQL["get"], {"request_id": request_id, "guild_id": guild_id})
        request = await cursor.fetchone()
    if request is None:
        raise NotFound(f"There is no full match with the number {request_id}.")
    return request


async def guilds_that_wait(conn: Connection) -> list[int]:
    """Return the guilds of which a full match waits."""
    return [row[0] for row in await (await conn.execute(SQL["guilds_that_wait"])).fetchall()]
