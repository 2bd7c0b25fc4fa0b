"""The history of a guild's settings: who changed what, from what to what."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any

from psycopg.rows import class_row
from psycopg.types.json import Jsonb
from pydantic import Field

from sv_common.db.pool import Connection
from sv_common.db.sql import load_sql
from sv_common.guild_sync.core.errors import NotFound
from sv_common.guild_sync.core.language import tr
from sv_common.guild_sync.core.paging import PAGE_SIZE, Page, Place

SQL = load_sql(__package__, "changes.sql")


@dataclass(frozen=True, slots=True)
class NewSettingChange:
    """A change to be stored; `undoes` is the number of the change that it undoes."""

    guild_id: int | None
    kind: str
    subject: str
    before: Mapping[str, Any]
    after: Mapping[str, Any]
    sentence: str
    undoes: int | None = None


@dataclass(frozen=True, slots=True)
class SettingChange:
    """A change of the settings that was made. `is_undoable`: it can be undone, and was not; `is_too_late`: its time is over."""

    id: int
    guild_id: Annotated[int | None, Field(exclude=True)]
    kind: Annotated[str, Field(description="rule, ranks, word, language, retention, key or token.", examples=["rule"])]
    subject: Annotated[str, Field(examples=["stale_character"])]
    before: Annotated[Mapping[str, Any], Field(examples=[{"is_enabled": True, "parameters": {}}])]
    after: Annotated[Mapping[str, Any], Field(examples=[{"is_enabled": True, "parameters": {"stale_after_days": 45}}])]
    sentence: Annotated[str, Field(examples=["stale_character. Stale after: 30 days → 45 days"])]
    undoes: Annotated[int | None, Field(description="The change that this one undoes.")]
    actor: str
    at: datetime
    undone_by: str | None
    undone_at: datetime | None
    is_undoable: bool
    is_too_late: Annotated[bool | None, Field(exclude=True)] = None


async def add(conn: Connection, change: NewSettingChange, *, actor: str) -> int:
    values = {
        "guild_id": change.guild_id,
        "kind": change.kind,
        "subject": change.subject,
        "before": Jsonb(dict(change.before)),
        "after": Jsonb(dict(change.after)),
        "sentence": change.sentence,
        "undoes": change.undoes,
        "actor": actor,
    }
    row = await (await conn.execute(SQL["add"], values)).fetchone()
    assert row is not None  # noqa: S101 -- "returning" always gives the row
    return int(row[0])


async def get(conn: Connection, change_id: int, guild_id: int | None) -> SettingChange:
    """Return one change. Raises `NotFound`, also when it belongs to another guild than the one given."""
    values = {"change_id": change_id, "guild_id": guild_id}
    async with conn.cursor(row_factory=class_row(SettingChange)) as cursor:
        change = await (await cursor.execute(SQL["get"], values)).fetchone()
    if change is None:
        raise NotFound(tr("Settings change {change_id} does not exist.", change_id=change_id))
    return change


async def newest(
    conn: Connection, guild_id: int, *, number: int = 1, with_installation: bool = True, with_secrets: bool = True
) -> Page[SettingChange]:
    """Return one page of a guild's changes, newest first.

    By default with those of the whole installation, and with keys and tokens that were made or revoked.
    """
    values: dict[str, Any] = {
        "guild_id": guild_id,
        "with_installation": with_installation,
        "with_secrets": with_secrets,
    }
    row = await (await conn.execute(SQL["count"], values)).fetchone()
    place = Place(int(row[0]) if row else 0, number)
    async with conn.cursor(row_factory=class_row(SettingChange)) as cursor:
        await cursor.execute(SQL["newest"], {**values, "limit": PAGE_SIZE, "offset": place.offset})
        return place.page(await cursor.fetchall())
