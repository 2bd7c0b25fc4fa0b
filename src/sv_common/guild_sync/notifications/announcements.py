"""Messages to officers on Discord: stored before they are sent, so that none is lost and none is sent twice."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal
from uuid import UUID

from psycopg.types.json import Jsonb

from sv_common.db.pool import GuildConnection
from sv_common.db.sql import load_sql
from sv_common.guild_sync.sources.discord.message import Announcement

SQL = load_sql(__package__, "announcements.sql")

CLAIM_S = 180
"""Seconds for which a sender has an announcement for itself; if it dies, the announcement waits that long."""


@dataclass(frozen=True, slots=True)
class ClaimedAnnouncement:
    """An announcement that Discord does not show yet, or with an older text. `version` counts its texts.

    A digest reports the issue events from `first_event` to `last_event`.
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
class OpenDigest:
    """The digest that a guild's news are added to. While its first post is under way it stays unchanged.

    `is_in_doubt`: its message may show an older text; `is_over`: its day (in UTC) has passed.
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


async def store_summary(guild: GuildConnection, channel_id: str, announcement: Announcement) -> None:
    """Store a summary until it is sent; one with the same nonce stays unchanged."""
    await guild.run(
        SQL["store_summary"], channel_id=channel_id, nonce=announcement.nonce, content=_content(announcement)
    )


async def claim(guild: GuildConnection, claim_id: UUID) -> ClaimedAnnouncement | None:
    """Claim the oldest announcement that is due, or None. It is the caller's to send for `CLAIM_S` seconds."""
    row = await guild.row(SQL["claim"], claim=claim_id, seconds=CLAIM_S)
    if row is None:
        return None
    number, kind, channel_id, content, message_id, first_event, last_event, version = row
    announcement = Announcement.from_json(content)
    return ClaimedAnnouncement(
        claim_id, number, kind, channel_id, announcement, message_id, first_event, last_event, version
    )


async def shown(guild: GuildConnection, sent: ClaimedAnnouncement, message_id: str) -> bool:
    """Record that Discord shows what was sent. Return whether the claim was still the sender's.

    Where it was not, and another text was sent meanwhile, the message is rewritten with the next news.
    """
    if await guild.run(SQL["shown"], **_of(sent), message_id=message_id, last_event=sent.last_event):
        return True
    await guild.run(SQL["in_doubt"], **_of(sent))
    return False


async def failed(guild: GuildConnection, sent: ClaimedAnnouncement, error: str, *, may_have_arrived: bool) -> None:
    """Record that sending failed; the next try comes after a pause."""
    await guild.run(SQL["failed"], **_of(sent), error=error, may_have_arrived=may_have_arrived)


async def deleted(guild: GuildConnection, sent: ClaimedAnnouncement) -> None:
    """Record that an announcement's message was deleted on Discord, and close it."""
    await guild.run(SQL["deleted"], **_of(sent))


async def close(guild: GuildConnection, announcement_id: int) -> None:
    """Close a digest: nothing is added any more, and pending content is still sent."""
    await guild.run(SQL["close"], id=announcement_id)


async def open_digest(guild: GuildConnection) -> OpenDigest | None:
    return await guild.one(OpenDigest, SQL["open_digest"])


async def start_digest(
    guild: GuildConnection, channel_id: str, announcement: Announcement | None, *, nonce: str, covers: tuple[int, int]
) -> None:
    """Store a new digest of the issue events in a range; the announcement is None while there is nothing to show."""
    await guild.run(
        SQL["start_digest"],
        channel_id=channel_id,
        nonce=nonce,
        content=_content(announcement),
        first_event=covers[0],
        last_event=covers[1],
    )


async def extend_digest(
    guild: GuildConnection, digest_id: int, channel_id: str, announcement: Announcement | None, *, last_event: int
) -> bool:
    """Extend a digest to an event. Return False, and change nothing, while its first post is under way."""
    return bool(
        await guild.run(
            SQL["extend_digest"],
            id=digest_id,
            channel_id=channel_id,
            last_event=last_event,
            content=_content(announcement),
        )
    )


async def unreported(guild: GuildConnection) -> tuple[int, int] | None:
    """Return the first and the last issue event that no digest covers; None without news."""
    row = await guild.row(SQL["unreported"])
    return (row[0], row[1]) if row and row[0] is not None else None


def _of(sent: ClaimedAnnouncement) -> dict[str, Any]:
    return {"id": sent.id, "claim": sent.claim, "version": sent.version}


def _content(announcement: Announcement | None) -> Jsonb | None:
    return Jsonb(announcement.as_json()) if announcement is not None else None
