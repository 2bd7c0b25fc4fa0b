"""Everyone that a guild knows, as a searchable list."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Annotated, Any, Final, NamedTuple, TypeAlias

from pydantic import Field
from rapidfuzz.fuzz import ratio

from sv_common.db.pool import GuildConnection
from sv_common.db.sql import load_sql
from sv_common.guild_sync.core.names import name_key
from sv_common.guild_sync.core.paging import Page
from sv_common.guild_sync.core.row_number import marked_row
from sv_common.guild_sync.notes import fold_accents

SQL = load_sql(__package__, "people.sql")
PAGE_SIZE = 50

_NOT_FOUND = 3

NEAR_ENOUGH: Final = 70.0
"""RapidFuzz ratio (0 to 100) from which a name is offered for a misspelled one: a person then chooses."""


class PersonKind(StrEnum):
    PLAYER = "player"
    CHARACTER = "character"
    MEMBER = "member"


LastLogin: TypeAlias = Annotated[
    int | None, Field(description="Last login in milliseconds since 1970, UTC; null where it is not known (any more).")
]


@dataclass(frozen=True, slots=True)
class PersonSummary:
    """A player, a character without a player, or a Discord member without one, as it is listed."""

    kind: PersonKind
    id: Annotated[int, Field(description="Number of the player, the character or the Discord member, by `kind`.")]
    name: str
    main_name: Annotated[str | None, Field(description="The player's main, or the character itself.")]
    main_realm: str | None
    main_class: str | None
    characters: Annotated[int, Field(description="Characters in the guild now.")]
    rank: Annotated[str | None, Field(description="The highest rank of these.")]
    last_login_timestamp: LastLogin
    discord_name: str | None
    is_on_discord: bool
    open_issues: int
    matched: Annotated[
        str | None, Field(description="The name that the search found, where it is another than the one shown.")
    ] = None


@dataclass(frozen=True, slots=True)
class PeoplePage(Page[PersonSummary]):
    """One page of people: those whose whole name was searched for, then by name."""

    items: Sequence[PersonSummary]
    counts: Annotated[
        Mapping[PersonKind, int],
        Field(
            description="How many of each kind the search finds.",
            examples=[{"player": 120, "character": 7, "member": 9}],
        ),
    ]


class _Name(NamedTuple):
    text: str
    is_character: bool


@dataclass(frozen=True, slots=True)
class _Subject:
    """A person with every name they have; the first one is shown."""

    kind: PersonKind
    id: int
    names: Sequence[_Name]

    @property
    def shown(self) -> str:
        return self.names[0].text


async def people_page(
    guild: GuildConnection,
    *,
    search: str = "",
    kind: PersonKind | None = PersonKind.PLAYER,
    number: int = 1,
    page_size: int = PAGE_SIZE,
) -> PeoplePage:
    """Return one page of people; a number beyond the last page gives the last one. `kind` None means everyone.

    A search finds everyone with a name that contains the words, whole names first, then beginnings. Words without accents
    find names with them. Case and composition are Python's, as everywhere, so the names are read and compared here.
    """
    rows = await guild.rows(SQL["names"])
    found = _found(_subjects(rows), search)
    counts = {each: sum(subject.kind is each for subject, _ in found) for each in PersonKind}
    wanted = [(subject, matched) for subject, matched in found if kind in (None, subject.kind)]
    pages = max(1, -(-len(wanted) // page_size))
    number = min(max(1, number), pages)
    shown = wanted[(number - 1) * page_size : number * page_size]
    return PeoplePage(await _summaries(guild, shown), number, pages, len(wanted), counts)


async def players_like(guild: GuildConnection, search: str, *, other_than: int, most: int) -> list[PersonSummary]:
    """Return the players with a name that contains the words, or the number `#12`; where there are none, a name that is near."""
    players = [
        subject
        for subject in _subjects(await guild.rows(SQL["names"]))
        if subject.kind is PersonKind.PLAYER and subject.id != other_than
    ]
    if (number := marked_row(search)) is not None:
        found: list[tuple[_Subject, str | None]] = [(subject, None) for subject in players if subject.id == number]
    else:
        found = _found(players, search) or _near(players, search)
    return await _summaries(guild, found[:most])


def _near(subjects: Iterable[_Subject], search: str) -> list[tuple[_Subject, str | None]]:
    """The people with a name that may be meant by a misspelled one, the nearest first."""
    ranked = []
    for subject in subjects:
        likeness, matched = max((_likeness(name, search), name.text) for name in subject.names)
        if likeness >= NEAR_ENOUGH:
            ranked.append((-likeness, name_key(subject.shown), subject.id, subject, matched))
    ranked.sort(key=lambda hit: hit[:3])
    return [(subject, matched if matched != subject.shown else None) for *_, subject, matched in ranked]


def _likeness(name: _Name, search: str) -> float:
    """How alike a name and a search are, from 0 to 100; of a character's name the realm does not count."""
    own = name.text.partition("-")[0] if name.is_character else name.text
    return ratio(fold_accents(name_key(own)), fold_accents(name_key(search)))


def _subjects(rows: Iterable[Sequence[Any]]) -> list[_Subject]:
    names: dict[tuple[PersonKind, int], list[_Name]] = defaultdict(list)
    for kind, subject_id, source, text in rows:
        known = names[PersonKind(kind), subject_id]
        known.insert(0 if source == "name" else len(known), _Name(text, source == "character"))
    return [_Subject(kind, subject_id, known) for (kind, subject_id), known in names.items()]


def _found(subjects: Iterable[_Subject], search: str) -> list[tuple[_Subject, str | None]]:
    """The people a search finds, best first, each with the name that was found where another is shown."""
    key = name_key(search)
    ranked = []
    for subject in subjects:
        place, matched = min(((_place(name, key), name.text) for name in subject.names), key=lambda hit: hit[0])
        if place < _NOT_FOUND:
            in_order = fold_accents(name_key(subject.shown))
            ranked.append((place, in_order, subject.kind, subject.id, subject, matched))
    ranked.sort(key=lambda hit: hit[:4])
    return [(subject, matched if key and matched != subject.shown else None) for *_, subject, matched in ranked]


def _place(name: _Name, key: str) -> int:
    """How well a name matches a search: 0 exactly, 1 begins with it, 2 contains it. A realm counts only after a hyphen."""
    own = name_key(name.text)
    if name.is_character and "-" not in key:
        own = own.partition("-")[0]
    if key == fold_accents(key):
        own = fold_accents(own)
    if not key or key == own:
        return 0
    if own.startswith(key):
        return 1
    return 2 if key in own else _NOT_FOUND


async def _summaries(guild: GuildConnection, shown: Sequence[tuple[_Subject, str | None]]) -> list[PersonSummary]:
    ids = {kind: [subject.id for subject, _ in shown if subject.kind is kind] for kind in PersonKind}
    summaries = await guild.all(
        PersonSummary,
        SQL["summaries"],
        player_ids=ids[PersonKind.PLAYER],
        character_ids=ids[PersonKind.CHARACTER],
        member_ids=ids[PersonKind.MEMBER],
    )
    known = {(row.kind, row.id): row for row in summaries}
    return [
        replace(known[subject.kind, subject.id], kind=subject.kind, matched=matched)
        for subject, matched in shown
        if (subject.kind, subject.id) in known
    ]
