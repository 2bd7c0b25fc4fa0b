"""The people pages: who is who as a searchable list, one player, one character, and what a decision would change."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Annotated, ClassVar, Literal
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Query
from starlette.responses import Response

from patt.api import players as api
from patt.api.persons import routes as persons
from patt.api.persons.routes import KindQuery, NumberQuery
from patt.api.players import PeopleQuery, PeopleQueryDep, ShownPeople, fields_of
from patt.pages.layout import View, VisitDep
from patt.web.context import CharacterId, PageQuery, PlayerId, administrator_of, viewer_of
from patt.web.finding import LONGEST_SEARCH
from patt.web.forms import FormReader, way_back
from patt.web.places import API_PREFIX, PEOPLE
from patt.web.rendering import page as render
from sv_common.guild_sync.core.basis import Basis
from sv_common.guild_sync.core.errors import PattError, Refused
from sv_common.guild_sync.core.language import mark, tr
from sv_common.guild_sync.erasing.person import PersonRow
from sv_common.guild_sync.identity.decisions import Decision
from sv_common.guild_sync.insights import people, timeline
from sv_common.guild_sync.insights.coverage import Coverage, counts_by_basis
from sv_common.guild_sync.insights.everyone.filters import YES, FilterCount, OnDiscord, Sort, label_of
from sv_common.guild_sync.insights.everyone.summary import PersonSummary
from sv_common.guild_sync.insights.everyone.verified import verified
from sv_common.guild_sync.insights.people import PeoplePage
from sv_common.guild_sync.insights.search import Hit, people_named

HOME = PEOPLE.href
API = f"{API_PREFIX}/v1{HOME}"
FOUND = "found"
"""The part of the list that a search renews as somebody types."""

KINDS: dict[ShownPeople, str] = {
    "players": mark("Players"),
    "characters": mark("Unknown characters"),
    "members": mark("Only on Discord"),
    "shared": mark("Bank or shared"),
    "all": mark("Everybody"),
}
FILTERS: Mapping[str, str] = {
    "discord": mark("Discord"),
    "loose": mark("Loose ends"),
    "inactive": mark("Inactive"),
    "hiatus": mark("On hiatus"),
    "issues": mark("With questions"),
}
"""The filters that are chips; those of the values of `discord` are called as these values."""

SAYS_KIND = ("discord", "loose")
"""Filters of which those without a player all have the same value."""

MENUS: Mapping[str, str] = {"rank": mark("Rank"), "character_class": mark("Class"), "proof": mark("How we know")}
"""The filters with many values, each a menu of its own."""

COLUMNS: Sequence[tuple[Sort | None, str]] = (
    ("name", mark("Name")),
    ("characters", mark("Characters")),
    (None, mark("Discord")),
    ("rank", mark("Rank")),
    (None, mark("How we know")),
    ("last_seen", mark("Seen")),
    ("issues", mark("Questions")),
)
LABELS = {
    "link": mark("Link character"),
    "confirm": mark("Confirm link"),
    "unlink": mark("Unlink character"),
    "reject": mark("Not this player"),
    "allow": mark("Allow again"),
    "overrule_proof": mark("Keep it as it is"),
    "link_member": mark("Link Discord member"),
    "link_to_member": mark("Link character"),
    "unlink_member": mark("Unlink Discord member"),
    "reject_member": mark("Not this member"),
    "allow_member": mark("Allow again"),
    "new_player": mark("New player"),
    "mark_shared": mark("Bank or shared"),
    "unmark_shared": mark("Not shared"),
    "share_account": mark("Several people play"),
    "unshare_account": mark("One person plays"),
    "set_hiatus": mark("Set hiatus"),
    "end_hiatus": mark("End hiatus"),
    "merge": mark("Merge players"),
    "main": mark("Set main"),
    "add_alias": mark("Add alias"),
    "remove_alias": mark("Remove alias"),
}
MOST_FOUND = 8
_DECISION = FormReader[Decision](Decision)

router = APIRouter(prefix=HOME, dependencies=[Depends(viewer_of)], include_in_schema=False)


@dataclass(frozen=True, slots=True)
class PlayersView(View):
    """Which part of the list is shown, and in which order."""

    home = HOME
    named: ClassVar[Mapping[str, str]] = {"character_class": "class"}
    show: ShownPeople = "players"
    search: str = ""
    discord: OnDiscord | None = None
    proof: Basis | None = None
    loose: bool = False
    inactive: bool = False
    hiatus: bool = False
    rank: int | None = None
    character_class: str | None = None
    issues: bool = False
    sort: Sort | None = None
    reverse: bool = False
    page: int = 1

    @classmethod
    def of(cls, guild: int, asked: PeopleQuery, page: int) -> PlayersView:
        """Return the view that a question makes."""
        return cls(
            guild,
            asked.show,
            asked.search.strip(),
            **asdict(asked.chosen),
            sort=asked.sort,
            reverse=asked.reverse,
            page=page,
        )

    def with_filter(self, name: str, value: str | None) -> str:
        """Return the address with one filter chosen; None takes it away."""
        chosen = value is not None if isinstance(getattr(self, name), bool) else value
        return self.href(**{name: chosen, "page": 1})

    def cleared(self) -> str:
        """Return the address without any search or filter."""
        return PlayersView(self.guild, self.show, sort=self.sort, reverse=self.reverse).href()

    @property
    def file(self) -> str:
        """The address of the same people as a file."""
        return self.href(page=1).replace(HOME, f"{API}.csv", 1)

    def sorted_by(self, column: Sort) -> str:
        """Return the address that a column's head leads to: sorted by it, and the other way round where it is already."""
        return self.href(sort=column, reverse=self.sort == column and not self.reverse, page=1)

    def order_of(self, column: Sort) -> Literal["ascending", "descending", ""]:
        """How a column is sorted, as its head says it; blank where it is not."""
        if self.sort != column:
            return ""
        return "ascending" if (column == "name") is not self.reverse else "descending"


