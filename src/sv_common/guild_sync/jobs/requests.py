"""Scans and fixes that officers asked for: what waits, how far it is, and what came of it. Kept for a day."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from psycopg.types.json import Jsonb

from sv_common.db.pool import Connection, GuildConnection
from sv_common.db.sql import load_sql
from sv_common.guild_sync.core.kept_texts import TOO_LATE
from sv_common.guild_sync.core.language import tr
from sv_common.guild_sync.core.paging import PAGE_SIZE, Page, Place
from sv_common.guild_sync.core.progress import Progress

SQL = load_sql(__package__, "requests.sql")

WorkState = Literal["waiting", "running", "done", "failed"]


@dataclass(frozen=True, slots=True)
class WorkRequest:
    """A request. `issue_ids` are what a fix is about, from its first try on, and `results` what became of the first of them.

    `attempts` counts the tries so far; of a fix in portions, those of the portion. `failed_at` is the last one that failed.
    """

    id: int
    guild_id: int
    kind: str
    arguments: Mapping[str, Any]
    actor: str
    requested_at: datetime
    state: WorkState
    attempts: int
    issue_ids: Sequence[int] | None
    results: Sequence[Mapping[str, Any]]
    failed_at: datetime | None
    done: int
    total: int
    doing: str | None
    sentence: str | None
    result: Mapping[str, Any] | None
    started_at: datetime | None
    finished_at: datetime | None


async def ask(
    guild: GuildConnection, kind: str, arguments: Mapping[str, Any], *, actor: str
) -> tuple[WorkRequest, bool]:
    """Ask for work; return the request, and False if it is one that waited already."""
    row = await guild.row(SQL["ask"], kind=kind, arguments=Jsonb(dict(arguments)), actor=actor)
    assert row is not None  # noqa: S101 -- "returning" always gives the row
    return await get(guild, row[0]), bool(row[1])


async def next_waiting(guild: GuildConnection) -> WorkRequest | None:
    """Begin the oldest request of a guild that is not done; None where there is none. One that failed pauses for a minute."""
    return await guild.one(WorkRequest, SQL["next"])


async def is_any_waiting(guild: GuildConnection) -> bool:
    """Return whether a request waits that may be begun by now."""
    return bool(await guild.value(SQL["is_any_waiting"]))


async def begin_fix(guild: GuildConnection, request_id: int, issue_ids: Sequence[int]) -> None:
    """Keep what a fix is about, so that a later try tells of the same issues."""
    await guild.run(SQL["begin_fix"], request_id=request_id, issue_ids=list(issue_ids))


async def report(guild: GuildConnection, request: WorkRequest, progress: Progress) -> None:
    """Note how far a request has come; nothing where its try was taken over, or it has ended."""
    values = {"done": progress.done, "total": progress.total, "doing": progress.doing}
    await guild.run(SQL["report"], request_id=request.id, attempts=request.attempts, **values)


async def keep_portion(
    guild: GuildConnection, request: WorkRequest, results: Sequence[Mapping[str, Any]], *, left: int
) -> None:
    """Keep what became of a portion of a fix, of which so many issues are left; the next portion is not another try.

    Nothing where its try was taken over.
    """
    values = {"results": Jsonb(list(results)), "left": left}
    await guild.run(SQL["keep_portion"], request_id=request.id, attempts=request.attempts, **values)


async def put_off(guild: GuildConnection, request: WorkRequest, reason: str) -> None:
    """Note why a try failed that is made again; nothing where it was taken over, or has ended."""
    await guild.run(SQL["put_off"], request_id=request.id, attempts=request.attempts, reason=reason)


async def finish(
    guild: GuildConnection, request_id: int, state: WorkState, sentence: str, result: Mapping[str, Any] | None = None
) -> None:
    """Note what came of a request; one that has ended stays as it is."""
    values = {"state": state, "sentence": sentence, "result": None if result is None else Jsonb(dict(result))}
    await guild.run(SQL["finish"], request_id=request_id, **values)


async def get(guild: GuildConnection, request_id: int) -> WorkRequest:
    """Return one request of a guild. Raises `NotFound`."""
    otherwise = tr("Job {number} does not exist. Jobs are kept for a day.", number=request_id)
    return await guild.required(WorkRequest, otherwise, SQL["by_number"], first=request_id, last=request_id)


async def by_number(guild: GuildConnection, first: int, last: int) -> list[WorkRequest]:
    return await guild.all(WorkRequest, SQL["by_number"], first=first, last=last)


async def under_way(guild: GuildConnection) -> list[WorkRequest]:
    return await guild.all(WorkRequest, SQL["under_way"])


async def newest(guild: GuildConnection, *, number: int = 1) -> Page[WorkRequest]:
    place = Place(int(await guild.value(SQL["count"]) or 0), number)
    return place.page(await guild.all(WorkRequest, SQL["newest"], limit=PAGE_SIZE, offset=place.offset))


async def clear_old(conn: Connection) -> None:
    """Give up what no one has done within a day, and forget what ended longer ago than that."""
    await conn.execute(SQL["forget_old"])
    await conn.execute(SQL["give_up_old"], {"sentence": TOO_LATE})
