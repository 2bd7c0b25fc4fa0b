"""What a service counts of the requests that reach it, and what it answers when they are too many."""

from __future__ import annotations

import time
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from starlette.responses import JSONResponse, Response

TOO_MANY_REQUESTS = 429


def most_within(seconds: float, moments: Sequence[float]) -> int:
    """Return the largest number of requests in any window of so many seconds, wherever it begins."""
    ordered = sorted(moments)
    return max((bisect_left(ordered, at + seconds) - place for place, at in enumerate(ordered)), default=0)


@dataclass
class DiscordBuckets:
    """Discord's limits: of all requests in a second, and of each route in a window that its first request begins.

    What comes too early is refused and counted in `too_many`.
    """

    a_second: int = 50
    quota: int = 5
    window_s: float = 1.0
    moments: list[float] = field(default_factory=list)
    too_many: int = 0
    _windows: dict[str, tuple[float, int]] = field(default_factory=lambda: defaultdict(lambda: (0.0, 0)))

    def count(self, route: str) -> tuple[Response | None, dict[str, str]]:
        """Count a request; return the refusal, if it is one too many, and the headers of the answer."""
        now = time.monotonic()
        self.moments.append(now)
        in_second = len(self.moments) - bisect_left(self.moments, now - 1.0)
        if in_second > self.a_second:
            return self._refusal(1.0, everywhere=True), {}
        ends, used = self._windows[route]
        if now >= ends:
            ends, used = now + self.window_s, 0
        used += 1
        self._windows[route] = ends, used
        headers = {
            "X-RateLimit-Limit": str(self.quota),
            "X-RateLimit-Remaining": str(max(0, self.quota - used)),
            "X-RateLimit-Reset-After": f"{ends - now:.3f}",
            "X-RateLimit-Bucket": route,
        }
        return (self._refusal(ends - now, everywhere=False) if used > self.quota else None), headers

    def _refusal(self, wait: float, *, everywhere: bool) -> Response:
        self.too_many += 1
        headers = {"Retry-After": "1", "Via": "1.1 google", "X-RateLimit-Scope": "global" if everywhere else "user"}
        headers |= {"X-RateLimit-Global": "true"} if everywhere else {}
        body = {"message": "You are being rate limited.", "retry_after": wait, "global": everywhere, "code": 0}
        return JSONResponse(body, TOO_MANY_REQUESTS, headers)
