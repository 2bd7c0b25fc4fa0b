"""How many requests are sent when, by the fake clock, and whether that is ever more than a source allows."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import dataclass, field

import httpx2

from simulation.clock import FakeClock
from sv_common.guild_sync.simulators.crowd import BATTLENET_ROOT, DISCORD_ROOT, TOKEN_PATH
from sv_common.guild_sync.sources.battlenet import api
from sv_common.guild_sync.sources.discord import rate_limits


@dataclass
class Window:
    """A limit of `most` requests in any `seconds`, and the most that there ever were."""

    service: str
    most: int
    seconds: float
    largest: int = 0
    _sent: deque[float] = field(default_factory=deque, repr=False)

    def count(self, now: float) -> None:
        self._sent.append(now)
        while self._sent[0] <= now - self.seconds:
            self._sent.popleft()
        self.largest = max(self.largest, len(self._sent))

    @property
    def is_exceeded(self) -> bool:
        return self.largest > self.most


class RequestBudget:
    """Counts what a client of both sources sends. Battle.net's tokens are given by a service without these limits."""

    def __init__(self, clock: FakeClock) -> None:
        self._clock = clock
        self.sent: Counter[str] = Counter()
        self.windows = [*_windows("Battle.net", api.LIMITS), *_windows("Discord", rate_limits.LIMITS)]

    def watch(self, http: httpx2.AsyncClient) -> None:
        http.event_hooks = {"request": [self._count]}

    async def _count(self, request: httpx2.Request) -> None:
        service = _service(request.url.path)
        self.sent[service] += 1
        for window in self.windows:
            if window.service == service:
                window.count(self._clock.seconds)


def _windows(service: str, limits: Sequence[tuple[int, float]]) -> list[Window]:
    return [Window(service, most, seconds) for most, seconds in limits]


def _service(path: str) -> str:
    if path == TOKEN_PATH:
        return "Battle.net tokens"
    if path.startswith(DISCORD_ROOT):
        return "Discord"
    return "Battle.net" if path.startswith(BATTLENET_ROOT) else "elsewhere"
