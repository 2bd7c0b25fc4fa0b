"""Who of everyone is meant: filters with the count of each of their values, and the order of the list. Pure."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Annotated, Final, Literal, TypeAlias

from pydantic import Field

from sv_common.guild_sync.core.basis import Basis
from sv_common.guild_sync.core.language import mark, tr
from sv_common.guild_sync.insights.everyone.summary import PersonKind, PersonSummary
from sv_common.guild_sync.insights.matching import in_order

Sort: TypeAlias = Literal["name", "characters", "last_seen", "rank", "issues"]
OnDiscord: TypeAlias = Literal["with", "without"]

YES: Final = "yes"
PROOFS: Final[Mapping[str, str]] = {
    "proven": mark("Verified by Battle.net"),
    "officer": mark("Officer"),
    "account": mark("Same account"),
    "note": mark("Note"),
    "name": mark("Discord name"),
}
_LABELS: Final[Mapping[str, str]] = {
    "with": mark("On Discord"),
    "without": mark("Not on Discord"),
    YES: mark("Yes"),
    **PROOFS,
}
_UNRANKED: Final = -(2**31)


@dataclass(frozen=True, slots=True)
class PeopleFilter:
    """Which people are meant; None and False: all of them. Filters that are given together all have to fit."""

    discord: OnDiscord | None = None
    proof: Basis | None = None
    loose: bool = False
    inactive: bool = False
    hiatus: bool = False
    rank: int | None = None
    character_class: str | None = None
    issues: bool = False

    @property
    def chosen(self) -> Mapping[str, str]:
        """The filters that leave somebody out, each with the value that is wanted."""
        values = {each.name: getattr(self, each.name) for each in fields(self)}
        return {
            name: YES if value is True else str(value) for name, value in values.items() if value not in (None, False)
        }


@dataclass(frozen=True, slots=True)
class FilterCount:
    """One value of a filter, and how many people it would show."""

    value: Annotated[str, Field(examples=["with"])]
    label: Annotated[str, Field(examples=["On Discord"])]
    count: int


@dataclass(frozen=True, slots=True)
class Narrowed:
    """Those who are meant, and what each filter would show by the other ones."""

    people: Sequence[PersonSummary]
    kinds: Mapping[PersonKind, int]
    filters: Mapping[str, Sequence[FilterCount]]


def narrow(people: Iterable[PersonSummary], chosen: PeopleFilter, kind: PersonKind | None) -> Narrowed:
    """Return the people that all filters let through; each filter's values are counted by the kind and the other filters."""
    wanted = dict(chosen.chosen) | ({"kind": kind.value} if kind is not None else {})
    through, counts = [], defaultdict[str, Counter[str]](Counter)
    labels: dict[tuple[str, str], str] = {}
    for person in people:
        values = _values(person)
        failing = [name for name, value in wanted.items() if value not in values[name]]
        if not failing:
            through.append(person)
        for name in values if not failing else failing if len(failing) == 1 else ():
            counts[name].update(values[name])
        if person.rank_index is not None:
            labels["rank", str(person.rank_index)] = person.rank or ""
    kinds = {each: counts["kind"][each.value] for each in PersonKind}
    names = [each.name for each in fields(PeopleFilter)]
    return Narrowed(through, kinds, {name: _counted(name, counts[name], labels) for name in names})


def in_order_of(people: Sequence[PersonSummary], sort: Sort | None, *, reverse: bool) -> list[PersonSummary]:
    """Sort people: names from A, and of the rest what is most or newest first. None leaves them in their order.

    People without a known login or rank come last, either way.
    """
    if sort is None:
        return list(reversed(people)) if reverse else list(people)
    by_name = sorted(people, key=lambda each: (in_order(each.name), each.kind, each.id))
    if sort == "name":
        return by_name[::-1] if reverse else by_name
    measure = _MEASURES[sort]
    known = [each for each in by_name if measure(each) is not None]
    unknown = [each for each in by_name if measure(each) is None]
    return sorted(known, key=lambda each: measure(each) or 0, reverse=not reverse) + unknown


_MEASURES: Final[Mapping[Sort, Callable[[PersonSummary], int | None]]] = {
    "characters": lambda each: each.characters,
    "last_seen": lambda each: each.last_login_timestamp,
    "rank": lambda each: each.rank_level,
    "issues": lambda each: each.open_issues,
}


def _values(person: PersonSummary) -> Mapping[str, frozenset[str]]:
    """What a person has of each filter."""
    is_known = person.kind is PersonKind.PLAYER
    on_discord = "with" if person.is_on_discord else "without"
    return {
        "kind": frozenset({person.kind.value}),
        "discord": frozenset({on_discord}),
        "proof": frozenset(person.proofs),
        "loose": _yes(
            person.kind is not PersonKind.SHARED and not (is_known and person.characters and person.is_on_discord)
        ),
        "inactive": _yes(person.is_inactive),
        "hiatus": _yes(person.is_away),
        "rank": frozenset({str(person.rank_index)} if person.rank_index is not None else ()),
        "character_class": frozenset(each.character_class for each in person.played if each.character_class),
        "issues": _yes(person.open_issues > 0),
    }


def _yes(holds: bool) -> frozenset[str]:
    return frozenset({YES} if holds else ())


def label_of(value: str) -> str:
    """Return what the value of a filter is called."""
    return tr(_LABELS[value]) if value in _LABELS else value


def _counted(name: str, counts: Counter[str], labels: Mapping[tuple[str, str], str]) -> list[FilterCount]:
    order = list(PROOFS) if name == "proof" else sorted(counts, key=int) if name == "rank" else sorted(counts)
    found = [FilterCount(each, labels.get((name, each)) or label_of(each), counts[each]) for each in order]
    return [each for each in found if each.count]
