"""The players API: who is who. For officers only."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query

from patt.api import people_commands, people_reading
from patt.api.officers import officer_router
from patt.api.people_models import (
    CharacterDetailAnswer,
    HandAnswer,
    HandPreviewAnswer,
    HandRequest,
    PeopleAnswer,
    PlayerAnswer,
)
from patt.api.people_reading import ShownPeople
from patt.deps import CharacterId, GuildDep, OfficerDep, PageQuery, PlayerId, ServicesDep, ViewerDep

LONGEST_SEARCH = 100
SearchQuery = Annotated[
    str,
    Query(
        max_length=LONGEST_SEARCH,
        description="Part of a name: a player's, a character's, on Discord, an alias.",
        examples=["mit"],
    ),
]
ShownQuery = Annotated[
    ShownPeople,
    Query(
        description="Players, characters without a player, Discord members without one, or all.", examples=["players"]
    ),
]

router = officer_router("players", "players")


@router.get("", summary="Who is who, 50 a page")
async def players(
    services: ServicesDep, guild: GuildDep, search: SearchQuery = "", show: ShownQuery = "players", page: PageQuery = 1
) -> PeopleAnswer:
    """Sorted by name, whole names that were searched for first. A page beyond the last one gives the last one."""
    async with services.pool.snapshot() as conn:
        return await people_reading.people_page(conn, guild, search=search, shown=show, number=page)


@router.post("/decisions/preview", summary="What a decision about who is who would do")
async def preview(services: ServicesDep, viewer: ViewerDep, guild: GuildDep, body: HandRequest) -> HandPreviewAnswer:
    """The plan that the decision would carry out now, and what it changes; nothing is done."""
    return await people_commands.preview(services, viewer, body, guild_id=guild)


@router.post("/decisions", summary="Decide who is who")
async def decide(services: ServicesDep, officer: OfficerDep, guild: GuildDep, body: HandRequest) -> HandAnswer:
    """Carry out an officer's decision, which is recorded and can be undone as a whole."""
    return await people_commands.decide(services, officer, body, guild_id=guild)


@router.get("/characters/{character_id}", summary="One character")
async def character(services: ServicesDep, guild: GuildDep, character_id: CharacterId) -> CharacterDetailAnswer:
    """Whose it is or who it may be by its note, what is open about it, and what was done."""
    async with services.pool.snapshot() as conn:
        return await people_reading.character(conn, character_id, guild)


@router.get("/{player_id}", summary="One player")
async def player(services: ServicesDep, guild: GuildDep, player_id: PlayerId) -> PlayerAnswer:
    """Characters with their notes, Discord member, aliases, what is open, and what was done."""
    async with services.pool.snapshot() as conn:
        return await people_reading.player(conn, player_id, guild)
