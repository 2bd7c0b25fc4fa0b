"""Taking back an attempt: every row as it was, or a sentence why not."""

from __future__ import annotations

from sv_common.db.pool import Connection, Pool
from sv_common.guild_sync import issues
from sv_common.guild_sync.checking import look_again
from sv_common.guild_sync.domain.report import UndoReport
from sv_common.guild_sync.fixes.recording import Rules, concerned_by
from sv_common.guild_sync.fixes.undo_roles import Undoing, check_undoable, undo_roles
from sv_common.guild_sync.issue_history import Seen, check_unchanged
from sv_common.guild_sync.ports import DiscordSource
from sv_common.guild_sync.store import attempts, guilds, journal
from sv_common.guild_sync.store.attempts import Attempt


async def undo(
    pool: Pool,
    rules: Rules,
    attempt_id: int,
    *,
    actor: str,
    guild_id: int | None = None,
    source: DiscordSource | None = None,
    seen: Seen | None = None,
) -> UndoReport:
    """Put back exactly what an attempt changed, look again at the rules concerned, and remember who undid it.

    Automation does not repeat a plan that was undone. Raises `NotFound`; `Refused` when there is nothing to undo or it
    was undone before; `PlanStale` when a row has changed since, or the issue is no longer as it was `seen`; `SourceError`
    when Discord does not let it be done. What was put back on Discord until then is remembered, so that another undo does
    the rest.
    """
    async with pool.connection() as conn:
        known = await attempts.get(conn, attempt_id, guild_id)
    if known.member_id is not None:
        await undo_roles(pool, rules, known, Undoing(attempt_id, actor, seen), source)
    else:
        async with pool.connection() as conn:
            await guilds.lock(conn, known.guild_id)
            attempt = await attempts.get(conn, attempt_id, guild_id)
            check_undoable(attempt)
            await check_unchanged(conn, attempt.issue_id, seen)
            await put_rows_back(conn, attempt)
            await attempts.mark_undone(conn, attempt.id, actor=actor)
            await _look_again(conn, rules, attempt)
    return UndoReport(attempt_id, [f"Taken back: {step['sentence']}" for step in reversed(known.plan)])


async def put_rows_back(conn: Connection, attempt: Attempt) -> None:
    """Put back the rows that an attempt changed, all or none. Raises `PlanStale`.

    Issues are about the players again that were deleted and are there again.
    """
    await journal.put_back(conn, attempt.changes, written_at=attempt.started_at)
    changes = [change for change in attempt.changes if change["table"] == "issue"]
    await issues.point_again(conn, {change["id"]: (change["before"] or {})["player_id"] for change in changes})


async def _look_again(conn: Connection, rules: Rules, attempt: Attempt) -> None:
    rule = rules.get(attempt.issue_type)
    await look_again(conn, list(rules.values()) if rule is None else concerned_by(rules, rule), attempt.guild_id, {})
