"""The notes under which links were made or last correct."""

from __future__ import annotations

from collections.abc import Collection

from sv_common.db.pool import GuildConnection
from sv_common.db.sql import load_sql

SQL = load_sql(__package__, "links.sql")


async def with_another_note(guild: GuildConnection) -> set[int]:
    """Return the linked characters in the guild whose note has changed since they were linked."""
    rows = await guild.rows(SQL["with_another_note"])
    return {row[0] for row in rows}


async def follow_notes(guild: GuildConnection, character_ids: Collection[int]) -> None:
    """Record the current notes as those under which these characters' links are correct."""
    if character_ids:
        await guild.run(SQL["follow_notes"], character_ids=list(character_ids))
