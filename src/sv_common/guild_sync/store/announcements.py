"""What officers are told on Discord: kept before it is sent, so that nothing is lost and nothing is told twice."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from sv_common.db.pool import Connection
from sv_common.db.sql import load_sql
from sv_common.guild_sync.domain.announcement import Announcement

SQL = load_sql(__package__, "announcements.sql")


@dataclass(frozen=True, slots=True)
class WaitingAnnouncement:
    """An announcement that Discord does not show yet, or not as it should be. `covers_*` are numbers of issue events."""

    id: int
    kind: Literal["summary", "digest"]
    channel_id: str
    announcement: Announcement
    message_id: str | None
    covers_from: int | None
    covers_to: int | None


@dataclass(frozen=True, slots=True)
class GrowingDigest:
    """The digest that takes up a guild's news. While its first post is under way it stays as it is."""

    id: int
    channel_id: str
    nonce: str
    covers_from: int
    is_posted: bool
    is_under_way: bool
    is_over: bool


async def keep_summary(conn: Connection, guild_id: int, channel_id: str, announcement: Announcement) -> None:
    """Keep a summary until it is sent; one with the same nonce that is there already stays as it is."""
    values = {"guild_id": guild_id, "channel_id": channel_id, "nonce": announcement.nonce}
    await conn.execute(SQL["keep_summary"], values | {"content": _content(announcement)})


async def waiting(conn: Connection, guild_id: int) -> list[WaitingAnnouncement]:
    """Return what waits and may be tried now, oldest first."""
    rows = await (await conn.execute(SQL["waiting"], {"guild_id": guild_id})).fetchall()
    return [WaitingAnnouncement(row[0], row[1], row[2], Announcement.from_json(row[3]), *row[4:7]) for row in rows]


async def set_off(conn: Connection, announcement_id: int) -> None:
    """Note, before it is sent, that an announcement may reach Discord from now on."""
    await conn.execute(SQL["set_off"], {"id": announcement_id})


async def shown(conn: Connection, announcement_id: int, message_id: str) -> None:
    """Note that Discord shows an announcement as it should be; its text is no longer kept."""
    await conn.execute(SQL["shown"], {"id": announcement_id, "message_id": message_id})


async def failed(conn: Connection, announcement_id: int, error: str, *, may_have_arrived: bool) -> None:
    """Note that sending failed, and let it wait before the next try."""
    await conn.execute(SQL["failed"], {"id": announcement_id, "error": error, "may_have_arrived": may_have_arrived})


async def gone(conn: Connection, announcement_id: int) -> None:
    """Note that an announcement's message was deleted on Discord: it grows no more."""
    await conn.execute(SQL["gone"], {"id": announcement_id})


async def close(conn: Connection, announcement_id: int) -> None:
    """Let a digest grow no more; what it has to say is still sent."""
    await conn.execute(SQL["close"], {"id": announcement_id})


async def digest_that_grows(conn: Connection, guild_id: int) -> GrowingDigest | None:
    """Return the guild's digest that is not closed, if there is one."""
    async with conn.cursor(row_factory=class_row(GrowingDigest)) as cursor:
        await cursor.execute(SQL["digest_that_grows"], {"guild_id": guild_id})
        return await cursor.fetchone()


async def begin_digest(
    conn: Connection,
    guild_id: int,
    channel_id: str,
    announcement: Announcement | None,
    *,
    nonce: str,
    covers: tuple[int, int],
) -> None:
    """Keep a new digest of the issue events from the first to the second number; None while it has nothing to say."""
    values = {"guild_id": guild_id, "channel_id": channel_id, "nonce": nonce, "content": _content(announcement)}
    await conn.execute(SQL["begin_digest"], values | {"covers_from": covers[0], "covers_to": covers[1]})


async def grow_digest(
    conn: Connection, digest_id: int, channel_id: str, announcement: Announcement | None, *, covers_to: int
) -> None:
    """Let a digest tell more; None while it has nothing to say."""
    values = {"id": digest_id, "channel_id": channel_id, "covers_to": covers_to, "content": _content(announcement)}
    await conn.execute(SQL["grow_digest"], values)


async def untold(conn: Connection, guild_id: int) -> tuple[int, int] | None:
    """Return the first and the last issue event that no digest covers; None when all is told."""
    row = await (await conn.execute(SQL["untold"], {"guild_id": guild_id})).fetchone()
    return (row[0], row[1]) if row and row[0] is not None else None


async def guilds_to_tell(conn: Connection) -> list[int]:
    """Return the guilds whose officers should be told something now."""
    return [row[0] for row in await (await conn.execute(SQL["guilds_to_tell"])).fetchall()]


def _content(announcement: Announcement | None) -> Jsonb | None:
    return Jsonb(announcement.as_json()) if announcement is not None else None
