"""Players: made, pointed to their mains and Discord members, and deleted; in sets, each change remembered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sv_common.db.pool import Connection
from sv_common.db.sql import load_sql
from sv_common.guild_sync.domain.errors import PlanStale
from sv_common.guild_sync.domain.plan import (
    AttachDiscord,
    CreatePlayer,
    DeletePlayer,
    DetachDiscord,
    SetMain,
    SetOffspec,
)
from sv_common.guild_sync.store.links import Change, LinkAuthor

SQL = load_sql(__package__, "players.sql")


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
        "ids": [player_id for player_id, _ in steps],
        "names": [step.display_name for _, step in steps],
        "member_ids": [step.discord_user_id for _, step in steps],
        "main_ids": [step.main_character_id for _, step in steps],
    }
    rows = await (await conn.execute(SQL["create"], values)).fetchall()
    return {row[0]: Change(table="player", id=row[0], before=None, after=row[1]) for row in rows}


async def attach_discord(conn: Connection, guild_id: int, steps: Sequence[AttachDiscord]) -> dict[int, Change]:
    """Give players without a Discord member theirs; return the changes by player. Raises `PlanStale`."""
    if not steps:
        return {}
    values = {
        "guild_id": guild_id,
        "player_ids": [step.player_id for step in steps],
        "member_ids": [step.discord_user_id for step in steps],
    }
    await _write_all(
        conn, "attach_discord", values, "A player was given a Discord member in the meantime. Nothing was changed."
    )
    return {step.player_id: _pointed(step.player_id, "discord_user_id", None, step.discord_user_id) for step in steps}


async def detach_discord(conn: Connection, guild_id: int, steps: Sequence[DetachDiscord]) -> dict[int, Change]:
    """Take their Discord members from players; return the changes by player. Raises `PlanStale`."""
    if not steps:
        return {}
    values = {
        "guild_id": guild_id,
        "player_ids": [step.player_id for step in steps],
        "member_ids": [step.discord_user_id for step in steps],
    }
    await _write_all(
        conn,
        "detach_discord",
        values,
        "A player was given another Discord member in the meantime. Nothing was changed.",
    )
    return {step.player_id: _pointed(step.player_id, "discord_user_id", step.discord_user_id, None) for step in steps}


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
