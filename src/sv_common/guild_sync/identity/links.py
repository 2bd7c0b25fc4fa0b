"""The notes under which links were made or last right."""

from __future__ import annotations

from collections.abc import Collection

from sv_common.db.pool import GuildConnection
from sv_common.db.sql import load_sql

SQL = load_sql(__package__, "links.sql")


async def with_another_note(guild: GuildConnection) -> set[int]:
    """Return the linked characters in the guild whose note is another one than that under which they were linked."""
    rows = await guild.rows(SQL["with_another_note"])
    return {row[0] for row in rows}


async def follow_notes(guild: GuildConnection, character_ids: Collection[int]) -> None:
    """Take the notes as they are now for those under which these characters' links are right."""
    if character_ids:
        await guild.run(SQL["follow_notes"], character_ids=list(character_ids))
