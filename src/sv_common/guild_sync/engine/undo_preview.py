"""What undoing attempts would change, or why they cannot be undone. Nothing is stored.

The preview runs the very function of the undo and rolls it back, so the preview and the undo cannot disagree.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from sv_common.db.pool import GuildConnection, Pool
from sv_common.guild_sync.changes import attempts
from sv_common.guild_sync.changes.attempts import Attempt
from sv_common.guild_sync.changes.changeset import NameOf, RowChange, fold
from sv_common.guild_sync.changes.describe import Effect, Names, describe
from sv_common.guild_sync.core.errors import PattError, PlanStale, Refused
from sv_common.guild_sync.engine.command import Guard, unguarded
from sv_common.guild_sync.engine.undo import sort_out, why_reason_is_needed
from sv_common.guild_sync.engine.undo_roles import check_roles_can_go_back, check_undoable
from sv_common.guild_sync.engine.undoing.blockers import (
    MOST_TOGETHER,
    InTheWay,
    LaterAttempt,
    in_the_way,
    in_the_way_of_parts,
    told,
)
from sv_common.guild_sync.engine.undoing.parts import UndoneParts, parts_of, rows_of, undo_parts, undo_whole
from sv_common.guild_sync.issues.history import Seen, moves
from sv_common.guild_sync.sources.ports import DiscordSource

MOST_EFFECTS = 200
"""Lines that are told; a full match can change thousands of rows."""

MOST_LATER = 5
MOST_BLOCKED = 50

_REHEARSAL = "preview"


@dataclass(frozen=True, slots=True)
class BlockedPeople:
    """People whose part of an attempt cannot be undone, and why."""

    people: str
    reason: str


@dataclass(frozen=True, slots=True)
class UndoTogether:
    """Attempts that can be undone at once with the later ones that stand in their way, and what that would put back."""

    attempts: Sequence[Attempt]
    effects: Sequence[Effect]
    total: int

    @property
    def needs_reason(self) -> str | None:
        return why_reason_is_needed(self.attempts)


@dataclass(frozen=True, slots=True)
class UndoPreview:
    """What an undo would put back. `obstacle` says why it cannot, `later` who changed what since; `total` counts the lines.

    Where it cannot be undone whole, `together` is what would work at once, `parts` counts the people that can be undone,
    `blocked` names the others, and `effects` are those of the part that can be undone. `attempt` is the newest one.
    """

    attempts: Sequence[Attempt]
    effects: Sequence[Effect]
    total: int
    obstacle: str | None
    later: Sequence[LaterAttempt]
    seen: Seen
    together: UndoTogether | None = None
    parts: int = 0
    blocked: Sequence[BlockedPeople] = ()
    blocked_total: int = 0

    @property
    def attempt(self) -> Attempt:
        return self.attempts[0]

    @property
    def needs_reason(self) -> str | None:
        """What a member has said, so that a reason is needed to undo it."""
        return why_reason_is_needed(self.attempts)


async def preview_undo(
    pool: Pool,
    attempt_ids: Sequence[int],
    *,
    guild_id: int,
    source: DiscordSource | None = None,
    guard: Guard = unguarded,
) -> UndoPreview:
    """Return what undoing attempts would put back now; nothing of it stays. Raises `NotFound`.

    What the guard of the rows refuses is an obstacle, as it is for the undo. For roles, Discord is asked what the member has
    and what the bot may do, as the undo does; no connection is held meanwhile.
    """
    here = await pool.rehearse(guild_id, lambda guild: _rehearse(guild, attempt_ids, guard))
    if here.obstacle is None:
        try:
            await check_roles_can_go_back(pool, here.attempts, source)
        except PattError as error:
            return await _roles_in_the_way(pool, replace(here, obstacle=str(error)), source)
    return here


async def _roles_in_the_way(pool: Pool, here: UndoPreview, source: DiscordSource | None) -> UndoPreview:
    """Add the later changes of the same members' roles, where undoing all of it at once would work."""
    members = {attempt.member_id for attempt in here.attempts if attempt.is_on_discord}
    traces = [[{"table": "role", "id": member}] for member in sorted(members)]
    known = {attempt.id for attempt in here.attempts}
    async with pool.reading(here.attempt.guild_id) as guild:
        found = await attempts.later(guild, min(known), traces, MOST_TOGETHER)
        later = [attempt for attempt in found if attempt.id not in known]
        names = await attempts.names_of(guild, [*later, *here.attempts])
    chain = sorted([*later, *here.attempts], key=lambda each: -each.id)
    if not later:
        return here
    try:
        await check_roles_can_go_back(pool, chain, source)
    except PattError:  # together they cannot be undone either, so that is not offered
        return here
    return replace(here, later=[told(each) for each in later[:MOST_LATER]], together=_together(chain, names))


