"""What speaks for a person, how much, and what that comes to."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, NamedTuple

from sv_common.guild_sync.issues.explanation import Strength

STRONG: Final = 0.85
LIKELY: Final = 0.5
LEAST: Final = 0.25
"""Weight from which something is worth an officer's look."""

_LEAST_OF_STRONG: Final = 0.8
"""Weight that one clue alone must have: many that are only similar are no strong suggestion."""

_MORE_OF_ONE_KIND: Final = 0.25


class Kind(StrEnum):
    """Where a clue comes from: those of one kind often say the same twice."""

    NOTE = "note"
    NAME = "name"
    ACCOUNT = "account"
    JOINED = "joined"
    RANK = "rank"


class Clue(NamedTuple):
    """A reason in a sentence, with its weight from 0 to 1."""

    kind: Kind
    weight: float
    sentence: str


@dataclass(frozen=True, slots=True)
class Weighed:
    """All clues about one person, the weightiest first."""

    weight: float
    clues: tuple[Clue, ...]

    @property
    def strength(self) -> Strength:
        if self.weight >= STRONG and self.clues[0].weight >= _LEAST_OF_STRONG:
            return Strength.STRONG
        return Strength.LIKELY if self.weight >= LIKELY else Strength.WEAK

    def weakened(self, share: float) -> Weighed:
        return Weighed(self.weight * share, self.clues)


def weigh(clues: Iterable[Clue]) -> Weighed:
    """Put clues together: those of different kinds add up, a second one of a kind counts a little."""
    ordered = tuple(sorted(set(clues), key=lambda clue: (-clue.weight, clue.kind, clue.sentence)))
    doubt = 1.0
    seen: dict[Kind, int] = {}
    for clue in ordered:
        place = seen.get(clue.kind, 0)
        seen[clue.kind] = place + 1
        doubt *= 1 - clue.weight * (1.0, _MORE_OF_ONE_KIND, 0.0)[min(place, 2)]
    return Weighed(round(1 - doubt, 6), ordered)
