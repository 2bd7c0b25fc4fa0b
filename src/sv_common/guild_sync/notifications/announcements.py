"""What officers are told on Discord: kept before it is sent, so that nothing is lost and nothing is told twice."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID

from psycopg.types.json import Jsonb

from sv_common.db.pool import Connection, GuildConnection
from sv_common.db.sql import load_sql
from sv_common.guild_sync.sources.discord.announcement import Announcement

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


async def keep_summary(guild: GuildConnection, channel_id: str, announcement: Announcement) -> None:
    """Keep a summary until it is sent; one with the same nonce that is there already stays as it is."""
    await guild.run(
        SQL["keep_summary"], channel_id=channel_id, nonce=announcement.nonce, content=_content(announcement)
    )


async def claim(guild: GuildConnection, claim_id: UUID) -> ClaimedAnnouncement | None:
    """Return the oldest announcement that waits and that nobody else is sending; None where there is none.

    It is the caller's to send for `CLAIM_S` seconds, and may reach Discord from now on.
    """
    row = await guild.row(SQL["claim"], claim=claim_id, seconds=CLAIM_S)
    if row is None:
        return None
    number, kind, channel_id, content, message_id, first_event, last_event, version = row
    announcement = Announcement.from_json(content)
    return ClaimedAnnouncement(
        claim_id, number, kind, channel_id, announcement, message_id, first_event, last_event, version
    )


async def shown(guild: GuildConnection, sent: ClaimedAnnouncement, message_id: str) -> bool:
    """Note that Discord shows what was sent; its text is no longer kept. Say whether the claim was still the sender's.

    Where it was not, and another text was sent meanwhile, the message is written anew with the next news.
    """
    if await guild.run(SQL["shown"], **_of(sent), message_id=message_id, last_event=sent.last_event):
        return True
    await guild.run(SQL["in_doubt"], **_of(sent))
    return False


async def failed(guild: GuildConnection, sent: ClaimedAnnouncement, error: str, *, may_have_arrived: bool) -> None:
    """Note that sending failed, and let it wait before the next try."""
    await guild.run(SQL["failed"], **_of(sent), error=error, may_have_arrived=may_have_arrived)


async def gone(guild: GuildConnection, sent: ClaimedAnnouncement) -> None:
    """Note that an announcement's message was deleted on Discord: it grows no more."""
    await guild.run(SQL["gone"], **_of(sent))


async def close(guild: GuildConnection, announcement_id: int) -> None:
    """Let a digest grow no more; what it has to say is still sent."""
    await guild.run(SQL["close"], id=announcement_id)


async def digest_that_grows(guild: GuildConnection) -> GrowingDigest | None:
    """Return the guild's digest that is not closed, if there is one."""
    return await guild.one(GrowingDigest, SQL["digest_that_grows"])


async def begin_digest(
    guild: GuildConnection, channel_id: str, announcement: Announcement | None, *, nonce: str, covers: tuple[int, int]
) -> None:
    """Keep a new digest of the issue events from the first to the second number; None while it has nothing to say."""
    await guild.run(
        SQL["begin_digest"],
        channel_id=channel_id,
        nonce=nonce,
        content=_content(announcement),
        first_event=covers[0],
        last_event=covers[1],
    )


async def grow_digest(
    guild: GuildConnection, digest_id: int, channel_id: str, announcement: Announcement | None, *, last_event: int
) -> bool:
    """Let a digest tell more; None while it has nothing to say. Say whether it could: not while a first post is under way."""
    return bool(
        await guild.run(
            SQL["grow_digest"],
            id=digest_id,
            channel_id=channel_id,
            last_event=last_event,
            content=_content(announcement),
        )
    )


async def untold(guild: GuildConnection) -> tuple[int, int] | None:
    """Return the first and the last issue event that no digest covers; None when all is told."""
    row = await guild.row(SQL["untold"])
    return (row[0], row[1]) if row and row[0] is not None else None


async def guilds_to_tell(conn: Connection) -> list[int]:
    """Return the guilds whose officers should be told something now."""
    return [row[0] for row in await (await conn.execute(SQL["guilds_to_tell"])).fetchall()]


def _of(sent: ClaimedAnnouncement) -> dict[str, Any]:
    return {"id": sent.id, "claim": sent.claim, "version": sent.version}


def _content(announcement: Announcement | None) -> Jsonb | None:
    return Jsonb(announcement.as_json()) if announcement is not None else None
