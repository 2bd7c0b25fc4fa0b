"""Taking back an attempt: every row as it was, or a sentence why not; in parts, where an officer says so."""

from __future__ import annotations

from collections.abc import Sequence

from sv_common.db.pool import Connection, Pool
from sv_common.guild_sync.changes import attempts
from sv_common.guild_sync.changes.attempts import Attempt
from sv_common.guild_sync.changes.changeset import NameOf, RowChange, fold
from sv_common.guild_sync.changes.describe import Names, describe
from sv_common.guild_sync.core.errors import PlanStale
from sv_common.guild_sync.engine.guard import Guard, unguarded
from sv_common.guild_sync.engine.record import Rules, concerned_by
from sv_common.guild_sync.engine.results import UndoReport
from sv_common.guild_sync.engine.scan import look_again
from sv_common.guild_sync.engine.undo_parts import parts_of, put_parts_back, put_rows_back
from sv_common.guild_sync.engine.undo_roles import Undoing, check_undoable, undo_roles
from sv_common.guild_sync.issues.history import Seen, check_unchanged
from sv_common.guild_sync.roster import guilds
from sv_common.guild_sync.sources.ports import DiscordSource


async def undo(
    pool: Pool,
    rules: Rules,
    attempt_id: int,
    *,
    actor: str,
    guild_id: int | None = None,
    source: DiscordSource | None = None,
    seen: Seen | None = None,
    partly: bool = False,
    guard: Guard = unguarded,
) -> UndoReport:
    """Put back exactly what an attempt changed, look again at the rules concerned, and remember who undid it.

    `partly` puts back what can be, person by person; the rest can be undone later. Automation does not repeat a plan that
    was undone. Raises `NotFound`; `Refused` when there is nothing to undo or it was undone before, and what the guard of the
    rows refuses; `Busy` while somebody changes the member's roles; `PlanStale` when a row has changed since, or the issue is
    no longer as it was `seen`; `SourceError` when Discord does not let it be done. What was put back on Discord until then
    is remembered, so that another undo does the rest.
    """
    async with pool.connection() as conn:
        known = await attempts.get(conn, attempt_id, guild_id)
    if known.member_id is not None:
        undone = await undo_roles(pool, rules, known, Undoing(actor, seen), source)
        return UndoReport(attempt_id, _sentences(undone))
    async with pool.connection() as conn:
        await guilds.lock(conn, known.guild_id)
        attempt = await attempts.get(conn, attempt_id, guild_id)
        check_undoable(attempt)
        await check_unchanged(conn, attempt.issue_id, seen)
        async with guard(conn, attempt.guild_id):
            report = await (_undo_what_can_be if partly else _undo_whole)(conn, attempt, actor)
        rule = rules.get(attempt.issue_type)
        concerned = list(rules.values()) if rule is None else concerned_by(rules, rule)
        await look_again(conn, concerned, attempt.guild_id, {})
    return report


async def _undo_whole(conn: Connection, attempt: Attempt, actor: str) -> UndoReport:
    sentences = await _lines(conn, attempt) if attempt.undone else _sentences(attempt)
    await put_rows_back(conn, attempt, attempt.rows, actor=actor)
    await attempts.mark_undone(conn, attempt.id, actor=actor)
    return UndoReport(attempt.id, sentences)


async def _undo_what_can_be(conn: Connection, attempt: Attempt, actor: str) -> UndoReport:
    """Put back the parts that can be. Raises `PlanStale` where none can."""
    names = await attempts.names_of(conn, attempt)
    put_back = await put_parts_back(conn, attempt, parts_of(attempt.rows), actor=actor)
    if not put_back.done:
        raise PlanStale(put_back.blocked[0].reason)
    if put_back.blocked:
        await attempts.undo_a_part(conn, attempt.id, put_back.undone, put_back.left, actor=actor)
    else:
        await attempts.mark_undone(conn, attempt.id, actor=actor)
    lines = _again(put_back.undone, names)
    left = [f"{Names(names).people(each.part.player_ids)}: {each.reason}" for each in put_back.blocked]
    return UndoReport(attempt.id, lines, left)


async def _lines(conn: Connection, attempt: Attempt) -> list[str]:
    """What is left of an attempt of which a part was undone before."""
    return _again(attempt.rows, await attempts.names_of(conn, attempt))


def _again(rows: Sequence[RowChange], names: NameOf) -> list[str]:
    return [f"{each.what}: {each.after} again." for each in describe((row.inverse for row in fold(rows)), names)]


def _sentences(attempt: Attempt) -> list[str]:
    """What was done of the plan, from its end; of role changes only those that were made."""
    changed = {role.role_id for role in attempt.roles}
    done = [each for each in attempt.plan if each["table"] != "role" or each["after"]["role_id"] in changed]
    return [f"Taken back: {each['sentence']}" for each in reversed(done)]
