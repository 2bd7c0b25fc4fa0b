"""Attempts to fix: what was planned, what it changed, how it ended, and whether it was undone."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Final, TypeAlias

from psycopg.types.json import Jsonb
from pydantic import Field, computed_field

from sv_common.db.pool import GuildConnection, Pool
from sv_common.db.sql import load_sql
from sv_common.guild_sync.changes.changeset import Changeset, NameOf, RoleChange, RowChange, Thing
from sv_common.guild_sync.changes.describe import names_in, plan_as_json
from sv_common.guild_sync.changes.tables import Key
from sv_common.guild_sync.core.errors import NotFound
from sv_common.guild_sync.core.language import tr

SQL = load_sql(__package__, "attempts.sql")

CLAIM: Final = "claim"
"""What an attempt is of that a member made about their own characters: by a Battle.net sign-in, or by ending what it proved."""

_Json: TypeAlias = Sequence[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class NewAttempt:
    """An attempt to be recorded. `issue_id` is None for a full match."""

    issue_id: int | None
    outcome: str
    reason: str
    plan: Changeset | None
    changes: Sequence[RowChange] = ()

    @property
    def columns(self) -> tuple[Jsonb, str | None]:
        """What is planned as it is stored: the changes in words, and the key."""
        if self.plan is None:
            return Jsonb([]), None
        return Jsonb(plan_as_json(self.plan)), self.plan.key if self.plan.changes else None


@dataclass(frozen=True, slots=True)
class Attempt:
    """A recorded attempt. `intended`: the role changes that it was about to make. `undoing_*`: an undo that was begun.

    `rows` and `roles` are what is left to be undone, `undone` what a partial undo has put back.
    """

    id: int
    guild_id: int
    issue_id: int | None
    issue_type: str
    actor: str
    outcome: str
    reason: str
    plan: Sequence[dict[str, Any]]
    rows: Sequence[RowChange]
    roles: Sequence[RoleChange]
    started_at: datetime
    undone_at: datetime | None
    undone_by: str | None
    intended: Sequence[RoleChange]
    undoing_at: datetime | None
    undoing_by: str | None
    undone: Sequence[RowChange]
    is_too_late: bool = False
    """Whether the time is over in which it could be undone."""

    @classmethod
    def read(cls, *, changes: _Json, intended: _Json, undone_changes: _Json, **columns: Any) -> Attempt:
        return cls(
            **columns,
            rows=_rows(changes),
            roles=_roles(changes, names_in(columns["plan"])),
            intended=_roles(intended, names_in(columns["plan"])),
            undone=_rows(undone_changes),
        )

    @property
    def is_on_discord(self) -> bool:
        return bool(self.intended or self.roles)

    @property
    def member_id(self) -> int:
        """The one Discord member whose roles it changes. Raises `IndexError` where it changes none."""
        return (*self.intended, *self.roles)[0].member_id


@dataclass(frozen=True, slots=True)
class PastAttempt:
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
    undone_reason: Annotated[
        str | None, Field(description="Why it was undone, where its undo asked for a reason.", examples=["Sold."])
    ]
    is_undoable: Annotated[
        bool, Field(description="Whether it changed something that was not undone and still can be.")
    ]

    @computed_field
    @property
    def steps(self) -> Sequence[str]:
        """What the plan does, a sentence for each step."""
        return [step["sentence"] for step in self.plan]


async def add(
    guild: GuildConnection,
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
    plans = [attempt.columns for attempt in attempts]
    return [
        row[0]
        for row in await guild.rows(
            SQL["add"],
            issue_type=issue_type,
            actor=actor,
            is_automatic=is_automatic,
            duration_ms=duration_ms,
            issue_ids=[attempt.issue_id for attempt in attempts],
            outcomes=[attempt.outcome for attempt in attempts],
            reasons=[attempt.reason for attempt in attempts],
            plans=[plan for plan, _ in plans],
            plan_keys=[key for _, key in plans],
            changes=[_as_json(attempt.changes) for attempt in attempts],
        )
    ]


async def begin(
    guild: GuildConnection,
    issue_type: str,
    attempt: NewAttempt,
    intended: Sequence[RoleChange],
    *,
    actor: str,
    is_automatic: bool,
) -> int:
    """Write down what is about to be done on Discord; return the attempt's number."""
    plan, key = attempt.columns
    return int(
        await guild.value(
            SQL["begin"],
            issue_id=attempt.issue_id,
            issue_type=issue_type,
            actor=actor,
            is_automatic=is_automatic,
            reason=attempt.reason,
            plan=plan,
            plan_key=key,
            intended=_as_json(intended),
        )
    )


async def finish(
    guild: GuildConnection, attempt_id: int, outcome: str, reason: str, changes: Sequence[RoleChange]
) -> None:
    await guild.run(SQL["finish"], attempt_id=attempt_id, outcome=outcome, reason=reason, changes=_as_json(changes))


async def guilds_with_unfinished(pool: Pool) -> list[int]:
    """Return the numbers of the guilds of which something is unfinished."""
    async with pool.installation() as conn:
        rows = await (await conn.execute(SQL["guilds_with_unfinished"])).fetchall()
    return [row[0] for row in rows]


async def unfinished(guild: GuildConnection) -> list[Attempt]:
    """Return the attempts and undos on Discord that were begun and not finished, oldest first."""
    return await guild.all(Attempt.read, SQL["unfinished"])


async def get(guild: GuildConnection, attempt_id: int) -> Attempt:
    """Return one attempt and hold its row to the end of the transaction. Raises `NotFound`."""
    attempt = await guild.one(Attempt.read, SQL["get"], attempt_id=attempt_id)
    if attempt is None:
        raise NotFound(tr("Attempt {number} does not exist.", number=attempt_id))
    return attempt


