"""The players pages: who is who as a searchable list, one player, one character, and what a decision would change."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from starlette.responses import Response

from patt.api import players as api
from patt.api.players import ShownPeople, fields_of
from patt.pages.layout import View, VisitDep
from patt.web.context import CharacterId, PageQuery, PlayerId, viewer_of
from patt.web.finding import LONGEST_SEARCH
from patt.web.forms import FormReader, way_back
from patt.web.places import PEOPLE
from sv_common.guild_sync.core.errors import PattError
from sv_common.guild_sync.identity.decisions import Decision
from sv_common.guild_sync.insights import people
from sv_common.guild_sync.insights.everyone.summary import PersonSummary

HOME = PEOPLE.href
KINDS: dict[ShownPeople, str] = {
    "players": "Players",
    "characters": "Characters without a player",
    "members": "Discord members without a player",
    "shared": "Bank and shared characters",
    "all": "Everyone",
}
LABELS = {
    "link": "Link character",
    "confirm": "Confirm link",
    "unlink": "Unlink character",
    "reject": "Not this player",
    "allow": "Allow again",
    "link_member": "Link Discord member",
    "link_to_member": "Link character",
    "unlink_member": "Unlink Discord member",
    "reject_member": "Not this member",
    "allow_member": "Allow again",
    "new_player": "New player",
    "mark_shared": "Bank or shared",
    "unmark_shared": "Not shared",
    "set_hiatus": "Set hiatus",
    "end_hiatus": "End hiatus",
    "merge": "Merge players",
    "main": "Set main",
    "add_alias": "Add alias",
    "remove_alias": "Remove alias",
}
MOST_FOUND = 8
_DECISION = FormReader[Decision](Decision)

router = APIRouter(prefix=HOME, dependencies=[Depends(viewer_of)], include_in_schema=False)


@dataclass(frozen=True, slots=True)
class PlayersView(View):
    """Which part of the list is shown."""

    home = HOME
    show: ShownPeople = "players"
    search: str = ""
    page: int = 1


@router.get("")
async def players(
    visit: VisitDep,
    search: Annotated[str, Query(max_length=LONGEST_SEARCH)] = "",
    show: Annotated[ShownPeople, Query()] = "players",
    page: PageQuery = 1,
) -> Response:
    words = search.strip()
    async with visit.snapshot() as known:
        if not known:
            return visit.page("players", guild=None)
        here, guild = await visit.narrow(known)
        found = await people.people_page(here, search=words, kind=api.KINDS[show], number=page)
    counts, everyone = found.counts, sum(found.counts.values())
    return visit.page(
        "players",
        guild=guild,
        guilds=known,
        view=PlayersView(guild.id, show, words, found.number),
        found=found,
        kinds=[(each, KINDS[each], counts[kind] if kind else everyone) for each, kind in api.KINDS.items()],
    )


@router.get("/characters/{character_id}")
async def character(visit: VisitDep, character_id: CharacterId) -> Response:
    """Show whose a character is, or whose it may be."""
    found = await api.character(visit.services, character_id, visit.guild_id)
    await visit.look_around(found.guild_id)
    return visit.page(
        "character",
        page=found,
        about=found,
        guild_id=found.guild_id,
        home=PlayersView(found.guild_id).href(),
        back=f"{HOME}/characters/{character_id}?guild={found.guild_id}",
    )


@router.get("/preview")
async def preview(visit: VisitDep) -> Response:
    """Show what a decision would change; where it cannot be carried out, lead back and say why."""
    fields, here = visit.request.query_params, visit.address
    back = way_back(fields.get("back", ""), HOME)
    try:
        decision = _DECISION.read(fields.multi_items())
        planned = await api.preview(visit.services, visit.viewer, decision, visit.guild_id)
    except PattError as error:
        return visit.leads_back(back, error)
    await visit.look_around(planned.guild_id)
    return visit.page(
        "decision",
        planned=planned,
        fields={**fields_of(decision), "plan_key": planned.plan_key, "back": back, "again": here},
        label=LABELS[decision.decision],
        asks_why=decision.decision in ("reject", "mark_shared", "set_hiatus"),
        home=HOME,
        back=back,
    )


@router.get("/{player_id}")
async def player(
    visit: VisitDep, player_id: PlayerId, other: Annotated[str, Query(max_length=LONGEST_SEARCH)] = ""
) -> Response:
    """Show a player's characters, Discord member, aliases, open issues, and all that was done.

    `other` looks for the player to merge with, by any name; nobody has to be named exactly.
    """
    words, others = other.strip(), list[PersonSummary]()
    async with visit.services.pool.snapshot():
        found = await api.player(visit.services, player_id, visit.guild_id)
        await visit.look_around(found.guild_id)
        if words:
            async with visit.services.pool.reading(found.guild_id) as here:
                others = await people.players_like(here, words, other_than=player_id, most=MOST_FOUND)
    return visit.page(
        "player",
        player=found,
        other=words,
        others=others,
        about=found,
        guild_id=found.guild_id,
        home=PlayersView(found.guild_id).href(),
        back=f"{HOME}/{player_id}?guild={found.guild_id}",
    )
