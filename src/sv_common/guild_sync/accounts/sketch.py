"""What is kept of a character's battle pets: at most 32 keyed hashes, of which no pet can be told.

A pet is known by its own number and its species together: the number alone occurs on several accounts, because several
databases of a region count for themselves.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Collection, Iterable, Iterator
from heapq import nsmallest
from typing import Final, NamedTuple

from sv_common.guild_sync.sources.models import Pet

MOST_IN_HALF: Final = 16
"""Pets of which a half is made: the oldest of the account, and those with the smallest hashes.

Pets that are released or caged make the first change, new pets the second; no use of the game changes both at once.
"""

FEWEST_SHARED: Final = 3
"""Equal pets from which on two characters may be of one account. Who has fewer tells nothing."""

LEAST_PART: Final = 0.35
"""Of the smaller of two halves that must be equal. Measured: at least 0.94 on one account, 0 on different ones."""

_WIDTH: Final = 8


class Sketch(NamedTuple):
    """The hashes of a character's oldest pets, and of those with the smallest hashes; and how many pets there were."""

    oldest: frozenset[int]
    by_hash: frozenset[int]
    pets: int

    @property
    def numbers(self) -> frozenset[int]:
        return self.oldest | self.by_hash

    @property
    def is_poor(self) -> bool:
        """Whether there are too few pets to tell anything."""
        return len(self.numbers) < FEWEST_SHARED

    def without(self, common: Collection[int]) -> Sketch:
        """Return the sketch without numbers that mean nothing, because very many have them."""
        return self._replace(oldest=self.oldest - set(common), by_hash=self.by_hash - set(common)) if common else self


class SketchKey(NamedTuple):
    """What the hashes of one guild are made with: its key, and its region, in which pets are numbered."""

    key: bytes
    region: str

    def number_of(self, pet: Pet) -> int:
        text = f"pet|{self.region}|{pet.id}|{pet.species}".encode()
        return int.from_bytes(hmac.digest(self.key, text, hashlib.sha256)[:_WIDTH])

    def sketch(self, pets: Iterable[Pet]) -> Sketch:
        """Reduce all pets of a character to what is kept of them."""
        numbers = {pet: self.number_of(pet) for pet in pets}
        return Sketch(
            frozenset(numbers[pet] for pet in nsmallest(MOST_IN_HALF, numbers)),
            frozenset(nsmallest(MOST_IN_HALF, numbers.values())),
            len(numbers),
        )


def is_one_account(one: Sketch, other: Sketch) -> bool:
    """Whether two characters own the same pets; False says that it is not known, and never that they differ."""
    if len(one.numbers & other.numbers) < FEWEST_SHARED:
        return False
    return any(
        len(half & other_half) >= LEAST_PART * min(len(half), len(other_half))
        for half, other_half in ((one.oldest, other.oldest), (one.by_hash, other.by_hash))
        if half and other_half
    )


def to_bytes(numbers: Collection[int]) -> bytes:
    """Write a half as it is stored: its numbers in their order, eight bytes each."""
    return b"".join(number.to_bytes(_WIDTH) for number in sorted(numbers))


def from_bytes(stored: bytes) -> frozenset[int]:
    return frozenset(_numbers(bytes(stored)))


def _numbers(stored: bytes) -> Iterator[int]:
    for place in range(0, len(stored), _WIDTH):
        yield int.from_bytes(stored[place : place + _WIDTH])