async def get_all(guild: GuildConnection, attempt_ids: Sequence[int]) -> list[Attempt]:
    """Return these attempts, newest first, and hold their rows. Raises `NotFound` if any is not there."""
    found = await guild.all(Attempt.read, SQL["get_all"], attempt_ids=list(attempt_ids))
    if missing := sorted({*attempt_ids} - {attempt.id for attempt in found}):
        raise NotFound(tr("There is no fix attempt with the number {number}.", number=missing[0]))
    return found


async def guild_of(pool: Pool, attempt_id: int, guild_id: int | None) -> int:
    """Return the guild asked for, or the one that an attempt is of. Raises `NotFound`."""
    if guild_id is not None:
        return guild_id
    async with pool.installation() as conn:
        row = await (await conn.execute(SQL["guild_of"], {"attempt_id": attempt_id})).fetchone()
    if row is None:
        raise NotFound(tr("Attempt {number} does not exist.", number=attempt_id))
    return int(row[0])


async def later(guild: GuildConnection, after: int, traces: Sequence[_Json], limit: int) -> list[Attempt]:
    """Return attempts with a higher number, newest first, that are not undone and whose journal has one of these traces."""
    return await guild.all(
        Attempt.read, SQL["later"], after=after, traces=[Jsonb(trace) for trace in traces], limit=limit
    )


async def names_of(guild: GuildConnection, found: Sequence[Attempt]) -> NameOf:
    """Return the names of all that the journals of attempts are about; what is gone is called as its plan calls it."""
    rows = [row for attempt in found for row in attempt.rows]
    roles = [role for attempt in found for role in attempt.roles]
    values = {
        "character_ids": _numbers(rows, "character_id", "main_character_id", "offspec_character_id"),
        "player_ids": [*_numbers(rows, "player_id"), *(row.id for row in rows if row.table == "player")],
        "member_ids": [*_numbers(rows, "discord_user_id"), *(role.member_id for role in roles)],
    }
    players = [(row.id, row.before) for row in rows if row.table == "player"]
    names: dict[Thing, str] = {thing: name for attempt in found for thing, name in names_in(attempt.plan).items()}
    names |= {("player", number): row["display_name"] for number, row in players if row and "display_name" in row}
    for kind, number, name in await guild.rows(SQL["names"], **values):
        names[kind, number] = name
    return names


async def mark_undone(guild: GuildConnection, attempt_ids: Sequence[int], *, actor: str, reason: str = "") -> None:
    await guild.run(SQL["mark_undone"], attempt_ids=list(attempt_ids), actor=actor, reason=reason or None)


async def mark_undoing(guild: GuildConnection, attempt_id: int, *, actor: str) -> None:
    await guild.run(SQL["mark_undoing"], attempt_id=attempt_id, actor=actor)


async def stop_undoing(guild: GuildConnection, attempt_id: int, changes: Sequence[RoleChange]) -> None:
    """Write down that an undo on Discord ended before its end, and add what it changed to the journal of the attempt."""
    await guild.run(SQL["stop_undoing"], attempt_id=attempt_id, changes=_as_json(changes))


async def mark_undone_in_part(
    guild: GuildConnection,
    found: Sequence[Attempt],
    undone: Collection[tuple[str, Key]],
    *,
    actor: str,
    reason: str = "",
) -> None:
    """Record that of these attempts the rows with these keys were put back, and what is left to be undone."""
    if not found:
        return
    await guild.run(
        SQL["mark_undone_in_part"],
        actor=actor,
        reason=reason or None,
        attempt_ids=[attempt.id for attempt in found],
        undone=[_as_json([row for row in attempt.rows if row.key in undone]) for attempt in found],
        left=[_as_json([row for row in attempt.rows if row.key not in undone]) for attempt in found],
    )


async def undone_plans(guild: GuildConnection, plan_keys: Sequence[str]) -> dict[str, tuple[str, datetime]]:
    """Return who undid which of these plans, and when."""
    rows = await guild.rows(SQL["undone"], plan_keys=list(plan_keys))
    return {key: (actor, at) for key, actor, at in rows}


async def fixed_since(
    guild: GuildConnection, issue_ids: Sequence[int], *, actor: str, since: datetime
) -> dict[int, tuple[int, str]]:
    """Return, by issue, the number and the reason of the fix that the actor has made since then and that is not undone."""
    rows = await guild.rows(SQL["fixed_since"], issue_ids=list(issue_ids), actor=actor, since=since)
    return {issue_id: (attempt_id, reason) for issue_id, attempt_id, reason in rows}


def _numbers(rows: Sequence[RowChange], *columns: str) -> list[int]:
    sides = [side for row in rows for side in (row.before, row.after) if side]
    return sorted({side[column] for side in sides for column in columns if side.get(column)})


def _as_json(changes: Sequence[RowChange] | Sequence[RoleChange]) -> Jsonb:
    return Jsonb([change.as_json() for change in changes])


def _rows(changes: _Json) -> list[RowChange]:
    return [RowChange(**change) for change in changes if change["table"] != "role"]


def _roles(changes: _Json, names: NameOf) -> list[RoleChange]:
    roles = [(change["id"], change["after"]) for change in changes if change["table"] == "role"]
    return [
        RoleChange(
            member_id,
            after["role_id"],
            after["held"],
            names.get(("member", member_id), ""),
            names.get(("role", after["role_id"]), ""),
        )
        for member_id, after in roles
    ]
