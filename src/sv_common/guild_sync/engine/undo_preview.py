"""What undoing an attempt would change, or why it cannot be undone. Nothing is stored.

The preview runs the very function of the undo and rolls it back, so the preview and the undo cannot disagree.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from sv_common.db.pool import GuildConnection, Pool
from sv_common.guild_sync.changes import attempts
from sv_common.guild_sync.changes.attempts import Attempt
from sv_common.guild_sync.changes.changeset import fold
from sv_common.guild_sync.changes.describe import Effect, Names, describe
from sv_common.guild_sync.core.errors import PattError, Refused
from sv_common.guild_sync.engine.command import Guard, unguarded
from sv_common.guild_sync.engine.undo import UndoneParts, parts_of, undo_parts, undo_rows
from sv_common.guild_sync.engine.undo_roles import check_roles_can_go_back, check_undoable
from sv_common.guild_sync.issues.history import Seen, moves
from sv_common.guild_sync.sources.ports import DiscordSource

MOST_EFFECTS = 200
"""Lines that are told; a full match can change thousands of rows."""

MOST_LATER = 5
MOST_BLOCKED = 50

_REHEARSAL = "preview"


@dataclass(frozen=True, slots=True)
class LaterAttempt:
    """A later change of the same rows: why an attempt can no longer be undone."""

    attempt_id: int
    actor: str
    at: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class BlockedPeople:
    """People whose part of an attempt cannot be undone, and why."""

    people: str
    reason: str


@dataclass(frozen=True, slots=True)
class UndoPreview:
    """What an undo would put back. `obstacle` says why it cannot, `later` who changed what since; `total` counts the lines.

    Where it cannot be undone whole, `parts` counts the people that can be undone, `blocked` names the others, and `effects`
    are those of the part that can be undone.
    """

    attempt: Attempt
    effects: Sequence[Effect]
    total: int
    obstacle: str | None
    later: Sequence[LaterAttempt]
    seen: Seen
    parts: int = 0
    blocked: Sequence[BlockedPeople] = ()
    blocked_total: int = 0


async def preview_undo(
    pool: Pool, attempt_id: int, *, guild_id: int, source: DiscordSource | None = None, guard: Guard = unguarded
) -> UndoPreview:
    """Return what undoing an attempt would put back now; nothing of it stays. Raises `NotFound`.

    What the guard of the rows refuses is an obstacle, as it is for the undo. For roles, Discord is asked what the member has
    and what the bot may do, as the undo does; no connection is held meanwhile.
    """
    here = await pool.rehearse(guild_id, lambda guild: _rehearse(guild, attempt_id, guard))
    if here.obstacle is None:
        try:
            await check_roles_can_go_back(pool, here.attempt, source)
        except PattError as error:
            return replace(here, obstacle=str(error))
    return here


async def _rehearse(guild: GuildConnection, attempt_id: int, guard: Guard) -> UndoPreview:
    """Undo everything in the database, and return the result; the caller rolls it back."""
    attempt = await attempts.get(guild, attempt_id)
    obstacle = await _obstacle_here(guild, attempt, guard)
    names = await attempts.names_of(guild, attempt)
    put_back = await _parts(guild, attempt, guard) if obstacle is not None else UndoneParts((), ())
    rows = [row.inverse for row in fold(put_back.undone or attempt.rows)]
    effects = describe([*rows, *(role.inverse for role in reversed(attempt.roles))], names)
    newest = await moves(guild, attempt.issue_id) if attempt.issue_id is not None else []
    later = await attempts.later(guild, attempt, MOST_LATER) if obstacle and attempt.undone_at is None else []
    blocked = [BlockedPeople(Names(names).people(each.part.player_ids), each.reason) for each in put_back.blocked]
    return UndoPreview(
        attempt,
        effects[:MOST_EFFECTS],
        len(effects),
        obstacle,
        [LaterAttempt(each.id, each.actor, each.started_at, each.reason) for each in later],
        Seen(newest[-1].id if newest else 0),
        parts=len(put_back.done),
        blocked=blocked[:MOST_BLOCKED] if put_back.done else (),
        blocked_total=len(blocked) if put_back.done else 0,
    )


async def _obstacle_here(guild: GuildConnection, attempt: Attempt, guard: Guard) -> str | None:
    try:
        check_undoable(attempt)
        async with guild.conn.transaction(force_rollback=True), guard(guild):
            await undo_rows(guild, attempt, attempt.rows, actor=_REHEARSAL)
    except PattError as error:
        return str(error)
    return None


async def _parts(guild: GuildConnection, attempt: Attempt, guard: Guard) -> UndoneParts:
    """What could be undone of an attempt that cannot be undone whole; nothing where it has one part, or was undone."""
    parts = parts_of(attempt.rows)
    if attempt.undone_at is not None or attempt.is_on_discord or len(parts) < 2:
        return UndoneParts((), ())
    try:
        async with guild.conn.transaction(force_rollback=True), guard(guild):
            return await undo_parts(guild, attempt, parts, actor=_REHEARSAL)
    except Refused:  # as the undo of these parts would be
        return UndoneParts((), ())
