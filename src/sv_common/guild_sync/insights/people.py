"""Everyone that a guild knows, as a searchable list."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Any, Final, Literal, NamedTuple

from pydantic import Field
from rapidfuzz.fuzz import ratio

from sv_common.db.pool import GuildConnection
from sv_common.db.sql import load_sql
from sv_common.guild_sync.core.names import name_key
from sv_common.guild_sync.core.paging import Page
from sv_common.guild_sync.core.row_number import marked_row
from sv_common.guild_sync.insights.everyone.filters import FilterCount, PeopleFilter, Sort, in_order_of, narrow
from sv_common.guild_sync.insights.everyone.summary import PersonKind, PersonSummary, PlayedCharacter
from sv_common.guild_sync.insights.matching import Place, Wanted, in_order
from sv_common.guild_sync.notes import fold_accents
from sv_common.guild_sync.rulebook.stale_character import STALE_AFTER

SQL = load_sql(__package__, "people.sql")
PAGE_SIZE = 100

NEAR_ENOUGH: Final = 70.0
"""RapidFuzz ratio (0 to 100) from which a name is offered for a misspelled one: a person then chooses."""


@dataclass(frozen=True, slots=True)
class PeoplePage(Page[PersonSummary]):
    """One page of people, 100 at most: those whose whole name was searched for, then by name, unless it is sorted otherwise."""

    items: Sequence[PersonSummary]
    counts: Annotated[
        Mapping[PersonKind, int],
        Field(
            description="How many of each kind the search and the filters find.",
            examples=[{"player": 120, "character": 7, "member": 9, "shared": 2}],
        ),
    ]
    filters: Annotated[
        Mapping[str, Sequence[FilterCount]],
        Field(
            description="For each filter its values, with how many people each would show by the kind and the other filters.",
            examples=[{"discord": [{"value": "with", "label": "On Discord", "count": 110}]}],
        ),
    ]


class KnownName(NamedTuple):
    """A name, whose it is, and who that is: a character and a Discord member with a player are the player."""

    subject: PersonKind
    subject_id: int
    source: Literal["player", "alias", "character", "display", "global", "user", "note"]
    bearer_id: int
    text: str

    @property
    def bearer(self) -> PersonKind:
        return _BEARERS[self.source]

    @property
    def is_shown(self) -> bool:
        """Whether the subject is called so where it is listed."""
        return self.source == _SHOWN_AS[self.subject]

    def place(self, wanted: Wanted) -> Place | None:
        """Return how well a search fits; a note comes after every name."""
        if self.source == "note":
            return Place.SCATTERED if wanted.place_in(self.text) is not None else None
        if self.bearer is PersonKind.CHARACTER:
            return wanted.place_in_name(self.text)
        return wanted.place_in_member(self.text) if self.bearer is PersonKind.MEMBER else wanted.place_in(self.text)


_SHOWN_AS = {
    PersonKind.PLAYER: "player",
    PersonKind.CHARACTER: "character",
    PersonKind.SHARED: "character",
    PersonKind.MEMBER: "display",
}
_BEARERS = {
    "player": PersonKind.PLAYER,
    "alias": PersonKind.PLAYER,
    "character": PersonKind.CHARACTER,
    "display": PersonKind.MEMBER,
    "global": PersonKind.MEMBER,
    "user": PersonKind.MEMBER,
    "note": PersonKind.PLAYER,
}


@dataclass(frozen=True, slots=True)
class _Subject:
    """A person with every name they have; the first one is shown."""

    kind: PersonKind
    id: int
    names: Sequence[KnownName]

    @property
    def shown(self) -> str:
        return self.names[0].text


async def people_page(
    guild: GuildConnection,
    chosen: PeopleFilter | None = None,
    *,
    search: str = "",
    kind: PersonKind | None = PersonKind.PLAYER,
    sort: Sort | None = None,
    reverse: bool = False,
    number: int = 1,
    page_size: int = PAGE_SIZE,
) -> PeoplePage:
    """Return one page of people; a number beyond the last page gives the last one. `kind` None means everyone.

    A search finds everyone with a name or a note that contains the words, by their place in it: `matching`.
    """
    found = await _everyone(guild, search)
    narrowed = narrow(found, chosen or PeopleFilter(), kind)
    wanted = in_order_of(narrowed.people, sort, reverse=reverse)
    pages = max(1, -(-len(wanted) // page_size))
    number = min(max(1, number), pages)
    shown = wanted[(number - 1) * page_size : number * page_size]
    return PeoplePage(shown, number, pages, len(wanted), narrowed.kinds, narrowed.filters)


async def every_person(
    guild: GuildConnection,
    chosen: PeopleFilter,
    *,
    search: str = "",
    kind: PersonKind | None = PersonKind.PLAYER,
    sort: Sort | None = None,
    reverse: bool = False,
) -> list[PersonSummary]:
    """Return all people that the same question finds, for a file."""
    return in_order_of(narrow(await _everyone(guild, search), chosen, kind).people, sort, reverse=reverse)


async def _everyone(guild: GuildConnection, search: str) -> list[PersonSummary]:
    names = await all_names(guild)
    if search.strip():
        names += [KnownName(PersonKind(subject), *rest) for subject, *rest in await guild.rows(SQL["notes"])]
    return await _summaries(guild, _found(_subjects(names), search))


async def all_names(guild: GuildConnection) -> list[KnownName]:
    """Return every name by which somebody of a guild can be looked for."""
    rows = await guild.rows(SQL["names"])
    return [KnownName(PersonKind(subject), *rest) for subject, *rest in rows]


async def players_like(guild: GuildConnection, search: str, *, other_than: int, most: int) -> list[PersonSummary]:
    """Return the players with a name that contains the words, or the number `#12`; where there are none, a name that is near."""
    players = [
        subject
        for subject in _subjects(await all_names(guild))
        if subject.kind is PersonKind.PLAYER and subject.id != other_than
    ]
    if (number := marked_row(search)) is not None:
        found: list[tuple[_Subject, str | None]] = [(each, None) for each in players if each.id == number]
    else:
        found = _found(players, search) or _near(players, search)
    return await _summaries(guild, found[:most])


def _near(subjects: Iterable[_Subject], search: str) -> list[tuple[_Subject, str | None]]:
    """The people with a name that may be meant by a misspelled one, the nearest first."""
    ranked = []
    for subject in subjects:
        likeness, matched = max((_likeness(name, search), name.text) for name in subject.names)
        if likeness >= NEAR_ENOUGH:
            ranked.append((-likeness, in_order(subject.shown), subject.id, subject, matched))
    ranked.sort(key=lambda hit: hit[:3])
    return [(subject, matched if matched != subject.shown else None) for *_, subject, matched in ranked]


def _likeness(name: KnownName, search: str) -> float:
    """How alike a name and a search are, from 0 to 100; of a character's name the realm does not count."""
    own = name.text.partition("-")[0] if name.bearer is PersonKind.CHARACTER else name.text
    return ratio(fold_accents(name_key(own)), fold_accents(name_key(search)))


