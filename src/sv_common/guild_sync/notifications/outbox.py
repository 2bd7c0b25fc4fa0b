"""Send pending announcements: each once, an extended digest as an edit of its message.

1. The announcement is stored with its content (`announcements`).
2. A sender claims it. From now on it may reach Discord; until an answer comes, its first post is repeated unchanged, and
   Discord's nonce lets the second one post nothing.
3. It is posted, or its message edited, while no database connection is held.
4. The sent version is recorded as shown, and its issues as notified. A digest that grew meanwhile stays pending; where the
   claim had run out, a newer text may have been overwritten, and the message is rewritten.
"""

from __future__ import annotations

from uuid import UUID, uuid4

from sv_common.db.pool import Pool
from sv_common.guild_sync.core.errors import SourceError, SourceUnavailable
from sv_common.guild_sync.issues import lifecycle
from sv_common.guild_sync.notifications import announcements
from sv_common.guild_sync.notifications.announcements import ClaimedAnnouncement
from sv_common.guild_sync.sources.ports import Announcer


async def deliver(pool: Pool, announcer: Announcer, guild_id: int) -> int:
    """Send a guild's announcements that are due; return how many messages were posted or edited.

    One that fails is tried again later and does not stop the others; the first `SourceError` is raised at the end.
    """
    claim_id, delivered = uuid4(), 0
    failures: list[SourceError] = []
    while (claimed := await _claim(pool, guild_id, claim_id)) is not None:
        try:
            await _deliver_one(pool, announcer, guild_id, claimed)
            delivered += 1
        except SourceError as error:
            await _retry_later(pool, guild_id, claimed, error)
            failures.append(error)
    if failures:
        raise failures[0]
    return delivered


async def _claim(pool: Pool, guild_id: int, claim_id: UUID) -> ClaimedAnnouncement | None:
    async with pool.writing(guild_id, alone=False) as guild:
        return await announcements.claim(guild, claim_id)


async def _deliver_one(pool: Pool, announcer: Announcer, guild_id: int, each: ClaimedAnnouncement) -> None:
    message_id = each.message_id
    if message_id is None:
        message_id = await announcer.announce(each.channel_id, each.announcement)
    elif not await announcer.rewrite(each.channel_id, message_id, each.announcement):
        async with pool.writing(guild_id, alone=False) as guild:
            await announcements.deleted(guild, each)
        return
    async with pool.writing(guild_id) as guild:
        is_ours = await announcements.shown(guild, each, message_id)
        if is_ours and each.first_event is not None and each.last_event is not None:
            await lifecycle.mark_as_notified(guild, each.first_event, each.last_event)


async def _retry_later(pool: Pool, guild_id: int, each: ClaimedAnnouncement, error: SourceError) -> None:
    """Record the reason. After a time-out the message may have arrived; after a refusal it has not."""
    async with pool.writing(guild_id, alone=False) as guild:
        await announcements.failed(guild, each, str(error), may_have_arrived=isinstance(error, SourceUnavailable))
