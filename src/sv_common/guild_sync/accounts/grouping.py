"""Which characters belong to one Battle.net account: a pure function of what is kept of their pets.

Two characters are of one account where they share enough pets. What hangs together is one account only where everyone in it
shares enough with everyone else: a character that connects strangers, by a transfer or a wrong answer, joins nobody.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from sv_common.guild_sync.accounts.sketch import FEWEST_SHARED, Sketch, is_one_account

MOST_HOLDERS: Final = 100
"""Characters that may hold a pet; one that more hold was given to everybody, and tells nothing."""


@dataclass(frozen=True, slots=True)
class Grouping:
    """What the pets of a guild's characters say, by the characters' numbers. Each list is in the order of its first character.

    `accounts` are characters of one account, two or more. `reviews` hang together, but not everyone with everyone. `poor` have
    too few pets to say anything, and `alone` are the others. `common` is how many numbers were left out, because very
    many characters have them.
    """

    accounts: tuple[tuple[int, ...], ...] = ()
    reviews: tuple[tuple[int, ...], ...] = ()
    poor: tuple[int, ...] = ()
    alone: tuple[int, ...] = ()
    common: int = 0


def group(sketches: Mapping[int, Sketch]) -> Grouping:
    """Group characters into accounts. The order of the sketches does not matter; the work grows with their number alone."""
    alike: dict[Sketch, list[int]] = defaultdict(list)
    for character in sorted(sketches):
        alike[sketches[character]].append(character)
    common = _common(alike)
    told: dict[Sketch, list[int]] = defaultdict(list)
    for sketch, characters in alike.items():
        told[sketch.without(common)._replace(pets=0)] += characters
    poor = sorted(character for sketch, characters in told.items() if sketch.is_poor for character in characters)
    rich = {sketch: characters for sketch, characters in told.items() if not sketch.is_poor}
    partners = _partners(list(rich))
    accounts: list[tuple[int, ...]] = []
    reviews: list[tuple[int, ...]] = []
    alone: list[int] = []
    for found in _connected(partners):
        members = tuple(sorted(character for sketch in found for character in rich[sketch]))
        if len(members) == 1:
            alone += members
        elif all(len(partners[sketch]) == len(found) - 1 for sketch in found):
            accounts.append(members)
        else:
            reviews.append(members)
    return Grouping(tuple(sorted(accounts)), tuple(sorted(reviews)), tuple(poor), tuple(sorted(alone)), len(common))


def _common(alike: Mapping[Sketch, Sequence[int]]) -> set[int]:
    """Return the numbers that very many characters have."""
    holders = Counter[int]()
    for sketch, characters in alike.items():
        for number in sketch.numbers:
            holders[number] += len(characters)
    return {number for number, count in holders.items() if count > MOST_HOLDERS}


def _partners(sketches: Sequence[Sketch]) -> dict[Sketch, set[Sketch]]:
    """Return with which others each sketch shares enough. Within one reading all sketches of an account are equal, so here are few."""
    holders: dict[int, list[Sketch]] = defaultdict(list)
    partners: dict[Sketch, set[Sketch]] = {}
    for sketch in sketches:
        partners[sketch] = set()
        shared = Counter(other for number in sketch.numbers for other in holders[number])
        for other, count in shared.items():
            if count >= FEWEST_SHARED and is_one_account(sketch, other):
                partners[sketch].add(other)
                partners[other].add(sketch)
        for number in sketch.numbers:
            holders[number].append(sketch)
    return partners


def _connected(partners: Mapping[Sketch, Iterable[Sketch]]) -> list[set[Sketch]]:
    """Return what hangs together."""
    found: list[set[Sketch]] = []
    seen: set[Sketch] = set()
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
