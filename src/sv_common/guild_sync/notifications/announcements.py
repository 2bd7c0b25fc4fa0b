"""What officers are told on Discord: kept before it is sent, so that nothing is lost and nothing is told twice."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID

from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from sv_common.db.pool import Connection
from sv_common.db.sql import load_sql
from sv_common.guild_sync.sources.discord.message import Announcement

SQL = load_sql(__package__, "announcements.sql")

CLAIM_S = 180
"""Seconds for which a deliverer has an announcement for itself; whoever dies with it lets it wait so long."""


@dataclass(frozen=True, slots=True)
class ClaimedAnnouncement:
    """An announcement that Discord does not show yet, or not as it should be, with the text that its claimer sends.

    `covers_*` are numbers of issue events; `version` counts the texts that the announcement has had.
    """

    claim: UUID
    id: int
    kind: Literal["summary", "digest"]
    channel_id: str
    announcement: Announcement
    message_id: str | None
    first_event: int | None
    last_event: int | None
    version: int


@dataclass(frozen=True, slots=True)
class GrowingDigest:
    """The digest that takes up a guild's news. While its first post is under way it stays as it is.

    `is_in_doubt`: its message may show an older text than was told to it last.
    """

    id: int
    channel_id: str
    nonce: str
    first_event: int
    last_event: int
    is_posted: bool
    is_under_way: bool
    is_in_doubt: bool
    is_over: bool


async def keep_summary(conn: Connection, guild_id: int, channel_id: str, announcement: Announcement) -> None:
    """Keep a summary until it is sent; one with the same nonce that is there already stays as it is."""
    values = {"guild_id": guild_id, "channel_id": channel_id, "nonce": announcement.nonce}
    await conn.execute(SQL["keep_summary"], values | {"content": _content(announcement)})


async def claim(conn: Connection, guild_id: int, claim_id: UUID) -> ClaimedAnnouncement | None:
    """Return the oldest announcement that waits and that nobody else is sending; None where there is none.

    It is the caller's to send for `CLAIM_S` seconds, and may reach Discord from now on.
    """
    values = {"guild_id": guild_id, "claim": claim_id, "seconds": CLAIM_S}
    row = await (await conn.execute(SQL["claim"], values)).fetchone()
    if row is None:
        return None
    number, kind, channel_id, content, message_id, first_event, last_event, version = row
    announcement = Announcement.from_json(content)
    return ClaimedAnnouncement(
        claim_id, number, kind, channel_id, announcement, message_id, first_event, last_event, version
    )


async def shown(conn: Connection, sent: ClaimedAnnouncement, message_id: str) -> bool:
    """Note that Discord shows what was sent; its text is no longer kept. Say whether the claim was still the sender's.

    Where it was not, and another text was sent meanwhile, the message is written anew with the next news.
    """
    values = _of(sent) | {"message_id": message_id, "last_event": sent.last_event}
    if (await conn.execute(SQL["shown"], values)).rowcount:
        return True
    await conn.execute(SQL["in_doubt"], _of(sent))
    return False


async def failed(conn: Connection, sent: ClaimedAnnouncement, error: str, *, may_have_arrived: bool) -> None:
    """Note that sending failed, and let it wait before the next try."""
    await conn.execute(SQL["failed"], _of(sent) | {"error": error, "may_have_arrived": may_have_arrived})


async def gone(conn: Connection, sent: ClaimedAnnouncement) -> None:
    """Note that an announcement's message was deleted on Discord: it grows no more."""
    await conn.execute(SQL["gone"], _of(sent))


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
    await conn.execute(SQL["begin_digest"], values | {"first_event": covers[0], "last_event": covers[1]})


async def grow_digest(
    conn: Connection, digest_id: int, channel_id: str, announcement: Announcement | None, *, last_event: int
) -> bool:
    """Let a digest tell more; None while it has nothing to say. Say whether it could: not while a first post is under way."""
    values = {"id": digest_id, "channel_id": channel_id, "last_event": last_event, "content": _content(announcement)}
    return bool((await conn.execute(SQL["grow_digest"], values)).rowcount)


async def untold(conn: Connection, guild_id: int) -> tuple[int, int] | None:
    """Return the first and the last issue event that no digest covers; None when all is told."""
    row = await (await conn.execute(SQL["untold"], {"guild_id": guild_id})).fetchone()
    return (row[0], row[1]) if row and row[0] is not None else None


async def guilds_to_tell(conn: Connection) -> list[int]:
    """Return the guilds whose officers should be told something now."""
    return [row[0] for row in await (await conn.execute(SQL["guilds_to_tell"])).fetchall()]


def _of(sent: ClaimedAnnouncement) -> dict[str, Any]:
    return {"id": sent.id, "claim": sent.claim, "version": sent.version}


def _content(announcement: Announcement | None) -> Jsonb | None:
    return Jsonb(announcement.as_json()) if announcement is not None else None
