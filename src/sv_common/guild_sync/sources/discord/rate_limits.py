"""Discord's rate limits: wait where Discord requests it, and stop long before Discord would block."""

from __future__ import annotations

from collections import deque

import httpx2

from sv_common.guild_sync.core.errors import SourceUnavailable
from sv_common.guild_sync.core.language import number, tr
from sv_common.guild_sync.sources.http import TOO_MANY_REQUESTS, Timing, retry_after, seconds, try_again_in_minutes
from sv_common.guild_sync.sources.permits import Limits, Told

LIMITS = ((50, 1.0),)
"""Requests and seconds that Discord allows one bot over all routes (Discord documentation, "Rate Limits")."""

BAN_WINDOW = 600.0
MOST_INVALID_REQUESTS = 5_000
"""Refused requests within BAN_WINDOW seconds at which to stop. Discord blocks an address for 10,000."""

LONGEST_PAUSE = 60.0
"""Seconds that a call waits for its route at most; beyond it the call is refused."""

LONGEST_HOLD = 3600.0
"""Longest pause of a route in seconds, whatever Discord requests."""

SHARED_LIMITS = Limits("discord", LIMITS[0][0], most_refused=MOST_INVALID_REQUESTS)
"""The same for all processes of an installation together."""

_EVERYWHERE = ""
_INVALID = (401, 403, TOO_MANY_REQUESTS)


class DiscordLimits:
    """The limits, as learned from Discord's answers. A route is a verb, a path and its server or channel."""

    def __init__(self, timing: Timing) -> None:
        self._timing = timing
        self._free_at: dict[str, float] = {}
        self._invalid: deque[float] = deque()

    @property
    def invalid_requests(self) -> int:
        """How many requests of the last ten minutes count towards Discord's ban: 401, 403, and 429 of our own."""
        oldest = self._timing.clock() - BAN_WINDOW
        while self._invalid and self._invalid[0] <= oldest:
            self._invalid.popleft()
        return len(self._invalid)

    async def wait(self, route: str) -> None:
        """Wait until the route is free. Raises SourceUnavailable when that takes too long, or after too many refused requests."""
        if self.invalid_requests >= MOST_INVALID_REQUESTS:
            raise SourceUnavailable(
                tr(
                    "Discord refused {n} requests within ten minutes, so no more are sent for now: "
                    "it would block this address. See the earlier errors for what it refused.",
                    n=number(MOST_INVALID_REQUESTS),
                )
            )
        free_at = max(self._free_at.get(route, 0.0), self._free_at.get(_EVERYWHERE, 0.0))
        pause = free_at - self._timing.clock()
        if pause > LONGEST_PAUSE:
            paused = tr("Discord requested a pause.")
            raise SourceUnavailable(f"{paused} {try_again_in_minutes(pause)}")
        if pause > 0:
            await self._timing.sleep(pause)

    def learn(self, route: str, response: httpx2.Response) -> None:
        shared = response.headers.get("x-ratelimit-scope") == "shared"
        if response.status_code in _INVALID and not shared:
            self._invalid.append(self._timing.clock())
        if response.status_code == TOO_MANY_REQUESTS:
            everywhere = response.headers.get("x-ratelimit-global", "").lower() == "true"
            self._hold(_EVERYWHERE if everywhere else route, retry_after(response))
        elif response.headers.get("x-ratelimit-remaining") == "0":
            self._hold(route, seconds(response.headers.get("x-ratelimit-reset-after")))

    @staticmethod
    def told(response: httpx2.Response) -> Told:
        """Return what an answer says about limits, for the other processes."""
        headers = response.headers
        is_shared = headers.get("x-ratelimit-scope") == "shared"
        resets_in = seconds(headers.get("x-ratelimit-reset-after"))
        quota, remaining = (seconds(headers.get(f"x-ratelimit-{name}")) for name in ("limit", "remaining"))
        is_known = None not in (resets_in, quota, remaining)
        pause = retry_after(response) if response.status_code == TOO_MANY_REQUESTS else None
        return Told(
            quota=int(quota) if is_known and quota is not None else None,
            remaining=int(remaining) if is_known and remaining is not None else None,
            resets_in=min(resets_in, LONGEST_HOLD) if is_known and resets_in is not None else None,
            pause=None if pause is None else min(pause, LONGEST_HOLD),
            everywhere=headers.get("x-ratelimit-global", "").lower() == "true",
            is_refused=response.status_code in _INVALID and not is_shared,
        )

    def _hold(self, route: str, pause: float | None) -> None:
        if pause is not None:
            self._free_at[route] = self._timing.clock() + min(pause, LONGEST_HOLD)
