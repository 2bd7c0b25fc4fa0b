"""Words that mean players: remembered, moved and forgotten; in sets, each change remembered."""

from __future__ import annotations

from collections.abc import Sequence

from sv_common.db.pool import Connection
from sv_common.db.sql import load_sql
from sv_common.guild_sync.domain.errors import PlanStale
from sv_common.guild_sync.domain.names import name_key
from sv_common.guild_sync.domain.plan import ForgetAlias, MoveAlias, RememberAlias
from sv_common.guild_sync.store.links import Change, LinkAuthor

SQL = load_sql(__package__, "aliases.sql")

LEARNED_BY_MATCH = "full_match"
"""Link source of a full match, whose aliases count only while a note of the player's own characters bears them."""


async def remember(
    conn: Connection, guild_id: int, steps: Sequence[tuple[int, RememberAlias]], author: LinkAuthor
) -> dict[str, list[Change]]:
    """Let words mean players (by number); return the changes by key of the word, also of what made room for it."""
    if not steps:
        return {}
    values = {
        "guild_id": guild_id,
        "actor": author.actor,
        "source": "match" if author.link_source == LEARNED_BY_MATCH else "person",
        "player_ids": [player_id for player_id, _ in steps],
        "aliases": [step.alias for _, step in steps],
        "alias_keys": [name_key(step.alias) for _, step in steps],
    }
    unused = await (await conn.execute(SQL["forget_unused"], values)).fetchall()
    made_room = {row["alias_key"]: Change(table="alias", id=row["id"], before=row, after=None) for (row,) in unused}
    rows = await (await conn.execute(SQL["remember"], values)).fetchall()
    return {
        key: [
            *([made_room[key]] if key in made_room else []),
            Change(table="alias", id=row["id"], before=None, after=row),
        ]
        for key, row in rows
    }


async def forget(conn: Connection, guild_id: int, steps: Sequence[ForgetAlias]) -> dict[str, Change]:
    """Let words mean players no longer; return the changes by key of the word. Raises `PlanStale` for an unknown word."""
    if not steps:
        return {}
    values = {
        "guild_id": guild_id,
        "alias_keys": [name_key(step.alias) for step in steps],
        "player_ids": [step.player_id for step in steps],
    }
    rows = await (await conn.execute(SQL["forget"], values)).fetchall()
    if len(rows) != len(steps):
        raise PlanStale("An alias was changed by somebody else in the meantime. Nothing was changed; look again.")
    return {key: Change(table="alias", id=row["id"], before=row, after=None) for key, row in rows}


async def move(conn: Connection, guild_id: int, steps: Sequence[MoveAlias]) -> dict[str, Change]:
    """Let words mean other players; return the changes by key of the word. Raises `PlanStale`."""
    if not steps:
        return {}
    former = {name_key(step.alias): step.former_player_id for step in steps}
    values = {
        "guild_id": guild_id,
        "alias_keys": list(former),
        "former_ids": list(former.values()),
        "player_ids": [step.player_id for step in steps],
    }
    rows = await (await conn.execute(SQL["move"], values)).fetchall()
    if len(rows) != len(steps):
        raise PlanStale("An alias was changed by somebody else in the meantime. Nothing was changed; look again.")
    return {
        key: Change(table="alias", id=row["id"], before={**row, "player_id": former[key]}, after=row)
        for key, row in rows
    }
