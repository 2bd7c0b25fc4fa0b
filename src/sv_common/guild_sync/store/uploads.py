"""Uploads of the addon's export: stored before they are acknowledged, taken in one after the other, and what became of each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Literal

from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from sv_common.db.pool import Connection
from sv_common.db.sql import load_sql
from sv_common.guild_sync.domain.addon_export import AddonExport
from sv_common.guild_sync.domain.errors import NotFound
from sv_common.guild_sync.domain.guild import AddonCharacter

SQL = load_sql(__package__, "uploads.sql")

UploadState = Literal["received", "done", "refused", "failed"]


@dataclass(frozen=True, slots=True)
class Upload:
    """One upload and what became of it."""

    id: int
    guild_id: int
    upload_key_id: int
    character_count: int
    exported_at: datetime | None
    received_at: datetime
    state: UploadState
    attempts: int
    sentence: str | None
    run_id: int | None
    finished_at: datetime | None


@dataclass(frozen=True, slots=True)
class WaitingUpload:
    """An upload to be taken in now; `attempts` counts this one."""

    id: int
    uploader: str
    characters: Sequence[AddonCharacter]
    attempts: int


async def receive(conn: Connection, guild_id: int, key_id: int, export: AddonExport) -> tuple[int, bool]:
    """Store an export; return its number and whether it is new. The same export sent twice is one upload."""
    rows = [asdict(character) for character in export.characters]
    exported_at = datetime.fromtimestamp(export.exported_at, UTC) if export.exported_at is not None else None
    values = {
        "guild_id": guild_id,
        "key_id": key_id,
        "content_hash": export.content_hash,
        "characters": Jsonb(rows),
        "character_count": len(rows),
        "exported_at": exported_at,
    }
    row = await (await conn.execute(SQL["receive"], values)).fetchone()
    assert row is not None  # noqa: S101 -- one of the two halves always gives the row
    return int(row[0]), bool(row[1])


async def next_waiting(conn: Connection, guild_id: int) -> WaitingUpload | None:
    """Return the oldest upload that waits; one that failed is tried again after 2, 4, 8 … 64 minutes."""
    row = await (await conn.execute(SQL["next"], {"guild_id": guild_id})).fetchone()
    return WaitingUpload(row[0], row[1], [AddonCharacter(**each) for each in row[2]], row[3]) if row else None


async def finish(
    conn: Connection, upload_id: int, state: UploadState, sentence: str, *, run_id: int | None = None
) -> None:
    """Note what became of an upload; its characters are no longer kept."""
    values = {"upload_id": upload_id, "state": state, "sentence": sentence, "run_id": run_id}
    await conn.execute(SQL["finish"], values)


async def put_off(conn: Connection, upload_id: int, sentence: str) -> None:
    """Note that taking in an upload failed, and why it still waits."""
    await conn.execute(SQL["put_off"], {"upload_id": upload_id, "sentence": sentence})


async def get(conn: Connection, upload_id: int, guild_id: int) -> Upload:
    """Return one upload of a guild. Raises `NotFound`."""
    async with conn.cursor(row_factory=class_row(Upload)) as cursor:
        await cursor.execute(SQL["get"], {"upload_id": upload_id, "guild_id": guild_id})
        upload = await cursor.fetchone()
    if upload is None:
        raise NotFound(f"There is no upload with the number {upload_id}.")
    return upload


async def guilds_that_wait(conn: Connection) -> list[int]:
    """Return the guilds of which an upload waits."""
    return [row[0] for row in await (await conn.execute(SQL["guilds_that_wait"])).fetchall()]
