"""The API for erasing a person for good, and for giving a person their data. For administrators only."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Annotated, Any, Literal

from fastapi import Query, Response

from patt.api.routing import FOR_ADMINISTRATORS, PreviewKey, ReadingDep, as_file, officer_router
from patt.json_data import as_json_data
from patt.web.context import AdministratorDep, GuildDep, ServicesDep
from sv_common.guild_sync.erasing.erase import ErasePlan, erase, preview_erase
from sv_common.guild_sync.erasing.export import export_person
from sv_common.guild_sync.erasing.person import PersonRow

router = officer_router("persons", "persons")

KindQuery = Annotated[
    Literal["player", "character", "member"],
    Query(description="By which row the person is known.", examples=["player"]),
]
NumberQuery = Annotated[int, Query(alias="id", ge=1, le=2**63 - 1, description="The number of that row.", examples=[7])]
_FILE: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "The data as a file.",
        "content": {
            "application/json": {"schema": {"type": "object", "examples": [{"person": "Mito", "sections": {}}]}},
            "text/plain": {"schema": {"type": "string", "examples": ["What PATT stores about Mito in Lantern Watch"]}},
        },
    }
}


@dataclass(frozen=True, slots=True)
class Erasing(PersonRow):
    """The person to erase, as previewed."""

    key: PreviewKey = None


@router.post("/erase/preview", summary="Preview erasing a person", dependencies=FOR_ADMINISTRATORS)
async def preview(services: ServicesDep, guild: GuildDep, body: PersonRow) -> ErasePlan:
    """What goes and what stays. Everything is really done, in a transaction that is rolled back; nothing is changed."""
    return await preview_erase(services.pool, body, guild_id=guild)


@router.post("/erase", summary="Erase a person for good")
async def erase_person(
    services: ServicesDep, administrator: AdministratorDep, guild: GuildDep, body: Erasing
) -> ErasePlan:
    """The one thing that cannot be undone. Who did it is recorded, and how much went, but not who it was."""
    known_by = PersonRow(body.kind, body.id)
    return await erase(services.pool, known_by, actor=administrator.actor, guild_id=guild, key=body.key)


@router.get(
    "/export",
    summary="Everything that is stored about a person",
    dependencies=FOR_ADMINISTRATORS,
    response_class=Response,
    responses=_FILE,
)
async def export(
    here: ReadingDep,
    kind: KindQuery,
    number: NumberQuery,
    form: Annotated[
        Literal["json", "text"], Query(description="JSON, or text to be read.", examples=["json"])
    ] = "json",
) -> Response:
    """As a file, to be given to that person. Officers who decided something are not named."""
    found = await export_person(here, PersonRow(kind, number))
    if form == "text":
        return Response(found.as_text, media_type="text/plain; charset=utf-8", headers=as_file("person", "txt"))
    content = json.dumps(as_json_data(found), ensure_ascii=False, indent=2)
    return Response(content, media_type="application/json", headers=as_file("person", "json"))
