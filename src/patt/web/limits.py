"""How often something may happen: counted exactly, within this process, in memory that is bounded."""

from __future__ import annotations

import time
from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass

Clock = Callable[[], float]
"""Seconds of a clock that only goes forward."""

MOST_ADDRESSES, MOST_HOLDERS = 10_000, 1_000
"""Keys that one limit remembers; beyond that, whoever was counted longest ago is forgotten."""


@dataclass(frozen=True, slots=True)
class Allowance:
    """At most so many within any so many seconds."""

    most: int
    window_s: float


class Limit:
    """Counts for each key what happened within the last seconds."""

    def __init__(self, allowance: Allowance, clock: Clock, most_keys: int = MOST_ADDRESSES) -> None:
        self._allowance = allowance
        self._clock = clock
        self._most_keys = most_keys
        self._counted: OrderedDict[str, deque[float]] = OrderedDict()

    def wait_s(self, key: str) -> float:
        """Return the seconds until there is room for one more; 0 where there is."""
        counted = self._counted.get(key)
        if counted is None:
            return 0.0
        now = self._clock()
        while counted and counted[0] <= now - self._allowance.window_s:
            counted.popleft()
        if len(counted) < self._allowance.most:
            return 0.0
        return counted[0] + self._allowance.window_s - now

    def count(self, key: str) -> None:
        """Count one more; of what is over the allowance only the latest is kept."""
        counted = self._counted.setdefault(key, deque(maxlen=self._allowance.most))
        counted.append(self._clock())
        self._counted.move_to_end(key)
        while len(self._counted) > self._most_keys:
            self._counted.popitem(last=False)

    def take(self, key: str) -> float:
        """Count one more if there is room; return the seconds to wait where there is none."""
        wait_s = self.wait_s(key)
        if not wait_s:
            self.count(key)
        return wait_s


FAILURES = Allowance(10, 15 * 60)
REQUESTS = Allowance(600, 60)
UPLOADS = Allowance(30, 60)
SIGN_INS = Allowance(60, 15 * 60)


class Limits:
    """The limits of one application. Each web process counts for itself.

    `failures` counts, for each address, sign-in links, tokens and upload keys that were not valid, and refuses more of
    them; `requests` what each token, key or session asks for, and `uploads` what each key sends; `sign_ins` each
    address's ways to Discord. Whoever comes back from there is let in.
    """

    def __init__(self, clock: Clock = time.monotonic) -> None:
        self.failures = Limit(FAILURES, clock)
        self.requests = Limit(REQUESTS, clock, MOST_HOLDERS)
        self.uploads = Limit(UPLOADS, clock, MOST_HOLDERS)
        self.sign_ins = Limit(SIGN_INS, clock)
