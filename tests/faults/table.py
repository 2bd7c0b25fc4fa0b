"""Every misbehavior of a source that is known of, by name: statuses, limits, broken bodies, JSON of another shape."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from starlette.responses import HTMLResponse, JSONResponse, Response

from sv_common.guild_sync.simulators.faults import (
    ERROR_PAGE,
    TOO_MANY_REQUESTS,
    Fault,
    Faults,
    cut_answer,
    truncated_answer,
)

ELSEWHERE = "https://elsewhere.example/"
LATE_S = 0.6
"""Longer than the impatient client of these tests waits."""


@dataclass(frozen=True, slots=True)
class Misbehavior:
    """One way to misbehave. With `may_pass`, another attempt within the same run is worth it."""

    name: str
    fault: Fault
    may_pass: bool = False

    @property
    def is_slow(self) -> bool:
        return self.fault.delay > 0

    def strike(self, faults: Faults, route: str, times: int | None = None, path: str = "") -> None:
        """Strike so many requests (None: all) whose address contains `path`."""
        faults.add(route, replace(self.fault, times=times, path=path))


def _page(status: int, headers: Mapping[str, str] | None = None) -> Fault:
    return Fault(HTMLResponse(ERROR_PAGE, status, dict(headers or {})))


def _bytes(body: bytes, status: int = 200, headers: Mapping[str, str] | None = None) -> Fault:
    return Fault(Response(body, status, dict(headers or {}), media_type="application/json"))


def _json(body: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Fault:
    return Fault(JSONResponse(body, status, dict(headers or {})))


def _wait(header: str) -> Fault:
    return _page(TOO_MANY_REQUESTS, {"Retry-After": header})


def _limited(scope: str) -> Fault:
    """A 429 as Discord sends it (Discord documentation, "Rate Limits")."""
    headers = {"Via": "1.1 google", "Retry-After": "2", "X-RateLimit-Scope": scope}
    if scope == "global":
        headers["X-RateLimit-Global"] = "true"
    body = {"message": "You are being rate limited.", "retry_after": 1.5, "global": scope == "global", "code": 0}
    return _json(body, TOO_MANY_REQUESTS, headers)


REFUSALS = (400, 402, 403, 404, 405, 406, 409, 410, 413, 415, 418, 422, 451)
TIMEOUTS = (408, 425)
FAILURES = (500, 502, 503, 504, 520, 521, 522, 524, 599)
RARE_FAILURES = (501, 505, 507, 523, 525, 526, 530)
"""Those of which it is enough to show that they end a run when they last."""
REDIRECTS = (300, 301, 302, 303, 307, 308)

STATUSES = (
    *(Misbehavior(f"page {status}", _page(status)) for status in (401, *REFUSALS, *RARE_FAILURES)),
    *(Misbehavior(f"page {status}", _page(status, {"Location": ELSEWHERE})) for status in REDIRECTS),
    Misbehavior("304", _bytes(b"", 304)),
    *(Misbehavior(f"page {status}", _page(status), may_pass=True) for status in (*TIMEOUTS, *FAILURES)),
)

LIMITS = (
    Misbehavior("429 bare", _page(TOO_MANY_REQUESTS), may_pass=True),
    Misbehavior("429 empty", _bytes(b"", TOO_MANY_REQUESTS), may_pass=True),
    Misbehavior("429 Retry-After", _wait("3"), may_pass=True),
    Misbehavior("429 Retry-After zero", _wait("0"), may_pass=True),
    Misbehavior("429 Retry-After below zero", _wait("-5"), may_pass=True),
    Misbehavior("429 Retry-After no number", _wait("soon"), may_pass=True),
    Misbehavior("429 Retry-After date", _wait("Wed, 21 Oct 2026 07:28:00 GMT"), may_pass=True),
    Misbehavior("429 Retry-After an hour", _wait("3600")),
    Misbehavior("429 in JSON", _json({"code": 429, "detail": "Slow down"}, TOO_MANY_REQUESTS), may_pass=True),
    Misbehavior("429 wait of another type", _json({"retry_after": {"a": 1}}, TOO_MANY_REQUESTS), may_pass=True),
    *(Misbehavior(f"429 {scope}", _limited(scope), may_pass=True) for scope in ("user", "global", "shared")),
)

BODIES = (
    *(Misbehavior(f"{status} empty", _bytes(b"", status), may_pass=True) for status in (200, 201, 202, 204, 205)),
    Misbehavior("200 blank", _bytes(b" \r\n"), may_pass=True),
    Misbehavior("200 page", _page(200), may_pass=True),
    Misbehavior("200 no UTF-8", _bytes(b"\xff\xfe\xfa"), may_pass=True),
    Misbehavior("200 brackets without end", _bytes(b"[" * 100_000), may_pass=True),
    Misbehavior("200 number too long", _bytes(b'{"id": ' + b"9" * 5000 + b"}"), may_pass=True),
    Misbehavior("200 not the gzip it says", _bytes(b"no gzip", 200, {"Content-Encoding": "gzip"}), may_pass=True),
    Misbehavior("200 truncated", Fault(change=truncated_answer), may_pass=True),
    Misbehavior("200 cut", Fault(change=cut_answer), may_pass=True),
    Misbehavior("200 slow", Fault(delay=LATE_S), may_pass=True),
)

_SHAPES: Mapping[str, object] = {
    "null": None,
    "object without fields": {},
    "error in a success": {"code": 500, "message": "Internal Error"},
    "list without entries": [],
    "list of null": [None],
    "list of lists": [[]],
    "list of objects without fields": [{}],
    "text": "all is well",
    "number": 7,
    "true": True,
}
SHAPES = tuple(Misbehavior(f"200 {name}", _json(body)) for name, body in _SHAPES.items())

ALL = (*STATUSES, *LIMITS, *BODIES, *SHAPES)
PASSING = tuple(each for each in ALL if each.may_pass)
