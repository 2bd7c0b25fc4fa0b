"""What taking an attempt back would change, or why it cannot be taken back. Nothing is kept of it.

The undo is rehearsed: the rows are put back by the very function that puts them back for good, and that is rolled back. So
the preview and the undo cannot disagree.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sv_common.db.pool import Connection, Pool
from sv_common.db.sql import load_sql
from sv_common.guild_sync.domain.errors import PattError
from sv_common.guild_sync.fixes.undo import put_rows_back
from sv_common.guild_sync.fixes.undo_effects import (
    Names,
    character_numbers,
    member_numbers,
    player_numbers,
    undo_effects,
)
from sv_common.guild_sync.fixes.undo_roles import check_roles_can_go_back, check_undoable
from sv_common.guild_sync.hand_effects import Effect
from sv_common.guild_sync.issue_history import Seen, moves
from sv_common.guild_sync.ports import DiscordSource
from sv_common.guild_sync.store import attempts, guilds
from sv_common.guild_sync.store.attempts import Attempt

SQL = load_sql(__package__, "undo_preview.sql")
MOST_EFFECTS = 200
"""Lines that are told; a full match can change thousands of rows."""

MOST_LATER = 5


@dataclass(frozen=True, slots=True)
class LaterDeed:
    """What was done to the same rows since: why an attempt can no longer be taken back."""

    attempt_id: int
    actor: str
    at: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class UndoPreview:
    """What an undo would put back. `obstacle` says why it cannot, `later` who changed what since; `total` counts the lines."""

    attempt: Attempt
    effects: Sequence[Effect]
    total: int
    obstacle: str | None
    later: Sequence[LaterDeed]
    seen: Seen


async def preview_undo(
    pool: Pool, attempt_id: int, *, guild_id: int | None = None, source: DiscordSource | None = None
) -> UndoPreview:
    """Return what undoing an attempt would put back now; nothing of it stays. Raises `NotFound`.

    For roles, Discord is asked what the member holds and what the bot may do, as the undo asks; no connection is held
    meanwhile, so that nobody waits for Discord.
    """
    async with pool.connection() as conn:
        known = await attempts.get(conn, attempt_id, guild_id)
    async with pool.connection() as conn:
        await guilds.lock(conn, known.guild_id)
        attempt = await attempts.get(conn, attempt_id, guild_id)
        obstacle = await _obstacle_here(conn, attempt)
        effects = undo_effects(attempt.changes, await _names(conn, attempt))
        later = await _later(conn, attempt) if obstacle and attempt.undone_at is None else []
        newest = await moves(conn, attempt.issue_id) if attempt.issue_id is not None else []
    obstacle = obstacle or await _obstacle_on_discord(pool, attempt, source)
    seen = Seen(newest[-1].id if newest else 0)
    return UndoPreview(attempt, effects[:MOST_EFFECTS], len(effects), obstacle, later, seen)


async def _obstacle_here(conn: Connection, attempt: Attempt) -> str | None:
    """Why the rows cannot be put back now; None where they can."""
    try:
        check_undoable(attempt)
        async with conn.transaction(force_rollback=True):
            await put_rows_back(conn, attempt)
    except PattError as error:
        return str(error)
    return None


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


async def _names(conn: Connection, attempt: Attempt) -> Names:
    changes = attempt.changes
    values = {
        "guild_id": attempt.guild_id,
        "character_ids": list(character_numbers(changes)),
        "player_ids": list(player_numbers(changes)),
        "member_ids": list(member_numbers(changes)),
    }
    rows = await (await conn.execute(SQL["names"], values)).fetchall()
    found: dict[str, dict[int, str]] = {"character": {}, "player": {}, "member": {}}
    for kind, number, name in rows:
        found[kind][number] = name
    for change in changes:
        before = change["before"] or {}
        if change["table"] == "player" and "display_name" in before:
            found["player"].setdefault(change["id"], before["display_name"])
    roles = {step["role_id"]: step["role"] for step in attempt.plan if "role_id" in step}
    return Names(found["character"], found["player"], found["member"], roles)
