"""What taking an attempt back would change, or why it cannot be taken back. Nothing is kept of it.

The undo is rehearsed: the rows are put back by the very function that puts them back for good, and that is rolled back. So
the preview and the undo cannot disagree.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sv_common.db.pool import Connection, Pool
from sv_common.guild_sync.changes import attempts
from sv_common.guild_sync.changes.attempts import Attempt
from sv_common.guild_sync.changes.changeset import fold
from sv_common.guild_sync.changes.describe import Effect, Names, describe
from sv_common.guild_sync.core.errors import PattError, Refused
from sv_common.guild_sync.engine.command import Guard, unguarded
from sv_common.guild_sync.engine.undo import PartsPutBack, parts_of, put_parts_back, put_rows_back
from sv_common.guild_sync.engine.undo_roles import check_roles_can_go_back, check_undoable
from sv_common.guild_sync.issues.history import Seen, moves
from sv_common.guild_sync.sources.ports import DiscordSource

MOST_EFFECTS = 200
"""Lines that are told; a full match can change thousands of rows."""

MOST_LATER = 5
MOST_BLOCKED = 50

_REHEARSAL = "preview"


@dataclass(frozen=True, slots=True)
class LaterDeed:
    """What was done to the same rows since: why an attempt can no longer be taken back."""

    attempt_id: int
    actor: str
    at: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class BlockedPeople:
    """Whose part of an attempt cannot be undone, and why."""

    people: str
    reason: str


@dataclass(frozen=True, slots=True)
class UndoPreview:
    """What an undo would put back. `obstacle` says why it cannot, `later` who changed what since; `total` counts the lines.

    Where it cannot be undone whole, `parts` counts the people for whom it can be, `blocked` names the others, and
    `effects` are those of the part that can be undone.
    """

    attempt: Attempt
    effects: Sequence[Effect]
    total: int
    obstacle: str | None
    later: Sequence[LaterDeed]
    seen: Seen
    parts: int = 0
    blocked: Sequence[BlockedPeople] = ()
    blocked_total: int = 0


async def preview_undo(
    pool: Pool,
    attempt_id: int,
    *,
    guild_id: int | None = None,
    source: DiscordSource | None = None,
    guard: Guard = unguarded,
) -> UndoPreview:
    """Return what undoing an attempt would put back now; nothing of it stays. Raises `NotFound`.

    What the guard of the rows refuses is an obstacle, as it is for the undo.
    For roles, Discord is asked what the member holds and what the bot may do, as the undo asks; no connection is held
    meanwhile, so that nobody waits for Discord.
    """
    async with pool.installation() as conn:
        number = await attempts.guild_of(conn, attempt_id, guild_id)
    here = await pool.rehearse(number, lambda guild: _rehearse(guild.conn, attempt_id, guild.id, guard))
    if here.obstacle is not None:
        return here
    return replace(here, obstacle=await _obstacle_on_discord(pool, here.attempt, source))


async def _rehearse(conn: Connection, attempt_id: int, guild_id: int | None, guard: Guard) -> UndoPreview:
    """Put everything back that is in the database, and say what came of it; the caller takes it back."""
    attempt = await attempts.get(conn, attempt_id, guild_id)
    obstacle = await _obstacle_here(conn, attempt, guard)
    names = await attempts.names_of(conn, attempt)
    put_back = await _parts(conn, attempt, guard) if obstacle is not None else PartsPutBack((), ())
    rows = [row.inverse for row in fold(put_back.undone or attempt.rows)]
    effects = describe([*rows, *(role.inverse for role in reversed(attempt.roles))], names)
    newest = await moves(conn, attempt.issue_id) if attempt.issue_id is not None else []
    blocked = [BlockedPeople(Names(names).people(each.part.player_ids), each.reason) for each in put_back.blocked]
    return UndoPreview(
        attempt,
        effects[:MOST_EFFECTS],
        len(effects),
        obstacle,
        await _later(conn, attempt) if obstacle and attempt.undone_at is None else [],
        Seen(newest[-1].id if newest else 0),
        parts=len(put_back.done),
        blocked=blocked[:MOST_BLOCKED] if put_back.done else (),
        blocked_total=len(blocked) if put_back.done else 0,
    )


async def _obstacle_here(conn: Connection, attempt: Attempt, guard: Guard) -> str | None:
    """Why the rows cannot be put back now; None where they can."""
    try:
        check_undoable(attempt)
        async with conn.transaction(force_rollback=True), guard(conn, attempt.guild_id):
            await put_rows_back(conn, attempt, attempt.rows, actor=_REHEARSAL)
    except PattError as error:
        return str(error)
    return None


async def _parts(conn: Connection, attempt: Attempt, guard: Guard) -> PartsPutBack:
    """What could be undone of an attempt that cannot be undone whole; nothing where it is of one piece, or undone."""
    parts = parts_of(attempt.rows)
    if attempt.undone_at is not None or attempt.member_id is not None or len(parts) < 2:
        return PartsPutBack((), ())
    try:
        async with conn.transaction(force_rollback=True), guard(conn, attempt.guild_id):
            return await put_parts_back(conn, attempt, parts, actor=_REHEARSAL)
    except Refused:  # as the undo of these parts would be
        return PartsPutBack((), ())


async def _obstacle_on_discord(pool: Pool, attempt: Attempt, source: DiscordSource | None) -> str | None:
    """Why the roles cannot be put back now; None where they can, or where the attempt changed none."""
    try:
        await check_roles_can_go_back(pool, attempt, source)
    except PattError as error:
        return str(error)
    return None


async def _later(conn: Connection, attempt: Attempt) -> list[LaterDeed]:
    return [
        LaterDeed(each.id, each.actor, each.started_at, each.reason)
        for each in await attempts.later(conn, attempt, MOST_LATER)
    ]