async def _rehearse(guild: GuildConnection, attempt_ids: Sequence[int], guard: Guard) -> UndoPreview:
    """Undo everything in the database, and return the result; the caller rolls it back."""
    found = await attempts.get_all(guild, attempt_ids)
    obstacle, way = await _obstacle_here(guild, found, guard)
    names = await attempts.names_of(guild, [*found, *way.together])
    put_back = await _parts(guild, found, guard) if obstacle is not None else UndoneParts((), ())
    effects = _effects(found, put_back.undone or rows_of(found), names)
    newest = await moves(guild, found[0].issue_id) if len(found) == 1 and found[0].issue_id is not None else []
    named = await in_the_way_of_parts(guild, found, put_back.blocked if put_back.done else ())
    blocked = [BlockedPeople(Names(names).people(each.part.player_ids), each.reason) for each in named]
    return UndoPreview(
        found,
        effects[:MOST_EFFECTS],
        len(effects),
        obstacle,
        [told(each) for each in way.later[:MOST_LATER]],
        Seen(newest[-1].id if newest else 0),
        together=_together(way.together, names) if way.together else None,
        parts=len(put_back.done),
        blocked=blocked[:MOST_BLOCKED],
        blocked_total=len(blocked),
    )


def _together(found: Sequence[Attempt], names: NameOf) -> UndoTogether:
    effects = _effects(found, rows_of(found), names)
    return UndoTogether(found, effects[:MOST_EFFECTS], len(effects))


def _effects(found: Sequence[Attempt], rows: Sequence[RowChange], names: NameOf) -> list[Effect]:
    roles = [role.inverse for attempt in found for role in reversed(attempt.roles)]
    return describe([*(row.inverse for row in fold(rows)), *roles], names)


async def _obstacle_here(guild: GuildConnection, found: Sequence[Attempt], guard: Guard) -> tuple[str | None, InTheWay]:
    nothing = InTheWay((), ())
    in_rows = [attempt for attempt in found if not attempt.is_on_discord]
    try:
        for attempt in found:
            check_undoable(attempt)
        if in_rows:
            async with guild.conn.transaction(force_rollback=True), guard(guild):
                await undo_whole(guild, in_rows, actor=_REHEARSAL)
    except PlanStale as error:
        way = await in_the_way(guild, in_rows, guard)
        return way.sentence or str(error), way
    except PattError as error:
        return str(error), nothing
    return None, nothing


async def _parts(guild: GuildConnection, found: Sequence[Attempt], guard: Guard) -> UndoneParts:
    """What could be undone of attempts that cannot be undone whole; nothing where they have one part, or were undone."""
    try:
        undoable, _ = sort_out(found)
        if any(attempt.is_on_discord for attempt in undoable) or len(parts_of(rows_of(undoable))) < 2:
            return UndoneParts((), ())
        async with guild.conn.transaction(force_rollback=True), guard(guild):
            return await undo_parts(guild, undoable, actor=_REHEARSAL)
    except Refused:  # as the undo of these parts would be
        return UndoneParts((), ())
