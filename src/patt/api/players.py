"""The players API: who is who, and deciding it; and the search over everything. For officers only."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Annotated, Any, Literal

from fastapi import Depends, Query, Response
from pydantic import Field

from patt.api.routing import CSV_ANSWER, ReadingDep, csv_answer, officer_router
from patt.web import own_rights
from patt.web.context import CharacterId, GuildDep, OfficerDep, PageQuery, PlayerId, ServicesDep, ViewerDep
from patt.web.finding import LONGEST_SEARCH, LONGEST_WORDS, Found, find
from patt.web.places import CLAIM_PREFIX
from sv_common.guild_sync.accounts.objections import Objected, set_objection
from sv_common.guild_sync.core.basis import Basis
from sv_common.guild_sync.identity.decisions import Decision
from sv_common.guild_sync.identity_engine import DecisionReport, apply_decision, preview_decision
from sv_common.guild_sync.insights import people, person, timeline
from sv_common.guild_sync.insights.everyone.csv_text import csv_text
from sv_common.guild_sync.insights.everyone.filters import OnDiscord, PeopleFilter, Sort
from sv_common.guild_sync.insights.everyone.guild_map import GuildMap, MapTable, as_table, guild_map
from sv_common.guild_sync.insights.everyone.summary import PersonKind
from sv_common.guild_sync.insights.everyone.table import COLUMNS, table_of
from sv_common.guild_sync.insights.everyone.verified import Verification, verification
from sv_common.guild_sync.insights.inactive import InactivePage, inactive_page
from sv_common.guild_sync.insights.people import PeoplePage
from sv_common.guild_sync.insights.person import CharacterPage, PlayerView
from sv_common.guild_sync.insights.timeline import Timeline

ShownPeople = Literal["players", "characters", "members", "shared", "all"]
"""Who to list: players, characters without a player, Discord members without a player, bank and shared characters."""

KINDS: dict[ShownPeople, PersonKind | None] = {
    "players": PersonKind.PLAYER,
    "characters": PersonKind.CHARACTER,
    "members": PersonKind.MEMBER,
    "shared": PersonKind.SHARED,
    "all": None,
}
_SEARCH = "Part of a name or a note: a player's, a character's, on Discord, an alias."
_LOOSE = (
    "Only loose ends: characters and Discord members without a player, players without characters or not on Discord."
)
_INACTIVE = "Only who was seen longer ago than the guild allows, on all characters, and is not on hiatus."
_SORT = "By name from A; by characters, rank, issues the most first; by last login the newest first."
SearchQuery = Annotated[str, Query(max_length=LONGEST_SEARCH, description=_SEARCH, examples=["mit"])]
_SHOWN = "Players, characters without a player, Discord members without one, bank and shared characters, or all."
_WORDS = "Part of a name, a note, an issue, a setting, a place; `#12` is what has this number."
WordsQuery = Annotated[str, Query(max_length=LONGEST_WORDS, description=_WORDS, examples=["alt of mito"])]
ShownQuery = Annotated[ShownPeople, Query(description=_SHOWN, examples=["players"])]

router = officer_router("players", "players")
for_search = officer_router("search", "search")


for_map = officer_router("map", "map")


@for_map.get("", summary="The whole guild as a picture: characters, players, Discord members, loose ends")
async def whole_map(here: ReadingDep) -> GuildMap:
    """Every node with its place, and every edge with what proves it or how much speaks for it; in one answer."""
    return await guild_map(here)


@for_map.get("/table", summary="The same picture as a table")
async def map_table(here: ReadingDep) -> MapTable:
    """One line for each character, and for each player or Discord member without any."""
    return as_table(await guild_map(here))


@for_search.get("", summary="Find people, characters, Discord members, notes, issues, settings and places")
async def search(here: ReadingDep, viewer: ViewerDep, q: WordsQuery = "") -> Found:
    """The best eight of each kind, with how many there are: whole names first, then beginnings, beginnings of words, parts.

    Words without accents find names with them. Resolved issues are found by number alone. Places and settings are those
    that the caller’s role may use.
    """
    return await find(here, q, viewer.role, may_set_up=viewer.may_set_up)


@dataclass(frozen=True, slots=True)
class PeopleQuery:
    """Who of everyone is asked for, and in which order."""

    search: str
    show: ShownPeople
    chosen: PeopleFilter
    sort: Sort | None
    reverse: bool

    @property
    def of_engine(self) -> dict[str, Any]:
        return {"search": self.search, "kind": KINDS[self.show], "sort": self.sort, "reverse": self.reverse}


def _people_query(
    search: SearchQuery = "",
    show: ShownQuery = "players",
    discord: Annotated[
        OnDiscord | None, Query(description="Only those who are on the Discord server, or are not.", examples=["with"])
    ] = None,
    proof: Annotated[
        Basis | None, Query(description="Only those with a link that rests on this.", examples=["note"])
    ] = None,
    loose: Annotated[bool, Query(description=_LOOSE, examples=[False])] = False,
    inactive: Annotated[bool, Query(description=_INACTIVE, examples=[False])] = False,
    hiatus: Annotated[bool, Query(description="Only players on hiatus.", examples=[False])] = False,
    rank: Annotated[
        int | None, Query(ge=0, le=9, description="Only people with this highest rank, by its index.", examples=[1])
    ] = None,
    character_class: Annotated[
        str | None,
        Query(
            alias="class",
            max_length=30,
            pattern=r"^[^\x00]*$",
            description="Only who plays this class.",
            examples=["Mage"],
        ),
    ] = None,
    issues: Annotated[bool, Query(description="Only those with open issues.", examples=[False])] = False,
    sort: Annotated[Sort | None, Query(description=_SORT, examples=["last_seen"])] = None,
    reverse: Annotated[bool, Query(description="The other way round.", examples=[False])] = False,
) -> PeopleQuery:
    chosen = PeopleFilter(discord, proof, loose, inactive, hiatus, rank, character_class, issues)
    return PeopleQuery(search, show, chosen, sort, reverse)


PeopleQueryDep = Annotated[PeopleQuery, Depends(_people_query)]


@router.get("", summary="People, 100 a page")
async def players(here: ReadingDep, asked: PeopleQueryDep, page: PageQuery = 1) -> PeoplePage:
    """By name, whole names that were searched for first, unless it is sorted. All filters that are given have to fit.

    A page beyond the last one gives the last one.
    """
    return await people.people_page(here, asked.chosen, **asked.of_engine, number=page)


@router.get("/verified", summary="Who has verified their characters with Battle.net, and who has not")
async def verified(services: ServicesDep, here: ReadingDep) -> Verification:
    """Members of the Discord server with a character in the guild, by name, and a reminder for those without proof."""
    return await verification(here, services.settings.own_page(CLAIM_PREFIX))


@router.get(".csv", summary="People, as a CSV file", response_class=Response, responses=CSV_ANSWER)
async def players_as_csv(here: ReadingDep, asked: PeopleQueryDep) -> Response:
    """Everyone who passes the filters. Text that looks like a formula begins with an apostrophe."""
    found = await people.every_person(here, asked.chosen, **asked.of_engine)
    return csv_answer("people", csv_text(COLUMNS, table_of(found)))


@router.get("/inactive", summary="Who is inactive: stale characters, one group for each player")
async def inactive(here: ReadingDep, page: PageQuery = 1) -> InactivePage:
    """What the rule about stale characters has found, 50 groups a page.

    Players who are away with all of their characters come first, then characters without a player, then those whose player is
    active on another one. Players on hiatus are not listed.
    """
    return await inactive_page(here, number=page)


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
    """Its player or what its note says about one, its open issues, and what was done; its account for officers alone."""
    async with services.pool.reading(await person.guild_of_character(services.pool, character_id, guild)) as here:
        return await person.character_page(here, character_id)


@dataclass(frozen=True, slots=True)
class ObjectionRequest:
    """Whether the player of a character objects to account evidence."""

    objects: Annotated[bool, Field(description="False: objects no longer.", examples=[True])] = True


@router.post("/characters/{character_id}/objection", summary="Record that a player objects to account evidence")
async def object_to_accounts(
    services: ServicesDep,
    officer: OfficerDep,
    character_id: CharacterId,
    body: ObjectionRequest,
    guild: GuildDep = None,
) -> Objected:
    """Nothing is read for any character of the player any more, and what was read is erased at once and for good."""
    number = await person.guild_of_character(services.pool, character_id, guild)
    return await set_objection(
        services.pool, services.secret, character_id, objects=body.objects, actor=officer.actor, guild_id=number
    )


@router.get("/characters/{character_id}/timeline", summary="What happened to a character, 50 a page, newest first")
async def timeline_of_character(here: ReadingDep, character_id: CharacterId, page: PageQuery = 1) -> Timeline:
    """Decisions, fixes and undos with their numbers, findings, arrivals and leavings, and former names."""
    return await timeline.timeline_of_character(here, character_id, number=page)


@router.get("/{player_id}/timeline", summary="What happened to a player, 50 a page, newest first")
async def timeline_of_player(here: ReadingDep, player_id: PlayerId, page: PageQuery = 1) -> Timeline:
    """The same of all of their characters and of their Discord member."""
    return await timeline.timeline_of_player(here, player_id, number=page)


@router.get("/{player_id}", summary="One player")
async def player(services: ServicesDep, player_id: PlayerId, guild: GuildDep = None) -> PlayerView:
    """Characters with their notes, Discord member, aliases, what is open, and what was done; accounts for officers alone."""
    async with services.pool.reading(await person.guild_of_player(services.pool, player_id, guild)) as here:
        return await person.player_view(here, player_id)


def fields_of(decision: Decision) -> dict[str, Any]:
    """Return a decision as a form sends it: what is as usual is left out, but for what it decides."""
    sent = {each.name: getattr(decision, each.name) for each in fields(decision)}
    usual = {each.name: each.default for each in fields(decision) if each.name != "decision"}
    unusual = {name: value for name, value in sent.items() if name not in usual or value != usual[name]}
    return {name: "true" if value is True else value for name, value in unusual.items()}


def form_pairs(decision: Decision) -> list[tuple[str, str]]:
    """Return the hidden fields of a form that sends a decision; a list is a field for each of its values."""
    return [
        (name, str(each))
        for name, value in fields_of(decision).items()
        for each in (value if isinstance(value, list | tuple) else [value])
    ]
