"""Uploads of the addon's export: stored before they are acknowledged, taken in by their export's time, and what became of each."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Annotated, Literal

import psycopg
from psycopg.types.json import Jsonb
from pydantic import Field

from sv_common.db.pool import GuildConnection
from sv_common.db.sql import load_sql
from sv_common.guild_sync.core.errors import Refused
from sv_common.guild_sync.core.language import tr
from sv_common.guild_sync.sources.addon.export import AddonExport
from sv_common.guild_sync.sources.addon.origin import ExportOrigin
from sv_common.guild_sync.sources.models import AddonCharacter

SQL = load_sql(__package__, "uploads.sql")

UploadState = Literal["received", "done", "superseded", "refused", "failed"]
"""Whether it waits, was taken in, was older than what is known, cannot be used, or was given up and can be tried again."""


@dataclass(frozen=True, slots=True)
class Upload:
    """One upload and what became of it."""

    id: Annotated[int, Field(serialization_alias="upload_id")]
    guild_id: Annotated[int, Field(exclude=True)]
    upload_key_id: Annotated[int, Field(exclude=True)]
    uploader: Annotated[str, Field(description="The player whose companion sent it.", examples=["Mito"])]
    character_count: int
    exported_at: datetime | None
    as_of: Annotated[
        datetime, Field(description="The time that its export counts as: its own, unless it has none or a future one.")
    ]
    received_at: datetime
    state: Annotated[
        UploadState,
        Field(
            description="“superseded”: all of it was known from a newer export. “failed”: given up, and kept for another try."
        ),
    ]
    attempts: int
    sentence: Annotated[str | None, Field(description="What became of it; null while it waits for its first try.")]
    run_id: Annotated[int | None, Field(exclude=True)]
    finished_at: datetime | None


@dataclass(frozen=True, slots=True)
class WaitingUpload:
    """An upload to be processed now; `attempts` counts the tries so far."""

    id: int
    attempts: int
    uploader: str
    characters: Sequence[AddonCharacter]
    as_of: datetime
    origin: ExportOrigin


@dataclass(frozen=True, slots=True)
class Received:
    """The number under which an export is stored."""

    upload_id: int
    is_new: Annotated[
        bool, Field(description="False where the same export waits already, or was the last one taken in.")
    ]
    sentence: str


@dataclass(frozen=True, slots=True)
class Prepared:
    """An export as it is stored: its characters are JSON already, `exported_at` is in seconds since 1970, UTC."""

    content_hash: str
    characters: str
    character_count: int
    exported_at: int | None
    guild_name: str | None
    realm: str | None
    region: int | None

    @property
    def origin(self) -> ExportOrigin:
        return ExportOrigin(self.guild_name, self.realm, self.region)

    def listed(self) -> list[AddonCharacter]:
        """Return the characters; that takes a while."""
        return [AddonCharacter(**each) for each in json.loads(self.characters)]


def prepare(export: AddonExport) -> Prepared:
    """Make an export ready to be stored: all that takes time, and no database."""
    characters = json.dumps([asdict(character) for character in export.characters])
    origin = (export.exported_at, export.guild_name, export.realm, export.region)
    return Prepared(export.content_hash, characters, len(export.characters), *origin)


async def receive(guild: GuildConnection, key_id: int, export: AddonExport | Prepared) -> Received:
    """Store an export, unless an equal one waits, or the newest upload was equal and is taken in."""
    stored = export if isinstance(export, Prepared) else prepare(export)
    row = await guild.row(
        SQL["receive"],
        key_id=key_id,
        content_hash=stored.content_hash,
        characters=Jsonb(stored.characters, dumps=str),
        character_count=stored.character_count,
        exported_at=None if stored.exported_at is None else datetime.fromtimestamp(stored.exported_at, UTC),
        guild_name=stored.guild_name,
        realm=stored.realm,
        region=stored.region,
    )
    assert row is not None  # noqa: S101 -- one of the two halves always gives the row
    upload_id, what = int(row[0]), str(row[1])
    sentences = {
        "new": tr("Received."),
        "waiting": tr(
            "This export is already waiting as upload {number}, so it was not stored again.", number=upload_id
        ),
        "done": tr(
            "This export was already processed as upload {number}, so it was not stored again.", number=upload_id
        ),
        "superseded": tr(
            "This export was already sent as upload {number}, and a newer one is known. It was not stored again.",
            number=upload_id,
        ),
    }
    return Received(upload_id, what == "new", sentences[what])


async def is_any_waiting(guild: GuildConnection) -> bool:
    """Return whether an upload waits that may be tried by now."""
    return bool(await guild.value(SQL["is_any_waiting"]))


async def next_waiting(guild: GuildConnection) -> WaitingUpload | None:
    """Return the waiting upload with the oldest export; one that failed is tried again after 2, 4, 8 … 64 minutes."""
    row = await guild.row(SQL["next"])
    if row is None:
        return None
    upload_id, attempts, uploader, characters, as_of, *origin = row
    return WaitingUpload(
        upload_id, attempts, uploader, [AddonCharacter(**each) for each in characters], as_of, ExportOrigin(*origin)
    )


async def count_try(guild: GuildConnection, upload_id: int) -> int | None:
    """Count a try that begins, and return how many there were with it; None for an upload that waits no more."""
    row = await guild.row(SQL["count_try"], upload_id=upload_id)
    return int(row[0]) if row else None


async def finish(
    guild: GuildConnection,
    upload_id: int,
    state: Literal["done", "superseded", "refused"],
    sentence: str,
    *,
    run_id: int | None = None,
    as_of: datetime | None = None,
) -> None:
    """Note what became of an upload; its characters are no longer kept.

    Given the time that the export counted as, it goes on waiting where the same was sent again meanwhile with a later one.
    """
    await guild.run(SQL["finish"], upload_id=upload_id, state=state, sentence=sentence, run_id=run_id, as_of=as_of)


async def give_up(guild: GuildConnection, upload_id: int, sentence: str) -> None:
    """Try an upload no more. It is kept, so that a person can have it tried again."""
    await guild.run(SQL["give_up"], upload_id=upload_id, sentence=sentence)


async def put_off(guild: GuildConnection, upload_id: int, sentence: str) -> None:
    """Note that taking in an upload failed, and why it still waits."""
    await guild.run(SQL["put_off"], upload_id=upload_id, sentence=sentence)


async def retry(guild: GuildConnection, upload_id: int) -> Upload:
    """Let an upload that was given up wait again, and return it. Raises `NotFound`, and `Refused` for any other upload."""
    try:
        async with guild.savepoint():
            is_waiting = await guild.run(SQL["retry"], upload_id=upload_id) == 1
    except psycopg.errors.UniqueViolation as error:
        raise Refused(
            tr("The same export is already waiting, so upload {number} is not needed again.", number=upload_id)
        ) from error
    upload = await get(guild, upload_id)
    if not is_waiting:
        state = upload.sentence or tr("waiting to be processed.")
        raise Refused(
            tr("Only a failed upload can be tried again. Upload {number}: {state}", number=upload_id, state=state)
        )
    return upload


async def get(guild: GuildConnection, upload_id: int) -> Upload:
    """Return one upload of a guild. Raises `NotFound`."""
    otherwise = tr("Upload {number} does not exist.", number=upload_id)
    return await guild.required(Upload, otherwise, SQL["get"], upload_id=upload_id)


async def recent(guild: GuildConnection, *, limit: int = 50) -> list[Upload]:
    """Return a guild's uploads: those that wait or were given up, then the newest of the others."""
    return await guild.all(Upload, SQL["recent"], limit=limit)


async def given_up(guild: GuildConnection) -> list[int]:
    return [row[0] for row in await guild.rows(SQL["given_up"])]


async def newer_than(guild: GuildConnection, upload_id: int) -> int | None:
    """Return the newest upload that was taken in and has a newer export than this one; None where there is none."""
    newer: int | None = await guild.value(SQL["newer_than"], upload_id=upload_id)
    return newer
