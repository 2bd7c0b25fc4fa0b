"""Role changes, and undos of such, that were recorded and not finished: looked up on Discord, and finished as seen."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import structlog

from sv_common.db.pool import GuildConnection, Pool
from sv_common.guild_sync.changes import attempts
from sv_common.guild_sync.changes.attempts import Attempt
from sv_common.guild_sync.changes.changeset import RoleChange
from sv_common.guild_sync.changes.roles import (
    Member,
    MemberGone,
    RoleOutcome,
    RoleRun,
    done_in_words,
    is_seen,
    taken_together,
    to_put_back,
)
from sv_common.guild_sync.core.errors import Busy, SourceError, SourceUnavailable
from sv_common.guild_sync.core.language import mark, tr
from sv_common.guild_sync.engine.command import Rules
from sv_common.guild_sync.engine.role_records import member_at, member_lock, record_fix, recorded
from sv_common.guild_sync.engine.scan import rescan
from sv_common.guild_sync.roster import members
from sv_common.guild_sync.sources.ports import DiscordSource

log = structlog.get_logger(__name__)

_GONE = mark("Interrupted. The member has left the Discord server, so the result is unknown.")
_NOTHING_DONE = mark("Interrupted before anything was changed on Discord. Try again.")


@dataclass(frozen=True, slots=True)
class Finished:
    """How many of the interrupted attempts were finished, and why the others could not be."""

    count: int
    left: int = 0
    error: str | None = None


async def finish_interrupted(pool: Pool, rules: Rules, source: DiscordSource, guild_ids: Sequence[int]) -> Finished:
    """Finish what dead processes have left behind; a member whose lock is taken is being changed right now and is skipped.

    What Discord does not tell stays open until the next time, and so does the rest where it cannot be reached.
    """
    left: list[Attempt] = []
    for each in guild_ids:
        async with pool.reading(each) as guild:
            left += await attempts.unfinished(guild)
    count, kept, why = 0, 0, None
    for place, attempt in enumerate(left):
        try:
            async with member_lock(pool, attempt.member_id):
                count += await _finish(pool, rules, source, attempt)
        except Busy:
            continue
        except SourceError as error:
            log.warning("interrupted_attempt_left", attempt_id=attempt.id, error=type(error).__name__)
            why, kept = str(error), kept + 1
            if isinstance(error, SourceUnavailable):
                kept += len(left) - place - 1
                break
    return Finished(count, kept, why)


async def finish_of_member(
    pool: Pool, rules: Rules, source: DiscordSource, guild_id: int, member_id: int
) -> list[Attempt]:
    """Finish what was left behind of one member, and return it as recorded now. The caller holds the member's lock.

    Raises `SourceError` where Discord cannot be reached.
    """
    async with pool.reading(guild_id) as guild:
        left = [each for each in await attempts.unfinished(guild) if each.member_id == member_id]
    for attempt in left:
        await _finish(pool, rules, source, attempt)
    if not left:
        return []
    async with pool.writing(guild_id, alone=False) as guild:
        return [await attempts.get(guild, attempt.id) for attempt in left]


async def _finish(pool: Pool, rules: Rules, source: DiscordSource, attempt: Attempt) -> bool:
    """Look at the member, and record what is seen; False where another process has done so."""
    async with pool.reading(attempt.guild_id) as here:
        member = await member_at(here, attempt.member_id)
    try:
        held: Sequence[str] | None = await RoleRun(source).look(member)
    except MemberGone:
        held = None

    async def write(guild: GuildConnection) -> bool:
        current = await attempts.get(guild, attempt.id)
        if current.undoing_at is not None:
            await _record_undo(guild, current, member, held)
        elif current.outcome == "running":
            await record_fix(guild, rules.get(current.issue_type), current, member, _as_seen(current, held))
        else:
            return False
        await rescan(guild, rules, current.issue_type)
        return True

    return await recorded(pool, attempt.guild_id, write)


def _as_seen(attempt: Attempt, held: Sequence[str] | None) -> RoleOutcome:
    """What an interrupted fix has done, by what the member has now; none of what it intended was so before."""
    if held is None:
        return RoleOutcome((), None, tr(_GONE))
    made = [change for change in attempt.intended if is_seen(change, held)]
    if len(made) == len(attempt.intended):
        return RoleOutcome(made, held)
    if not made:
        return RoleOutcome((), held, tr(_NOTHING_DONE))
    done = done_in_words(made, {})
    return RoleOutcome(made, held, tr("{done}, then it was interrupted. Try again for the rest.", done=done))


async def _record_undo(guild: GuildConnection, attempt: Attempt, member: Member, held: Sequence[str] | None) -> None:
    if held is None:
        await attempts.stop_undoing(guild, attempt.id, ())
        return
    await members.set_roles(guild, {member.row_id: held})
    if to_put_back(attempt.roles, held):
        await attempts.stop_undoing(guild, attempt.id, put_back(attempt, held))
    else:
        await attempts.mark_undone(guild, [attempt.id], actor=attempt.undoing_by or attempt.actor)


def put_back(attempt: Attempt, held: Collection[str]) -> list[RoleChange]:
    """Return what an interrupted undo has put back, by what the member has now."""
    return [change.inverse for change in taken_together(attempt.roles) if is_seen(change.inverse, held)]
