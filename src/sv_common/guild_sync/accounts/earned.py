"""What is kept of a character's old achievements, where Battle.net does not show its pets: keyed hashes, of which no time can be told.

The game grants these achievements once for a whole account, and remembers the minute. Strangers got up to four of them in one
minute, when they first logged in to a new version of the game; so different minutes are counted beside equal achievements.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import UTC, datetime
from typing import Final, NamedTuple

from sv_common.guild_sync.accounts.hashes import EvidenceKey, from_bytes, to_bytes
from sv_common.guild_sync.sources.models import Achievement

ACHIEVEMENTS: Final = frozenset({9670, 10681, 10682, *range(10684, 10694), 11176})
"""Those that are compared: once for an account, in whole minutes, and nearly every account has them."""

FEWEST_SHARED: Final = 6
"""Equal achievements from which on two characters may be of one account. Who has fewer tells nothing."""

FEWEST_MINUTES: Final = 4
"""Different minutes among the equal ones. Measured: at least 4 on one account, at most 3 on different ones."""

LEAST_PART: Final = 0.8
"""Of the smaller of two lists that must be equal. Measured: 1.0 on one account, at most 0.29 on different ones."""

_EARLIEST: Final = datetime(2004, 1, 1, tzinfo=UTC)
"""The year in which the game began: an earlier time is a fault."""

_A_SECOND_MS: Final = 1_000
_A_MINUTE_MS: Final = 60_000


class Earned(NamedTuple):
    """Of each achievement the hash of it with its minute, and the hash of the minute alone."""

    moments: frozenset[tuple[int, int]]

    @property
    def numbers(self) -> frozenset[int]:
        return frozenset(number for number, _ in self.moments)

    @property
    def fewest_shared(self) -> int:
        return FEWEST_SHARED

    @property
    def is_poor(self) -> bool:
        """Whether this is too little to tell anything: it would not even agree with itself."""
        return not _is_enough(self.moments)

    def without(self, common: Collection[int]) -> Earned:
        """Return what is compared: without numbers that mean nothing, because very many have them."""
        return Earned(frozenset(moment for moment in self.moments if moment[0] not in common)) if common else self

    def agrees_with(self, other: Earned) -> bool:
        """Whether two characters earned the same in the same minutes; False says that it is not known, and never that they differ."""
        shared = self.moments & other.moments
        return _is_enough(shared) and len(shared) >= LEAST_PART * min(len(self.moments), len(other.moments))

    def to_bytes(self) -> bytes:
        """Write it as it is stored: sixteen bytes for each achievement."""
        return to_bytes(number for moment in sorted(self.moments) for number in moment)

    @classmethod
    def from_bytes(cls, stored: bytes) -> Earned:
        numbers = from_bytes(stored)
        return cls(frozenset(zip(numbers, numbers, strict=True)))


def earned_of(key: EvidenceKey, achievements: Iterable[Achievement], now: datetime) -> Earned:
    """Reduce all achievements of a character to what is kept of them. Times that cannot be are left out."""
    first, last = _EARLIEST.timestamp() * _A_SECOND_MS, now.timestamp() * _A_SECOND_MS
    minutes: dict[int, int] = {}
    for number, completed_ms in achievements:
        if number in ACHIEVEMENTS and first <= completed_ms <= last:
            minute = completed_ms // _A_MINUTE_MS
            minutes[number] = min(minute, minutes.get(number, minute))
    return Earned(
        frozenset(
            (key.number("achievement", number, minute), key.number("minute", minute))
            for number, minute in minutes.items()
        )
    )


def _is_enough(moments: Collection[tuple[int, int]]) -> bool:
    return len(moments) >= FEWEST_SHARED and len({minute for _, minute in moments}) >= FEWEST_MINUTES
