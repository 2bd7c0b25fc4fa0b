"""Attempts to fix: what was planned, what it changed, how it ended, and whether it was undone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

from psycopg.rows import class_row
from psycopg.types.json import Jsonb
from pydantic import Field, computed_field

from sv_common.db.pool import Connection
from sv_common.db.sql import load_sql
from sv_common.guild_sync.domain.errors import NotFound
from sv_common.guild_sync.domain.plan import Plan
from sv_common.guild_sync.store.links import Change

SQL = load_sql(__package__, "attempts.sql")


@dataclass(frozen=True, slots=True)
class NewAttempt:
    """An attempt to be recorded. `issue_id` is None for a full match."""

    issue_id: int | None
    outcome: str
    reason: str
    plan: Plan | None
    changes: Sequence[Change] = ()


@dataclass(frozen=True, slots=True)
class Attempt:
    """A recorded attempt. `intended`: the role changes that it was about to make. `undoing_*`: an undo that was begun.

    `undone_changes`: what a partial undo has put back; `changes` are what is left to be undone.
    """

    id: int
    guild_id: int
    issue_id: int | None
    issue_type: str
    actor: str
    is_automatic: bool
    outcome: str
    reason: str
    plan: Sequence[dict[str, Any]]
    plan_key: str | None
    changes: Sequence[Change]
    started_at: datetime
    duration_ms: int
    undone_at: datetime | None
    undone_by: str | None
    intended: Sequence[Change] = ()
    undoing_at: datetime | None = None
    undoing_by: str | None = None
    undone_changes: Sequence[Change] = ()

    @property
    def member_id(self) -> int | None:
        """The Discord member whose roles it changes; those of one attempt are one member's."""
        roles = [change["id"] for change in (*self.intended, *self.changes) if change["table"] == "role"]
        return roles[0] if roles else None


@dataclass(frozen=True, slots=True)
class PastAttempt:
    """Something that was done, as it is listed."""

    id: int
    actor: str
    is_automatic: bool
    outcome: Annotated[str, Field(description="running, fixed, refused, failed or unverified.")]
    reason: str
    plan: Annotated[Sequence[dict[str, Any]], Field(exclude=True)]
    started_at: datetime
    duration_ms: int
    undone_at: datetime | None
    undone_by: str | None
    is_undoable: Annotated[bool, Field(description="Whether it changed something that was not taken back.")]

    @computed_field
    @property
    def steps(self) -> Sequence[str]:
        """What the plan does, a sentence for each step."""
        return [step["sentence"] for step in self.plan]


async def add(
    conn: Connection,
    guild_id: int,
    issue_type: str,
    attempts: Sequence[NewAttempt],
    *,
    actor: str,
    is_automatic: bool,
    duration_ms: int,
) -> list[int]:
    """Record attempts of one rule; return their numbers in the same order."""
    if not attempts:
        return []
    values = {
        "guild_id": guild_id,
        "issue_type": issue_type,
        "actor": actor,
        "is_automatic": is_automatic,
        "duration_ms": duration_ms,
        "issue_ids": [attempt.issue_id for attempt in attempts],
        "outcomes": [attempt.outcome for attempt in attempts],
        "reasons": [attempt.reason for attempt in attempts],
        "plans": [Jsonb(attempt.plan.as_json() if attempt.plan else []) for attempt in attempts],
        "plan_keys": [attempt.plan.key if attempt.plan and attempt.plan.steps else None for attempt in attempts],
        "changes": [Jsonb(list(attempt.changes)) for attempt in attempts],
    }
    return [row[0] for row in await (await conn.execute(SQL["add"], values)).fetchall()]


async def begin(
    conn: Connection,
    guild_id: int,
    issue_type: str,
    attempt: NewAttempt,
    intended: Sequence[Change],
    *,
    actor: str,
    is_automatic: bool,
) -> int:
    """Write down what is about to be done on Discord; return the attempt's number."""
    plan = attempt.plan
    values = {
        "guild_id": guild_id,
        "issue_id": attempt.issue_id,
        "issue_type": issue_type,
        "actor": actor,
        "is_automatic": is_automatic,
        "reason": attempt.reason,
        "plan": Jsonb(plan.as_json() if plan else []),
        "plan_key": plan.key if plan and plan.steps else None,
        "intended": Jsonb(list(intended)),
    }
    row = await (await conn.execute(SQL["begin"], values)).fetchone()
    assert row is not None  # noqa: S101 -- "returning" always gives the row
    return int(row[0])


