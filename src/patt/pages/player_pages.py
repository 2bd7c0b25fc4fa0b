"""The players pages: who is who as a searchable list, one player, one character, and what a decision would change."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import Response

from patt.api import players as api
from patt.api.players import LONGEST_SEARCH, ShownPeople, fields_of
from patt.pages.layout import View, chosen_of, guilds_in_reach, respond
from patt.web.context import Caller, CharacterId, GuildDep, PageQuery, PlayerId, ServicesDep, ViewerDep, viewer_of
from patt.web.forms import Flash, FormReader, led_back, way_back
from patt.web.places import PLAYERS
from sv_common.db.pool import Pool
from sv_common.guild_sync.core.errors import PattError
from sv_common.guild_sync.identity.decisions import Decision
from sv_common.guild_sync.insights import people

HOME = PLAYERS.href
KINDS: tuple[tuple[ShownPeople, str], ...] = (
    ("players", "Players"),
    ("characters", "Characters without a player"),
    ("members", "Discord members without a player"),
    ("all", "Everyone"),
)

LABELS = {
    "link": "Link character",
    "confirm": "Confirm link",
    "unlink": "Unlink character",
    "reject": "Not this player",
    "allow": "Allow again",
    "link_member": "Link Discord member",
    "link_to_member": "Link character",
    "unlink_member": "Unlink Discord member",
    "allow_member": "Allow again",
    "merge": "Merge players",
    "main": "Set main",
    "add_alias": "Add alias",
    "remove_alias": "Remove alias",
}
_DECISION = FormReader[Decision](Decision)

router = APIRouter(prefix=HOME, dependencies=[Depends(viewer_of)], include_in_schema=False)


@dataclass(frozen=True, slots=True)
class PlayersView(View):
    """Which part of the list is looked at."""

    show: ShownPeople = "players"
    search: str = ""
    page: int = 1

    @property
    def home(self) -> str:
        """The address of the page without any parameter."""
        return HOME


@router.get("")
async def players(
    request: Request,
    services: ServicesDep,
    viewer: ViewerDep,
    guild: GuildDep,
    search: Annotated[str, Query(max_length=LONGEST_SEARCH)] = "",
    show: Annotated[ShownPeople, Query()] = "players",
    page: PageQuery = 1,
) -> Response:
    """Show who is who."""
    context = await players_context(services.pool, viewer, guild_id=guild, search=search.strip(), shown=show, page=page)
    return respond(request, "admin/players.html", viewer, context)


async def players_context(
    pool: Pool,
    viewer: Caller,
    *,
    guild_id: int | None = None,
    search: str = "",
    shown: ShownPeople = "players",
    page: int = 1,
) -> dict[str, Any]:
    """Return all that the list shows, in a number of statements that depends on nothing.

    Without a guild the first one is shown; where there is none, `guild` is None and nothing else is there. Raises
    `NotFound` for a guild that does not exist.
    """
    async with pool.snapshot() as conn:
        known = await guilds_in_reach(conn, viewer)
        if not known:
            return {"guild": None}
        guild = chosen_of(known, guild_id)
        here = await pool.narrow(guild.id)
        found = await people.people_page(here, search=search, kind=api.KINDS[shown], number=page)
    counts = {each: _count(found.counts, each) for each, _ in KINDS}
    return {
        "guild": guild,
        "guilds": known,
        "view": PlayersView(guild.id, shown, search, found.number),
        "found": found,
        "kinds": [(each, label, counts[each]) for each, label in KINDS],
    }


@router.get("/characters/{character_id}")
async def character(
    request: Request, services: ServicesDep, viewer: ViewerDep, character_id: CharacterId, guild: GuildDep
) -> Response:
    """Show one character: whose it is, or whose it may be."""
    found = await api.character(services, character_id, guild)
    context = {
        "page": found,
        "about": found,
        "guild_id": found.guild_id,
        "home": PlayersView(found.guild_id).href(),
        "back": f"{HOME}/characters/{character_id}?guild={found.guild_id}",
    }
    return respond(request, "admin/character.html", viewer, context)


@router.get("/preview")
async def preview(request: Request, services: ServicesDep, viewer: ViewerDep, guild: GuildDep) -> Response:
    """Show what a decision would change; where it cannot be carried out, lead back and say why."""
    back = way_back(request.query_params.get("back", ""), HOME)
    try:
        asked = _DECISION.read(request.query_params.multi_items())
        planned = await api.preview(services, viewer, asked, guild)
    except PattError as error:
        return led_back(request, back, Flash(str(error), "problem"))
    context = {
        "planned": planned,
        "fields": {**fields_of(asked), "plan_key": planned.plan_key, "back": back},
        "label": LABELS[asked.decision],
        "asks_why": asked.decision == "reject",
        "home": HOME,
        "back": back,
    }
    return respond(request, "admin/decision.html", viewer, context)


@router.get("/{player_id}")
async def player(
    request: Request, services: ServicesDep, viewer: ViewerDep, player_id: PlayerId, guild: GuildDep
) -> Response:
    """Show one player: characters, Discord member, aliases, what is open, and all that was done."""
    found = await api.player(services, player_id, guild)
    context = {
        "player": found,
        "about": found,
        "guild_id": found.guild_id,
        "home": PlayersView(found.guild_id).href(),
        "back": f"{HOME}/{player_id}?guild={found.guild_id}",
    }
    return respond(request, "admin/player.html", viewer, context)


def _count(counts: Any, shown: ShownPeople) -> int:
    kind = api.KINDS[shown]
    return sum(counts.values()) if kind is None else counts[kind]
