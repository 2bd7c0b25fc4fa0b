"""What goes wrong outside: answers that fail, lie or stop halfway, and services that are away for hours."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from starlette.responses import HTMLResponse, JSONResponse, Response

from sv_common.guild_sync.simulators.crowd import CrowdSimulator, Neighbor
from sv_common.guild_sync.simulators.faults import ERROR_PAGE, Fault, Faults

BATTLENET_ROUTES = ("roster", "profile", "status", "token", "pets", "achievements")
DISCORD_ROUTES = ("guild", "roles", "members", "member", "add_role", "remove_role", "message", "me")
HOUR_S = 3600
HTTP_OK = 200
TOKENS_REVOKED = "tokens revoked"


def strike(neighbor: Neighbor, rng: random.Random) -> str:
    """Let one thing go wrong for one guild and return its name; it strikes the next requests, whenever they come."""
    name = rng.choice([*TROUBLES, TOKENS_REVOKED])
    if name == TOKENS_REVOKED:
        neighbor.battlenet.revoke_tokens()
    else:
        TROUBLES[name](neighbor.faults, rng)
    return name


def _route(rng: random.Random) -> str:
    return rng.choice([*BATTLENET_ROUTES[:2], *BATTLENET_ROUTES, *DISCORD_ROUTES])


def _too_many_requests(faults: Faults, rng: random.Random) -> None:
    scope = rng.choice(["user", "global", "shared"])
    route = rng.choice(DISCORD_ROUTES)
    faults.rate_limited(route, rng.uniform(0.5, 40), scope=scope, times=rng.randint(1, 3))


def _lie(faults: Faults, route: str, change: Callable[[Any], Any], rng: random.Random) -> None:
    """Alter the true answers of a route."""

    def altered(answer: Response) -> Response:
        if answer.status_code != HTTP_OK:
            return answer
        return JSONResponse(change(json.loads(bytes(answer.body))))

    faults.add(route, Fault(change=altered, times=rng.randint(1, 2)))


def _halve_a_collection(faults: Faults, rng: random.Random) -> None:
    kind = rng.choice(["pets", "achievements"])
    _lie(faults, kind, lambda body: body | {kind: body.get(kind, [])[::2]}, rng)


TROUBLES: dict[str, Callable[[Faults, random.Random], None]] = {
    "server error": lambda faults, rng: faults.status(
        _route(rng), rng.choice([500, 502, 503, 504]), times=rng.randint(1, 6)
    ),
    "Discord: too many requests": _too_many_requests,
    "Battle.net: too many requests": lambda faults, rng: faults.json(
        rng.choice(BATTLENET_ROUTES[:3]), {"code": 429}, 429, headers={"Retry-After": "1"}, times=rng.randint(1, 30)
    ),
    "connection cut": lambda faults, rng: faults.cut(_route(rng), times=rng.randint(1, 5)),
    "half of the JSON": lambda faults, rng: faults.truncated(_route(rng), times=rng.randint(1, 5)),
    "page instead of JSON": lambda faults, rng: faults.html(_route(rng), times=rng.randint(1, 5)),
    "empty answer": lambda faults, rng: faults.empty(_route(rng), times=rng.randint(1, 5)),
    "empty roster": lambda faults, rng: _lie(faults, "roster", lambda body: body | {"members": []}, rng),
    "halved roster": lambda faults, rng: _lie(
        faults, "roster", lambda body: body | {"members": body["members"][::2]}, rng
    ),
    "halved collection": _halve_a_collection,
    "nobody on Discord": lambda faults, rng: _lie(faults, "members", lambda _: [], rng),
}


@dataclass
class Outage:
    """A time in which a whole service, or one guild's right to it, is gone; `begins` and `ends` in seconds since 1970."""

    name: str
    begins: float
    ends: float
    neighbors: Sequence[Neighbor]
    routes: Sequence[str]
    has_begun: bool = False
    _faults: list[Fault] = field(default_factory=list)

    def begin(self) -> None:
        self.has_begun = True
        if not self.routes:
            for neighbor in self.neighbors:
                neighbor.discord.members_intent = False
        for neighbor in self.neighbors:
            for route in self.routes:
                fault = Fault(HTMLResponse(ERROR_PAGE, 503), times=None)
                neighbor.faults.add(route, fault)
                self._faults.append(fault)

    def end(self) -> None:
        for neighbor in self.neighbors:
            neighbor.discord.members_intent = True
        for fault in self._faults:
            fault.times = 0


def outages(crowd: CrowdSimulator, rng: random.Random, day_begins: float, intensity: int) -> list[Outage]:
    """Draw what will be away on one day; each kind at most once."""
    drawn = []
    if rng.random() < 0.35 * intensity:
        drawn.append(_outage("Discord is away", crowd.neighbors, DISCORD_ROUTES, rng, day_begins, 5))
    if rng.random() < 0.3 * intensity:
        drawn.append(_outage("Battle.net is away", crowd.neighbors, BATTLENET_ROUTES, rng, day_begins, 9))
    if rng.random() < 0.25 * intensity:
        some = [rng.choice(crowd.neighbors)]
        drawn.append(_outage("bot may not see members", some, (), rng, day_begins, 6))
    return drawn


def _outage(
    name: str, neighbors: Sequence[Neighbor], routes: Sequence[str], rng: random.Random, day: float, most_hours: float
) -> Outage:
    begins = day + rng.uniform(0, 20 * HOUR_S)
    return Outage(name, begins, begins + rng.uniform(0.5, most_hours) * HOUR_S, neighbors, routes)
