"""The notes under which links were made or last correct."""

from __future__ import annotations

from collections.abc import Collection

from sv_common.db.pool import Connection
from sv_common.db.sql import load_sql

SQL = load_sql(__package__, "links.sql")


async def with_another_note(conn: Connection, guild_id: int) -> set[int]:
    """Return the linked characters in the guild whose note has changed since they were linked."""
    rows = await (await conn.execute(SQL["with_another_note"], {"guild_id": guild_id})).fetchall()
    return {row[0] for row in rows}


async def follow_notes(conn: Connection, guild_id: int, character_ids: Collection[int]) -> None:
    """Record the current notes as those under which these characters' links are correct."""
    if character_ids:
        values = {"guild_id": guild_id, "character_ids": list(character_ids)}
        await conn.execute(SQL["follow_notes"], values)
