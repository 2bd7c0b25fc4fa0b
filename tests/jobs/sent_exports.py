"""Uploads that wait, as tests of the worker make them and look at them."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from guild_builder import GuildBuilder
from patt.auth import credentials
from sv_common.db.pool import GuildConnection
from sv_common.guild_sync.roster import uploads
from sv_common.guild_sync.sources.addon.export import read_addon_export_json


async def upload(guild: GuildBuilder, note: str, exported_at: datetime | None = None, **head: object) -> int:
    """Store an upload with Mito's note, and return its number; `head` are further fields of the export."""
    async with guild.pool.connection() as conn:
        await credentials.create_upload_key(conn, "Zork", guild_id=guild.guild_id, created_by="test")
        (key, *_) = await credentials.upload_keys(conn, guild.guild_id)
        time = {} if exported_at is None else {"exportTime": int(exported_at.timestamp())}
        export = {"characters": [{"name": "Mito", "note": note}], **time, **head}
        read = read_addon_export_json(json.dumps(export).encode())
        return (await uploads.receive(GuildConnection(conn, guild.guild_id), key.id, read)).upload_id


async def die_in_tries(guild: GuildBuilder, upload_id: int, times: int) -> None:
    """Let the worker die in so many tries, each of which had the guild's lock."""
    for _ in range(times):
        async with guild.pool.writing(guild.guild_id, alone=False) as here:
            await uploads.count_try(here, upload_id)


async def upload_rows(guild: GuildBuilder) -> list[tuple[Any, ...]]:
    """State, tries, and whether characters and run are missing, of each upload."""
    return await guild.rows(
        "select state, attempts, characters is null, run_id is null from guild_identity.addon_uploads order by id"
    )


async def note_of(guild: GuildBuilder) -> Any:
    rows = await guild.rows("select guild_note from guild_identity.wow_characters where character_name = 'Mito'")
    return rows[0][0]
