"""Sends what officers should be told: each announcement once, a digest that grew as a change of its message.

1. The announcement is kept (`store.announcements`), with what it says.
2. It is noted that it may reach Discord from now on; until an answer comes, its first post is repeated unchanged, and
   Discord's nonce lets the second one post nothing.
3. It is sent, or its message rewritten.
4. It is noted that Discord shows it, and its issues are marked as told.
"""

from __future__ import annotations

from sv_common.db.pool import Pool
from sv_common.guild_sync import issues
from sv_common.guild_sync.domain.errors import SourceError, SourceUnavailable
from sv_common.guild_sync.ports import Announcer
from sv_common.guild_sync.store import announcements, guilds
from sv_common.guild_sync.store.announcements import WaitingAnnouncement


async def deliver(pool: Pool, announcer: Announcer, guild_id: int) -> int:
    """Send what waits for a guild's officers and may be tried now; return how many messages were posted or rewritten.

    Each that fails waits for its next try, and does not stop the others; the first `SourceError` is raised at the end.
    """
    async with pool.connection() as conn:
        waiting = await announcements.waiting(conn, guild_id)
    failures: list[SourceError] = []
    for each in waiting:
        try:
            await _deliver_one(pool, announcer, guild_id, each)
        except SourceError as error:
            await _put_off(pool, each, error)
            failures.append(error)
    if failures:
        raise failures[0]
    return len(waiting)


async def _deliver_one(pool: Pool, announcer: Announcer, guild_id: int, each: WaitingAnnouncement) -> None:
    async with pool.connection() as conn:
        await announcements.set_off(conn, each.id)
    message_id = each.message_id
    if message_id is None:
        message_id = await announcer.announce(each.channel_id, each.announcement)
    elif not await announcer.rewrite(each.channel_id, message_id, each.announcement):
        async with pool.connection() as conn:
            await announcements.gone(conn, each.id)
        return
    async with pool.connection() as conn:
        await guilds.lock(conn, guild_id)
        await announcements.shown(conn, each.id, message_id)
        if each.covers_from is not None and each.covers_to is not None:
            await issues.mark_as_told(conn, guild_id, each.covers_from, each.covers_to)


async def _put_off(pool: Pool, each: WaitingAnnouncement, error: SourceError) -> None:
    """Keep the reason. After a time-out the message may be there; after a refusal it is not."""
    async with pool.connection() as conn:
        await announcements.failed(conn, each.id, str(error), may_have_arrived=isinstance(error, SourceUnavailable))
