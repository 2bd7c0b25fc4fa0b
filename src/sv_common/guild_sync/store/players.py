"""Players: made, pointed to their mains and Discord members, and deleted; in sets, each change remembered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypedDict

from sv_common.db.pool import Connection
from sv_common.db.sql import load_sql
from sv_common.guild_sync.domain.errors import PlanStale
from sv_common.guild_sync.domain.plan import (
    AttachDiscord,
    ConfirmMember,
    CreatePlayer,
    DeletePlayer,
    DetachDiscord,
    SetMain,
    SetOffspec,
)
from sv_common.guild_sync.store.links import Change, LinkAuthor

SQL = load_sql(__package__, "players.sql")

_MEMBER_COLUMNS = ("discord_user_id", "discord_basis", "discord_vouched_by", "discord_vouched_at")


async def new_ids(conn: Connection, count: int) -> list[int]:
    """Reserve numbers for players that are about to be created."""
    if count == 0:
        return []
    return [row[0] for row in await (await conn.execute(SQL["new_ids"], {"count": count})).fetchall()]


async def create(
    conn: Connection, guild_id: int, steps: Sequence[tuple[int, CreatePlayer]], author: LinkAuthor
) -> dict[int, Change]:
    """Create players under reserved numbers; return the changes by player."""
    if not steps:
        return {}
    values = {
        "guild_id": guild_id,
        "actor": author.actor,
        "vouches": author.vouches,
        "bases": [step.basis for _, step in steps],
        "ids": [player_id for player_id, _ in steps],
        "names": [step.display_name for _, step in steps],
        "member_ids": [step.discord_user_id for _, step in steps],
        "main_ids": [step.main_character_id for _, step in steps],
    }
    rows = await (await conn.execute(SQL["create"], values)).fetchall()
    return {row[0]: Change(table="player", id=row[0], before=None, after=row[1]) for row in rows}


async def attach_discord(
    conn: Connection, guild_id: int, steps: Sequence[AttachDiscord], author: LinkAuthor
) -> dict[int, Change]:
    """Give players without a Discord member theirs; return the changes by player. Raises `PlanStale`."""
    values = {"actor": author.actor, "vouches": author.vouches, "bases": [step.basis for step in steps]}
    stale = "A player was given a Discord member in the meantime. Nothing was changed."
    return await _write_members(conn, "attach_discord", guild_id, steps, values, stale)


async def detach_discord(conn: Connection, guild_id: int, steps: Sequence[DetachDiscord]) -> dict[int, Change]:
    """Take their Discord members from players; return the changes by player. Raises `PlanStale`."""
    stale = "A player was given another Discord member in the meantime. Nothing was changed."
    return await _write_members(conn, "detach_discord", guild_id, steps, {}, stale)


async def confirm_members(
    conn: Connection, guild_id: int, steps: Sequence[ConfirmMember], author: LinkAuthor
) -> dict[int, Change]:
    """Vouch for players' Discord members; return the changes by player. Raises `PlanStale`."""
    stale = "A player's Discord member was changed or confirmed in the meantime. Nothing was changed; look again."
    return await _write_members(conn, "confirm_members", guild_id, steps, {"actor": author.actor}, stale)


async def set_mains(conn: Connection, guild_id: int, steps: Sequence[SetMain]) -> dict[int, Change]:
    """Make characters the mains of their players; return the changes by player. Raises `PlanStale`."""
    if not steps:
        return {}
    values = {
        "guild_id": guild_id,
        "player_ids": [step.player_id for step in steps],
        "character_ids": [step.character_id for step in steps],
        "former_ids": [step.former_main_id for step in steps],
    }
    await _write_all(
        conn,
        "set_mains",
        values,
        "A main was changed by somebody else in the meantime. Nothing was changed; look again.",
    )
    return {
        step.player_id: _pointed(step.player_id, "main_character_id", step.former_main_id, step.character_id)
        for step in steps
    }


async def set_offspecs(conn: Connection, guild_id: int, steps: Sequence[SetOffspec]) -> dict[int, Change]:
    """Make characters the off-specs of players without one; return the changes by player. Raises `PlanStale`."""
    if not steps:
        return {}
    values = {
        "guild_id": guild_id,
        "player_ids": [step.player_id for step in steps],
        "character_ids": [step.character_id for step in steps],
    }
    await _write_all(
        conn,
        "set_offspecs",
        values,
        "An off-spec was changed by somebody else in the meantime. Nothing was changed; look again.",
    )
    return {step.player_id: _pointed(step.player_id, "offspec_character_id", None, step.character_id) for step in steps}


async def delete(conn: Connection, guild_id: int, steps: Sequence[DeletePlayer]) -> dict[int, list[Change]]:
    """Delete players to whom nothing is left; return the changes by player, with the issues that lose them.

    Raises `PlanStale` when something belongs to one of them by now.
    """
    if not steps:
        return {}
    values = {
        "guild_id": guild_id,
        "player_ids": [step.player_id for step in steps],
        "member_ids": [step.discord_user_id for step in steps],
    }
    rows = await (await conn.execute(SQL["delete"], values)).fetchall()
    if len(rows) != len(steps):
        raise PlanStale("A player was changed by somebody else in the meantime. Nothing was changed; look again.")
    return {
        player_id: [Change(table="player", id=player_id, before=row, after=None), *_orphaned(player_id, issue_ids)]
        for player_id, row, issue_ids in rows
    }


async def _write_members(
    conn: Connection,
    statement: str,
    guild_id: int,
    steps: Sequence[AttachDiscord | DetachDiscord | ConfirmMember],
    values: Mapping[str, Any],
    stale: str,
) -> dict[int, Change]:
    """Change who players are on Discord, and what that rests on; where one is not as planned, raise `PlanStale`."""
    if not steps:
        return {}
    who = {
        "guild_id": guild_id,
        "player_ids": [step.player_id for step in steps],
        "member_ids": [step.discord_user_id for step in steps],
    }
    rows = await (await conn.execute(SQL[statement], {**who, **values})).fetchall()
    if len(rows) != len(steps):
        raise PlanStale(stale)
    return {
        player_id: Change(table="player", id=player_id, **_changed_columns(before, after))
        for player_id, before, after in rows
    }


class _Sides(TypedDict):
    before: dict[str, Any]
    after: dict[str, Any]


def _changed_columns(before: Mapping[str, Any], after: Mapping[str, Any]) -> _Sides:
    """The columns about the Discord member that differ, before and after."""
    changed = [name for name in _MEMBER_COLUMNS if before[name] != after[name]]
    return _Sides(before={name: before[name] for name in changed}, after={name: after[name] for name in changed})


async def _write_all(conn: Connection, statement: str, values: Mapping[str, Any], stale: str) -> None:
    """Change every player that is meant; where one is no longer as planned, raise `PlanStale` with this sentence."""
    if (await conn.execute(SQL[statement], values)).rowcount != len(values["player_ids"]):
        raise PlanStale(stale)


def _orphaned(player_id: int, issue_ids: Sequence[int]) -> list[Change]:
    return [
        Change(table="issue", id=issue_id, before={"player_id": player_id}, after={"player_id": None})
        for issue_id in issue_ids
    ]


def _pointed(player_id: int, column: str, before: int | None, after: int | None) -> Change:
    return Change(table="player", id=player_id, before={column: before}, after={column: after})
