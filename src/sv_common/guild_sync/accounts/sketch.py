"""What is kept of a character's battle pets: at most 32 keyed hashes, of which no pet can be told.

A pet is known by its own number and its species together: the number alone occurs on several accounts, because several
databases of a region count for themselves.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from heapq import nsmallest
from typing import Final, NamedTuple

from sv_common.guild_sync.accounts.hashes import EvidenceKey
from sv_common.guild_sync.sources.models import Pet

MOST_IN_HALF: Final = 16
"""Pets of which a half is made: the oldest of the account, and those with the smallest hashes.

Pets that are released or caged make the first change, new pets the second; no use of the game changes both at once.
"""

FEWEST_SHARED: Final = 3
"""Equal pets from which on two characters may be of one account. Who has fewer tells nothing."""

LEAST_PART: Final = 0.35
"""Of the smaller of two halves that must be equal. Measured: at least 0.94 on one account, 0 on different ones."""


class Sketch(NamedTuple):
    """The hashes of a character's oldest pets, and of those with the smallest hashes; and how many pets there were."""

    oldest: frozenset[int]
    by_hash: frozenset[int]
    pets: int

    @property
    def numbers(self) -> frozenset[int]:
        return self.oldest | self.by_hash

    @property
    def fewest_shared(self) -> int:
        return FEWEST_SHARED

    @property
    def is_poor(self) -> bool:
        """Whether there are too few pets to tell anything."""
        return len(self.numbers) < FEWEST_SHARED

    def without(self, common: Collection[int]) -> Sketch:
        """Return what is compared: not how many pets there were, nor numbers that mean nothing, because very many have them."""
        return Sketch(self.oldest.difference(common), self.by_hash.difference(common), 0)

    def agrees_with(self, other: Sketch) -> bool:
        """Whether two characters own the same pets; False says that it is not known, and never that they differ."""
        if len(self.numbers & other.numbers) < FEWEST_SHARED:
            return False
        return any(
            len(half & other_half) >= LEAST_PART * min(len(half), len(other_half))
            for half, other_half in ((self.oldest, other.oldest), (self.by_hash, other.by_hash))
            if half and other_half
        )


def sketch_of(key: EvidenceKey, pets: Iterable[Pet]) -> Sketch:
    """Reduce all pets of a character to what is kept of them."""
    numbers = {pet: key.number("pet", pet.id, pet.species) for pet in pets}
    return Sketch(
        frozenset(numbers[pet] for pet in nsmallest(MOST_IN_HALF, numbers)),
        frozenset(nsmallest(MOST_IN_HALF, numbers.values())),
        len(numbers),
    )
