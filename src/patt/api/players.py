"""The players API: who is who, and deciding it; and the search over everything. For officers only."""

from __future__ import annotations

from dataclasses import fields
from typing import Annotated, Any, Literal

from fastapi import Query

from patt.api.routing import ReadingDep, officer_router
from patt.web import own_rights
from patt.web.context import CharacterId, GuildDep, OfficerDep, PageQuery, PlayerId, ServicesDep, ViewerDep
from patt.web.finding import LONGEST_SEARCH, LONGEST_WORDS, Found, find
from sv_common.guild_sync.identity.decisions import Decision
from sv_common.guild_sync.identity_engine import DecisionReport, apply_decision, preview_decision
from sv_common.guild_sync.insights import people, person
from sv_common.guild_sync.insights.people import PeoplePage, PersonKind
from sv_common.guild_sync.insights.person import CharacterPage, PlayerView

ShownPeople = Literal["players", "characters", "members", "shared", "all"]
"""Whom to list: players, characters without a player, Discord members without a player, bank and shared characters."""

KINDS: dict[ShownPeople, PersonKind | None] = {
    "players": PersonKind.PLAYER,
    "characters": PersonKind.CHARACTER,
    "members": PersonKind.MEMBER,
    "shared": PersonKind.SHARED,
    "all": None,
}
_SEARCH = "Part of a name: a player's, a character's, on Discord, an alias."
SearchQuery = Annotated[str, Query(max_length=LONGEST_SEARCH, description=_SEARCH, examples=["mit"])]
_SHOWN = "Players, characters without a player, Discord members without one, bank and shared characters, or all."
_WORDS = "Part of a name, a note, an issue, a setting, a place; `#12` is what has this number."
WordsQuery = Annotated[str, Query(max_length=LONGEST_WORDS, description=_WORDS, examples=["alt of mito"])]
ShownQuery = Annotated[ShownPeople, Query(description=_SHOWN, examples=["players"])]

router = officer_router("players", "players")
for_search = officer_router("search", "search")


@for_search.get("", summary="Find people, characters, Discord members, notes, issues, settings and places")
async def search(here: ReadingDep, viewer: ViewerDep, q: WordsQuery = "") -> Found:
    """The best eight of each kind, with how many there are: whole names first, then beginnings, beginnings of words, parts.

    Words without accents find names with them. Resolved issues are found by number alone. Places and settings are those
    that the caller’s role may use.
    """
    return await find(here, q, viewer.role)


@router.get("", summary="People, 50 a page")
async def players(
    here: ReadingDep, search: SearchQuery = "", show: ShownQuery = "players", page: PageQuery = 1
) -> PeoplePage:
    """Sorted by name, whole names that were searched for first. A page beyond the last one gives the last one."""
    return await people.people_page(here, search=search, kind=KINDS[show], number=page)


@router.post("/decisions/preview", summary="Preview a decision")
async def preview(services: ServicesDep, viewer: ViewerDep, body: Decision, guild: GuildDep = None) -> DecisionReport:
    """The plan that the decision would carry out now, and what it changes; nothing is done."""
    await own_rights.check_decision(services.pool, viewer, body, guild)
    return await preview_decision(services.pool, body, guild_id=guild)


@router.post("/decisions", summary="Make a decision")
async def decide(services: ServicesDep, officer: OfficerDep, body: Decision, guild: GuildDep = None) -> DecisionReport:
    """Carry out an officer's decision, which is recorded and can be undone as a whole."""
    guard = own_rights.guard_of(officer)
    return await apply_decision(services.pool, body, actor=officer.actor, guild_id=guild, guard=guard)


@router.get("/characters/{character_id}", summary="One character")
async def character(services: ServicesDep, character_id: CharacterId, guild: GuildDep = None) -> CharacterPage:
    """Whose it is or who it may be by its note, what is open about it, and what was done."""
    async with services.pool.reading(await person.guild_of_character(services.pool, character_id, guild)) as here:
        return await person.character_page(here, character_id)


@router.get("/{player_id}", summary="One player")
async def player(services: ServicesDep, player_id: PlayerId, guild: GuildDep = None) -> PlayerView:
    """Characters with their notes, Discord member, aliases, what is open, and what was done."""
    async with services.pool.reading(await person.guild_of_player(services.pool, player_id, guild)) as here:
        return await person.player_view(here, player_id)


def fields_of(decision: Decision) -> dict[str, Any]:
    """Return a decision as a form sends it: what is as usual is left out, but for what it decides."""
    sent = {each.name: getattr(decision, each.name) for each in fields(decision)}
    usual = {each.name: each.default for each in fields(decision) if each.name != "decision"}
    unusual = {name: value for name, value in sent.items() if name not in usual or value != usual[name]}
    return {name: "true" if value is True else value for name, value in unusual.items()}