@dataclass(frozen=True, slots=True)
class PersonView(View):
    """The page of somebody, and which part of the timeline it shows."""

    path: str
    other: str = ""
    page: int = 1

    def address(self) -> str:
        return self.path

    def shown(self) -> Iterable[str]:
        return "guild", "other", "page"


@dataclass(frozen=True, slots=True)
class Chip:
    """A value of a filter, the number of people it shows, and the address that chooses it, or takes it away."""

    label: str
    count: int
    href: str
    is_chosen: bool


@dataclass(frozen=True, slots=True)
class Menu:
    """A filter with many values; `chosen` is the one that is."""

    label: str
    chips: Sequence[Chip]
    chosen: Chip | None


@router.get("")
async def players(visit: VisitDep, asked: PeopleQueryDep, page: PageQuery = 1) -> Response:
    """Show who is who: searched, narrowed and sorted; a script gets the list alone while somebody types."""
    async with visit.snapshot() as known:
        if not known:
            return visit.page("players", guild=None)
        here, guild = await visit.narrow(known)
        found = await people.people_page(here, asked.chosen, **asked.of_engine, number=page)
        coverage, proven = Coverage(await counts_by_basis(here), None), await verified(here)
    view = PlayersView.of(guild.id, asked, found.number)
    counts = found.counts
    is_part = visit.target == FOUND
    response = visit.page(
        "players_found" if is_part else "players",
        guild=guild,
        guilds=known,
        view=view,
        found=found,
        coverage=coverage,
        verified=proven,
        columns=[(sort, tr(label)) for sort, label in COLUMNS],
        kinds=[
            (each, tr(KINDS[each]), counts[kind] if kind else sum(counts.values())) for each, kind in api.KINDS.items()
        ],
        chips=[
            chip
            for name, label in FILTERS.items()
            for chip in _chips(view, found, name, tr(label))
            if chip.is_chosen or view.show in ("players", "all") or name not in SAYS_KIND
        ],
        menus=[_menu(view, found, name, tr(label)) for name, label in MENUS.items()],
        in_address=[(view.named.get(name, name), value) for name, value in _kept(view)],
        here=view.href(),
    )
    if is_part:
        response.headers["HX-Replace-Url"] = view.href()
    return response


def _kept(view: PlayersView) -> list[tuple[str, str]]:
    """The fields of the address that a new search keeps."""
    usual = PlayersView(view.guild)
    names = [name for name in view.shown() if name not in ("search", "page")]
    kept = [
        (name, getattr(view, name)) for name in names if name == "guild" or getattr(view, name) != getattr(usual, name)
    ]
    return [(name, "true" if value is True else str(value)) for name, value in kept]