async def finish(conn: Connection, attempt_id: int, outcome: str, reason: str, changes: Sequence[Change]) -> None:
    """Write down how an attempt ended that was begun."""
    values = {"attempt_id": attempt_id, "outcome": outcome, "reason": reason, "changes": Jsonb(list(changes))}
    await conn.execute(SQL["finish"], values)


async def unfinished(conn: Connection, guild_id: int | None) -> list[Attempt]:
    """Return the attempts and undos on Discord that were begun and not finished, oldest first; of every guild for None."""
    async with conn.cursor(row_factory=class_row(Attempt)) as cursor:
        await cursor.execute(SQL["unfinished"], {"guild_id": guild_id})
        return await cursor.fetchall()


async def get(conn: Connection, attempt_id: int, guild_id: int | None = None) -> Attempt:
    """Return one attempt and hold its row to the end of the transaction. Raises `NotFound`."""
    async with conn.cursor(row_factory=class_row(Attempt)) as cursor:
        await cursor.execute(SQL["get"], {"attempt_id": attempt_id, "guild_id": guild_id})
        attempt = await cursor.fetchone()
    if attempt is None:
        raise NotFound(f"There is no fix attempt with the number {attempt_id}.")
    return attempt


async def later(conn: Connection, attempt: Attempt, limit: int) -> list[Attempt]:
    """Return later attempts, not undone, that changed a row that this one changed, or deleted a player that it needs."""
    rows: list[list[dict[str, Any]]] = [[{"table": change["table"], "id": change["id"]}] for change in attempt.changes]
    owners = {row["player_id"] for change in attempt.changes if (row := change["before"]) and row.get("player_id")}
    rows += [[{"table": "player", "id": player_id, "after": None}] for player_id in sorted(owners)]
    values = {"guild_id": attempt.guild_id, "after": attempt.id, "rows": [Jsonb(row) for row in rows], "limit": limit}
    async with conn.cursor(row_factory=class_row(Attempt)) as cursor:
        await cursor.execute(SQL["later"], values)
        return await cursor.fetchall()


async def mark_undone(conn: Connection, attempt_id: int, *, actor: str) -> None:
    """Record that an attempt was undone."""
    await conn.execute(SQL["mark_undone"], {"attempt_id": attempt_id, "actor": actor})


async def mark_undoing(conn: Connection, attempt_id: int, *, actor: str) -> None:
    """Write down that an undo on Discord is about to be done."""
    await conn.execute(SQL["mark_undoing"], {"attempt_id": attempt_id, "actor": actor})


async def stop_undoing(conn: Connection, attempt_id: int, changes: Sequence[Change]) -> None:
    """Write down that an undo on Discord ended before its end, and add what it changed to the journal of the attempt."""
    await conn.execute(SQL["stop_undoing"], {"attempt_id": attempt_id, "changes": Jsonb(list(changes))})


async def undo_a_part(
    conn: Connection, attempt_id: int, undone: Sequence[Change], left: Sequence[Change], *, actor: str
) -> None:
    """Record that a part of an attempt was put back, and what is left to be undone."""
    values = {"attempt_id": attempt_id, "actor": actor, "undone": Jsonb(list(undone)), "left": Jsonb(list(left))}
    await conn.execute(SQL["undo_a_part"], values)


async def undone_plans(conn: Connection, guild_id: int, plan_keys: Sequence[str]) -> dict[str, tuple[str, datetime]]:
    """Return who undid which of these plans, and when."""
    values = {"guild_id": guild_id, "plan_keys": list(plan_keys)}
    rows = await (await conn.execute(SQL["undone"], values)).fetchall()
    return {key: (actor, at) for key, actor, at in rows}


async def fixed_since(
    conn: Connection, guild_id: int, issue_ids: Sequence[int], *, actor: str, since: datetime
) -> dict[int, tuple[int, str]]:
    """Return, by issue, the number and the reason of the fix that somebody has made since then and nobody has undone."""
    values = {"guild_id": guild_id, "issue_ids": list(issue_ids), "actor": actor, "since": since}
    rows = await (await conn.execute(SQL["fixed_since"], values)).fetchall()
    return {issue_id: (attempt_id, reason) for issue_id, attempt_id, reason in rows}
