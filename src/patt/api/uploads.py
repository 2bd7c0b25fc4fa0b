"""Uploads: companions send the addon's exports, and officers see what became of each."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, replace
from typing import Annotated, Any, cast

from fastapi import APIRouter, Depends, Request, Security
from fastapi.security import APIKeyHeader
from pydantic import Field
from starlette.exceptions import HTTPException
from starlette.responses import Response

from patt.api.routing import FOR_OFFICERS, officer_router
from patt.auth.credentials import Uploader
from patt.queue.tasks import Task
from patt.web.context import GuildDep, ServicesDep, UploadId
from patt.web.guard import UPLOAD_KEY_HEADER
from patt.web.load.reading import ExportReader
from patt.web.places import UPLOAD_PREFIX
from patt.web.problems import problems
from sv_common.guild_sync.core.language import tr
from sv_common.guild_sync.insights.proposed_notes.read import ProposedNotes, proposed_notes
from sv_common.guild_sync.roster import guilds, uploads
from sv_common.guild_sync.roster.upload_origin import refuse_foreign
from sv_common.guild_sync.roster.uploads import Received, Upload
from sv_common.guild_sync.sources.addon.saved_variables import MAX_BYTES

_AS_THE_GAME_WROTE_IT = 'PATTSyncDB = { ["lastExport"] = { ["characters"] = { { ["name"] = "Mito" } } } }'
_TEXTS = ("realm", "note", "officerNote", "rankName", "class")
_CHARACTER: dict[str, Any] = {
    "type": "object",
    "required": ["name"],
    "properties": {
        "name": {"type": "string", "description": "The name alone, or Name-Realm."},
        **{name: {"type": ["string", "null"]} for name in _TEXTS},
        "rank": {"type": ["integer", "null"], "description": "From 0, the guild master."},
        "level": {"type": ["integer", "null"]},
    },
}
_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "description": (
            "The addon's SavedVariables file as the game wrote it, or its last export as JSON, with the fields that the addon "
            "writes. Of these `exportTime` (seconds since 1970, UTC) says what is newer, and `guildName`, `realm` and "
            "`region` are held against the guild of the key."
        ),
        "content": {
            "application/octet-stream": {
                "schema": {"type": "string", "format": "binary"},
                "example": _AS_THE_GAME_WROTE_IT,
            },
            "application/json": {
                "schema": {
                    "type": "object",
                    "required": ["characters"],
                    "properties": {"characters": {"type": "array", "minItems": 1, "items": _CHARACTER}},
                },
                "example": {"characters": [{"name": "Newalt", "realm": "Area 52", "note": "alt of Mito", "rank": 3}]},
            },
        },
    }
}


def uploader_of(request: Request) -> Uploader:
    """Return the holder of the key that was sent; the guard lets no other through."""
    uploader = getattr(request.state, "uploader", None)
    if not isinstance(uploader, Uploader):
        raise HTTPException(401, tr("Send an upload key in the header {header}.", header=UPLOAD_KEY_HEADER))
    return uploader


UploaderDep = Annotated[Uploader, Depends(uploader_of)]

router = APIRouter(
    prefix=UPLOAD_PREFIX,
    tags=["uploads"],
    dependencies=[
        Depends(uploader_of),
        Security(APIKeyHeader(name=UPLOAD_KEY_HEADER, auto_error=False, description="An upload key: `patt keys add`.")),
    ],
    responses=problems(
        _401="No valid upload key.",
        _403="Not what this key is for, or sent by a page of another site in a signed-in browser.",
        _404="No such upload of this guild.",
        _413="The upload is too large.",
        _422="The export is not valid. Nothing of it was used.",
        _429="Too many uploads. The header Retry-After gives the seconds to wait.",
        _503="The database does not answer.",
    ),
    max_body_size=MAX_BYTES,
)


@router.post("/addon-upload", status_code=202, summary="Send what the addon exported", openapi_extra=_BODY)
async def receive(request: Request, services: ServicesDep, uploader: UploaderDep) -> Received:
    """Check the export, store it, and answer; a worker takes it in, in the order of the exports' times.

    An export that waits already, or was the last one taken in, is not stored again. One of another guild is refused.
    """
    body = await request.body()
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    reader = cast("ExportReader", request.app.state.export_reader)
    export = await reader.read(body, is_json=kind == "application/json")
    async with services.pool.writing(uploader.guild_id, alone=False) as guild:
        await refuse_foreign(guild, export.origin, export.listed)
        received = await uploads.receive(guild, uploader.key_id, export)
    if received.is_new and services.queue is not None:
        await services.queue.enqueue(Task.UPLOADS, uploader.guild_id)
    return received


@router.get("/addon-upload/{upload_id}", summary="Outcome of an upload")
async def status(services: ServicesDep, uploader: UploaderDep, upload_id: UploadId) -> Upload:
    """Whether an upload waits, is taken in, was older than what is known, was refused or given up, and why.

    Of this key's guild only.
    """
    async with services.pool.reading(uploader.guild_id) as guild:
        return await uploads.get(guild, upload_id)


@dataclass(frozen=True, slots=True)
class KeyHolder:
    """Whose upload key it is, and for which guild."""

    uploader: Annotated[str, Field(examples=["Mito"])]
    guild: Annotated[str, Field(description="Name of the guild for which it uploads.", examples=["Pull the Pin"])]
    may_fetch_notes: Annotated[
        bool, Field(description="Whether it may fetch the proposed notes: an officer's key, made for that.")
    ]


@router.get("/upload-key", summary="Whose upload key it is")
async def holder(services: ServicesDep, uploader: UploaderDep) -> KeyHolder:
    """For trying a key without an export."""
    async with services.pool.reading(uploader.guild_id) as guild:
        return KeyHolder(uploader.name, (await guilds.get(guild)).name, uploader.may_fetch_notes)


@router.get(
    "/proposed-notes",
    summary="Notes for the addon to show",
    response_model=ProposedNotes,
    responses={304: {"description": "The notes are those of the `ETag` that was sent."}},
)
async def proposed(
    request: Request, response: Response, services: ServicesDep, uploader: UploaderDep
) -> ProposedNotes | Response:
    """The guild notes that proof and officers' decisions contradict, or that are empty, each with what it should say.

    For a key that was made for this alone. They hold names of characters and notes: no account, no BattleTag, no name on
    Discord. Send the `ETag` of the last answer in `If-None-Match`.
    """
    if not uploader.may_fetch_notes:
        raise HTTPException(
            403,
            tr("This key only sends exports. For an officer, an administrator makes one that also fetches notes."),
        )
    async with services.pool.reading(uploader.guild_id) as guild:
        found = await proposed_notes(guild)
    tag = f'"{hashlib.sha256(json.dumps(asdict(found)).encode()).hexdigest()[:32]}"'
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers={"ETag": tag})
    response.headers["ETag"] = tag
    return found


for_officers = officer_router("uploads", "uploads")


@for_officers.get("", summary="Uploads of the addon's exports")
async def listed(services: ServicesDep, guild: GuildDep = None) -> list[Upload]:
    """The 50 newest; those that wait or were given up come first."""
    async with services.pool.reading(await guilds.resolve_guild(services.pool, guild)) as here:
        return await uploads.recent(here)


@for_officers.post("/{upload_id}/retry", summary="Retry a failed upload", dependencies=FOR_OFFICERS)
async def retry(services: ServicesDep, upload_id: UploadId, guild: GuildDep = None) -> Upload:
    """It waits again, and a worker processes it; newer data stays."""
    number = await guilds.resolve_guild(services.pool, guild)
    async with services.pool.writing(number, alone=False) as here:
        upload = await uploads.retry(here, upload_id)
    if services.queue is not None:
        await services.queue.enqueue(Task.UPLOADS, number, is_awaited=True)
    sentence = tr(
        "Upload {number} is queued again. A worker processes it: patt serve, or patt worker.", number=upload.id
    )
    return replace(upload, sentence=sentence)