def _chips(view: PlayersView, found: PeoplePage, name: str, label: str = "") -> list[Chip]:
    values = [*found.filters[name]]
    chosen = getattr(view, name)
    if chosen not in (None, False) and not any(_is_value(chosen, each) for each in values):
        value = YES if chosen is True else str(chosen)
        values.append(FilterCount(value, label_of(value), 0))
    return [
        Chip(
            label if each.value == "yes" else tr(each.label) if name == "character_class" else each.label,
            each.count,
            view.with_filter(name, None if _is_value(chosen, each) else each.value),
            _is_value(chosen, each),
        )
        for each in values
    ]


def _is_value(chosen: object, each: FilterCount) -> bool:
    return chosen not in (None, False) and each.value == ("yes" if chosen is True else str(chosen))


def _menu(view: PlayersView, found: PeoplePage, name: str, label: str) -> Menu:
    chips = _chips(view, found, name)
    return Menu(label, chips, next((chip for chip in chips if chip.is_chosen), None))


@router.get("/options")
async def options(
    visit: VisitDep,
    field: Annotated[Literal["character", "member", "player"], Query()] = "player",
) -> Response:
    """Show the people that a field could mean, as a part of the page; the field sends what was typed by its name."""
    find = visit.request.query_params.get(field, "")[:LONGEST_SEARCH]
    async with visit.reading() as (here, _, _):
        hits = await people_named(here, find)
    meant: dict[int, Hit] = {}
    for hit in hits:
        number = hit.player_id if field == "player" and hit.kind != "player" else hit.id if hit.kind == field else None
        if number is not None:
            meant.setdefault(number, hit)
    found = [(hit, urlencode([(field, f"#{number}")])) for number, hit in meant.items()]
    return render("partials/options.html", {"found": found, "find": find.strip(), "field": field})


@router.get("/characters/{character_id}")
async def character(visit: VisitDep, character_id: CharacterId, page: PageQuery = 1) -> Response:
    """Show whose a character is, or whose it may be, and page by page what happened to it."""
    async with visit.services.pool.snapshot():
        found = await api.character(visit.services, character_id, visit.guild_id)
        await visit.look_around(found.guild_id)
        async with visit.services.pool.reading(found.guild_id) as here:
            told = await timeline.timeline_of_character(here, character_id, number=page)
    view = PersonView(found.guild_id, f"{HOME}/characters/{character_id}", page=told.number)
    return visit.page(
        "character",
        page=found,
        about=found,
        told=told,
        view=view,
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
        label=tr(LABELS[decision.decision]),
        asks_why=planned.overrules is not None
        or decision.decision in ("reject", "mark_shared", "share_account", "set_hiatus"),
        home=HOME,
        back=back,
    )


@router.get("/erase", dependencies=[Depends(administrator_of)])
async def erase(visit: VisitDep, kind: KindQuery, number: NumberQuery) -> Response:
    """Show what erasing a person deletes and what stays; where it cannot be done now, lead back and say why."""
    guild, known = await visit.guilds()
    home = f"{HOME}?guild={guild.id}"
    known_by = PersonRow(kind, number)
    back = f"{HOME}/{number}?guild={guild.id}" if kind == "player" else home
    try:
        plan = await persons.preview(visit.services, guild.id, known_by)
    except Refused as error:
        return visit.leads_back(back, error)
    fields = {"kind": kind, "id": number, "key": plan.key, "back": home, "again": visit.address}
    return visit.page("erase", guild=guild, guilds=known, plan=plan, fields=fields, back=back, home=home)


@router.get("/{player_id}")
async def player(
    visit: VisitDep,
    player_id: PlayerId,
    other: Annotated[str, Query(max_length=LONGEST_SEARCH)] = "",
    page: PageQuery = 1,
) -> Response:
    """Show a player's characters, Discord member, aliases, open questions, and page by page what happened.

    `other` looks for the player to merge with, by any name; nobody has to be named exactly.
    """
    words, others = other.strip(), list[PersonSummary]()
    async with visit.services.pool.snapshot():
        found = await api.player(visit.services, player_id, visit.guild_id)
        await visit.look_around(found.guild_id)
        async with visit.services.pool.reading(found.guild_id) as here:
            told = await timeline.timeline_of_player(here, player_id, number=page)
            if words:
                others = await people.players_like(here, words, other_than=player_id, most=MOST_FOUND)
    view = PersonView(found.guild_id, f"{HOME}/{player_id}", words, told.number)
    return visit.page(
        "player",
        told=told,
        view=view,
        player=found,
        other=words,
        others=others,
        about=found,
        guild_id=found.guild_id,
        home=PlayersView(found.guild_id).href(),
        back=f"{HOME}/{player_id}?guild={found.guild_id}",
    )
