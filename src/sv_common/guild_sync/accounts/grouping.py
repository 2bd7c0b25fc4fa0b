"""Which characters belong to one Battle.net account: a pure function of what is kept of one kind of evidence.

Two characters are of one account where they share enough. What hangs together is one account only where everyone in it
shares enough with everyone else: a character that connects strangers, by a transfer or a wrong answer, joins nobody.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol, Self, TypeVar

MOST_HOLDERS: Final = 100
"""Characters that may have a number; one that more have was given to everybody, and tells nothing."""


class Comparable(Hashable, Protocol):
    """What is kept of a character, of one kind of evidence. Equal `numbers` speak for one account."""

    @property
    def numbers(self) -> frozenset[int]: ...

    @property
    def fewest_shared(self) -> int:
        """How many numbers two must share before it is worth a closer look."""

    @property
    def is_poor(self) -> bool:
        """Whether this is too little to tell anything."""

    def without(self, common: Collection[int]) -> Self:
        """Return what is compared, without numbers that mean nothing."""

    def agrees_with(self, other: Self, /) -> bool:
        """Whether both are of one account; False says that it is not known."""


_C = TypeVar("_C", bound=Comparable)


@dataclass(frozen=True, slots=True)
class Grouping:
    """What one kind of evidence says, by the characters' numbers. Each list is in the order of its first character.

    `accounts` are characters of one account, two or more. `reviews` hang together, but not everyone with everyone. `poor` have
    too little to say anything, and `alone` are the others. `common` is how many numbers were left out, because very
    many characters have them.
    """

    accounts: tuple[tuple[int, ...], ...] = ()
    reviews: tuple[tuple[int, ...], ...] = ()
    poor: tuple[int, ...] = ()
    alone: tuple[int, ...] = ()
    common: int = 0


def group(kept: Mapping[int, _C]) -> Grouping:
    """Group characters into accounts. Their order does not matter; the work grows with their number alone."""
    alike: dict[_C, list[int]] = defaultdict(list)
    for character in sorted(kept):
        alike[kept[character]].append(character)
    common = _common(alike)
    told: dict[_C, list[int]] = defaultdict(list)
    for each, characters in alike.items():
        told[each.without(common)] += characters
    poor = sorted(character for each, characters in told.items() if each.is_poor for character in characters)
    rich = {each: characters for each, characters in told.items() if not each.is_poor}
    partners = _partners(list(rich))
    accounts: list[tuple[int, ...]] = []
    reviews: list[tuple[int, ...]] = []
    alone: list[int] = []
    for found in _connected(partners):
        members = tuple(sorted(character for each in found for character in rich[each]))
        if len(members) == 1:
            alone += members
        elif all(len(partners[each]) == len(found) - 1 for each in found):
            accounts.append(members)
        else:
            reviews.append(members)
    return Grouping(tuple(sorted(accounts)), tuple(sorted(reviews)), tuple(poor), tuple(sorted(alone)), len(common))


def _common(alike: Mapping[_C, Sequence[int]]) -> set[int]:
    """Return the numbers that very many characters have."""
    holders = Counter[int]()
    for each, characters in alike.items():
        for number in each.numbers:
            holders[number] += len(characters)
    return {number for number, count in holders.items() if count > MOST_HOLDERS}


def _partners(kept: Sequence[_C]) -> dict[_C, set[_C]]:
    """Return which others each agrees with. Within one reading all of an account are equal, so here are few."""
    holders: dict[int, list[_C]] = defaultdict(list)
    partners: dict[_C, set[_C]] = {}
    for each in kept:
        partners[each] = set()
        shared = Counter(other for number in each.numbers for other in holders[number])
        for other, count in shared.items():
            if count >= each.fewest_shared and each.agrees_with(other):
                partners[each].add(other)
                partners[other].add(each)
        for number in each.numbers:
            holders[number].append(each)
    return partners


def _connected(partners: Mapping[_C, Iterable[_C]]) -> list[set[_C]]:
    """Return what hangs together."""
    found: list[set[_C]] = []
    seen: set[_C] = set()
    for first in partners:
        if first in seen:
            continue
        members, waiting = {first}, [first]
        while waiting:
            new = set(partners[waiting.pop()]) - members
            members |= new
            waiting += new
        seen |= members
        found.append(members)
    return found
