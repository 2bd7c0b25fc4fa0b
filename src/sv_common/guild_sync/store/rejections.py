"""Whose characters are not whose, and who is not whom on Discord, on an officer's word; in sets, each change remembered."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sv_common.db.pool import Connection
from sv_common.db.sql import load_sql
from sv_common.guild_sync.domain.errors import PlanStale
from sv_common.guild_sync.domain.plan import (
    ForgetMemberRejection,
    ForgetRejection,
    MoveMemberRejection,
    MoveRejection,
    RejectLink,
    RejectMember,
)
from sv_common.guild_sync.store.links import Change, LinkAuthor

SQL = load_sql(__package__, "rejections.sql")

_CHANGED = "A “not this player” was changed by somebody else in the meantime. Nothing was changed; look again."


async def reject(
    conn: Connection, guild_id: int, steps: Sequence[RejectLink], author: LinkAuthor
) -> dict[tuple[int, int], Change]:
    """Remember whose characters are not whose; return the changes by character and player."""
    if not steps:
        return {}
    values = {
        "guild_id": guild_id,
        "actor": author.actor,
        "character_ids": [step.character_id for step in steps],
        "player_ids": [step.player_id for step in steps],
        "reasons": [step.why for step in steps],
        "unlinkings": [step.is_unlinking for step in steps],
    }
    rows = await (await conn.execute(SQL["reject"], values)).fetchall()
    return {_pair(row): Change(table="rejection", id=row["id"], before=None, after=row) for (row,) in rows}


async def move(conn: Connection, guild_id: int, steps: Sequence[MoveRejection]) -> dict[tuple[int, int], Change]:
    """Let rejections be about other players; return the changes by character and player. Raises `PlanStale`."""
    if not steps:
        return {}
    former = {(step.character_id, step.player_id): step.former_player_id for step in steps}
    values = {
        "guild_id": guild_id,
        "character_ids": [character_id for character_id, _ in former],
        "player_ids": [player_id for _, player_id in former],
        "former_ids": list(former.values()),
    }
    rows = [row for (row,) in await (await conn.execute(SQL["move"], values)).fetchall()]
    if len(rows) != len(steps):
        raise PlanStale(_CHANGED)
    return {
        _pair(row): Change(table="rejection", id=row["id"], before={**row, "player_id": former[_pair(row)]}, after=row)
        for row in rows
    }


async def forget(conn: Connection, guild_id: int, steps: Sequence[ForgetRejection]) -> dict[tuple[int, int], Change]:
    """Forget whose characters are not whose; return the changes by character and player. Raises `PlanStale`."""
    if not steps:
        return {}
    values = {
        "guild_id": guild_id,
        "character_ids": [step.character_id for step in steps],
        "player_ids": [step.player_id for step in steps],
    }
    rows = await (await conn.execute(SQL["forget"], values)).fetchall()
    if len(rows) != len(steps):
        raise PlanStale(_CHANGED)
    return {_pair(row): Change(table="rejection", id=row["id"], before=row, after=None) for (row,) in rows}


async def reject_members(
    conn: Connection, guild_id: int, steps: Sequence[RejectMember], author: LinkAuthor
) -> dict[tuple[int, int], Change]:
    """Remember who is not whom on Discord; return the changes by player and member. Raises `PlanStale`."""
    if not steps:
        return {}
    values = {
        "guild_id": guild_id,
        "actor": author.actor,
        "player_ids": [step.player_id for step in steps],
        "member_ids": [step.discord_user_id for step in steps],
        "reasons": [step.why for step in steps],
    }
    rows = await (await conn.execute(SQL["reject_members"], values)).fetchall()
    return {_member_pair(row): Change(table="rejection", id=row["id"], before=None, after=row) for (row,) in rows}


async def move_members(
    conn: Connection, guild_id: int, steps: Sequence[MoveMemberRejection]
) -> dict[tuple[int, int], Change]:
    """Let "not this member" be about other players; return the changes by player and member. Raises `PlanStale`."""
    if not steps:
        return {}
    former = {(step.player_id, step.discord_user_id): step.former_player_id for step in steps}
    values = {
        "guild_id": guild_id,
        "member_ids": [member_id for _, member_id in former],
        "player_ids": [player_id for player_id, _ in former],
        "former_ids": list(former.values()),
    }
    rows = [row for (row,) in await (await conn.execute(SQL["move_members"], values)).fetchall()]
    if len(rows) != len(steps):
        raise PlanStale(_CHANGED)
    return {
        pair: Change(table="rejection", id=row["id"], before={**row, "player_id": former[pair]}, after=row)
        for row in rows
        for pair in [_member_pair(row)]
    }


async def forget_members(
    conn: Connection, guild_id: int, steps: Sequence[ForgetMemberRejection]
) -> dict[tuple[int, int], Change]:
    """Forget who is not whom on Discord; return the changes by player and member. Raises `PlanStale`."""
    if not steps:
        return {}
    values = {
        "guild_id": guild_id,
        "player_ids": [step.player_id for step in steps],
        "member_ids": [step.discord_user_id for step in steps],
    }
    rows = await (await conn.execute(SQL["forget_members"], values)).fetchall()
    if len(rows) != len(steps):
        raise PlanStale(_CHANGED)
    return {_member_pair(row): Change(table="rejection", id=row["id"], before=row, after=None) for (row,) in rows}


def _pair(row: dict[str, Any]) -> tuple[int, int]:
    return row["character_id"], row["player_id"]


def _member_pair(row: dict[str, Any]) -> tuple[int, int]:
    return row["player_id"], row["discord_user_id"]
