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
    holders = _holders(sketches)
    common = {number for number, held_by in holders.items() if len(held_by) > MOST_HOLDERS}
    told = {character: sketch.without(common) for character, sketch in sketches.items()}
    partners = _partners(told, {number: held_by for number, held_by in holders.items() if number not in common})
    accounts, reviews = [], []
    for members in _connected(partners):
        is_clique = all(len(partners[character]) == len(members) - 1 for character in members)
        (accounts if is_clique else reviews).append(members)
    poor = sorted(character for character, sketch in told.items() if sketch.is_poor)
    alone = sorted(told.keys() - partners.keys() - set(poor))
    return Grouping(tuple(accounts), tuple(reviews), tuple(poor), tuple(alone), len(common))


def _holders(sketches: Mapping[int, Sketch]) -> Mapping[int, Sequence[int]]:
    holders: dict[int, list[int]] = defaultdict(list)
    for character, sketch in sketches.items():
        for number in sketch.numbers:
            holders[number].append(character)
    return holders


def _partners(sketches: Mapping[int, Sketch], holders: Mapping[int, Sequence[int]]) -> dict[int, set[int]]:
    """Return with whom each character shares enough; a character that shares enough with nobody is left out."""
    partners: dict[int, set[int]] = defaultdict(set)
    for character, sketch in sketches.items():
        shared = Counter(other for number in sketch.numbers for other in holders.get(number, ()) if other > character)
        for other, numbers in shared.items():
            if numbers >= FEWEST_SHARED and is_one_account(sketch, sketches[other]):
                partners[character].add(other)
                partners[other].add(character)
    return partners


def _connected(partners: Mapping[int, Iterable[int]]) -> list[tuple[int, ...]]:
    """Return what hangs together, each in its own order, in the order of the first."""
    found: list[tuple[int, ...]] = []
    seen: set[int] = set()
    for first in sorted(partners):
        if first in seen:
            continue
        members, waiting = {first}, [first]
        while waiting:
            new = set(partners[waiting.pop()]) - members
            members |= new
            waiting += new
        seen |= members
        found.append(tuple(sorted(members)))
    return found
