"""The jobs that wait and run now, as the queue's own tables tell."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from psycopg.rows import class_row

from patt.tasks import SILENCE_OF_THE_DEAD_S
from sv_common.db.pool import Connection
from sv_common.db.sql import load_sql
from sv_common.guild_sync.core.paging import PAGE_SIZE, Page, Place

SQL = load_sql(__package__, "overview.sql")


@dataclass(frozen=True, slots=True)
class JobSummary:
    """A job. `since` is when it came into its state; `attempts` counts the tries that have ended."""

    id: int
    task: str
    guild_id: int | None
    guild: str | None
    state: Literal["waiting", "running"]
    since: datetime | None
    attempts: int


async def jobs(conn: Connection, guild_id: int | None, *, number: int = 1) -> Page[JobSummary]:
    """Return one page of the jobs of a guild, or of all for None: those that run first, then as they came."""
    values = {"guild_id": guild_id}
    row = await (await conn.execute(SQL["count_jobs"], values)).fetchone()
    place = Place(int(row[0]) if row else 0, number)
    async with conn.cursor(row_factory=class_row(JobSummary)) as cursor:
        await cursor.execute(SQL["jobs"], {**values, "limit": PAGE_SIZE, "offset": place.offset})
        return place.page(await cursor.fetchall())


async def has_worker(conn: Connection) -> bool:
    """Whether somebody does the jobs."""
    row = await (await conn.execute(SQL["has_worker"], {"silence": SILENCE_OF_THE_DEAD_S})).fetchone()
    return bool(row and row[0])