def _subjects(names: Iterable[KnownName]) -> list[_Subject]:
    by_subject: dict[tuple[PersonKind, int], list[KnownName]] = defaultdict(list)
    for name in names:
        known = by_subject[name.subject, name.subject_id]
        known.insert(0 if name.is_shown else len(known), name)
    return [_Subject(kind, subject_id, known) for (kind, subject_id), known in by_subject.items()]


def _found(subjects: Iterable[_Subject], search: str) -> list[tuple[_Subject, str | None]]:
    """The people a search finds, best first, each with the name that was found where another is shown."""
    wanted = Wanted.of(search)
    ranked = []
    for subject in subjects:
        places = [(place, name.text) for name in subject.names if (place := name.place(wanted)) is not None]
        if places:
            place, matched = min(places, key=lambda hit: hit[0])
            ranked.append((place, in_order(subject.shown), subject.kind, subject.id, subject, matched))
    ranked.sort(key=lambda hit: hit[:4])
    return [(subject, matched if wanted.key and matched != subject.shown else None) for *_, subject, matched in ranked]


async def _summaries(guild: GuildConnection, shown: Sequence[tuple[_Subject, str | None]]) -> list[PersonSummary]:
    ids = {kind: [subject.id for subject, _ in shown if subject.kind is kind] for kind in PersonKind}
    summaries = await guild.all(
        _summary,
        SQL["summaries"],
        default_days=STALE_AFTER.default,
        player_ids=ids[PersonKind.PLAYER],
        character_ids=[*ids[PersonKind.CHARACTER], *ids[PersonKind.SHARED]],
        member_ids=ids[PersonKind.MEMBER],
    )
    known = {(row.kind, row.id): row for row in summaries}
    found = [(subject, matched, known.get((_row_kind(subject.kind), subject.id))) for subject, matched in shown]
    return [replace(row, kind=subject.kind, matched=matched) for subject, matched, row in found if row is not None]


def _summary(*, kind: str, played: Sequence[Mapping[str, Any]], **columns: Any) -> PersonSummary:
    return PersonSummary(kind=PersonKind(kind), played=[PlayedCharacter(**each) for each in played], **columns)


def _row_kind(kind: PersonKind) -> PersonKind:
    """What a list says of a bank or shared character is what it says of any without a player."""
    return PersonKind.CHARACTER if kind is PersonKind.SHARED else kind
