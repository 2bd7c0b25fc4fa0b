"""The notes under which links were made or last right."""

from __future__ import annotations

from collections.abc import Collection

from sv_common.db.pool import Connection
from sv_common.db.sql import load_sql

SQL = load_sql(__package__, "links.sql")


async def with_another_note(conn: Connection, guild_id: int) -> set[int]:
    """Return the linked characters in the guild whose note is another one than that under which they were linked."""
    rows = await (await conn.execute(SQL["with_another_note"], {"guild_id": guild_id})).fetchall()
    return {row[0] for row in rows}


async def follow_notes(conn: Connection, guild_id: int, character_ids: Collection[int]) -> None:
    """Take the notes as they are now for those under which these characters' links are right."""
    if character_ids:
        values = {"guild_id": guild_id, "character_ids": list(character_ids)}
        await conn.execute(SQL["follow_notes"], values)
