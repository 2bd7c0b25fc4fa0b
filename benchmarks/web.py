"""Prints how fast the pages and the API answer for a guild with a long past: `python -m benchmarks.web`.

A real PostgreSQL and the product's own server are started, the server in a process of its own, and asked over loopback
by several clients at once. The guild has had 100,000 issues, of which 5,000 are open. Asked for are the data quality page,
the first page of the issues API, one issue, and the search over everything, in turns with `/health`, which does next to
nothing: so all meet the same noise, and what a page costs is read from the ratio to `/health` rather than from the clock of
one machine. The guild has 20,000 characters, each with an issue of every rule.

For each: requests a second while it was asked for by all clients, median and 99th percentile of the milliseconds that one
request took, both also as ratios to those of `/health`, and the bytes of one answer.

Sessions are limited to 600 requests a minute, so a new one is taken for every 500.

Nothing is judged by the clock. An answer other than 200 makes the command end with 1.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import math
import statistics
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain, repeat
from typing import Any

import httpx2

from benchmarks.measuring import line, temporary_folder
from benchmarks.web_stage import Past, furnish, served, sessions
from patt.web.context import SESSION_COOKIE
from sv_common.db import embedded, migrate
from sv_common.db.pool import make_pool

ISSUES, OPEN_ISSUES = 100_000, 5_000
REQUESTS, CLIENTS, ROUNDS = 200, 4, 4
HEALTH = "health"
REQUESTS_A_SESSION = 500
_DATABASE = "benchmark"
_HEADINGS = ("", "requests/s", "median ms", "p99 ms", "median ratio", "p99 ratio", "bytes")
_WIDTHS = (20, 10, 10, 10, 12, 10, 9)


@dataclass(slots=True)
class Target:
    """An address that is asked for, with what every request took and answered."""

    name: str
    address: str
    milliseconds: list[float] = field(default_factory=list)
    seconds: float = 0.0
    size: int = 0
    refusals: list[int] = field(default_factory=list)

    @property
    def a_second(self) -> float:
        return len(self.milliseconds) / self.seconds

    @property
    def median(self) -> float:
        return statistics.median(self.milliseconds)

    @property
    def p99(self) -> float:
        """What 99 of 100 requests did not exceed, in milliseconds."""
        return sorted(self.milliseconds)[math.ceil(len(self.milliseconds) * 0.99) - 1]

    def as_json(self, health: Target) -> dict[str, Any]:
        return {
            "name": self.name,
            "requests_a_second": round(self.a_second, 1),
            "median_ms": round(self.median, 2),
            "p99_ms": round(self.p99, 2),
            "median_ratio": round(self.median / health.median, 2),
            "p99_ratio": round(self.p99 / health.p99, 2),
            "bytes": self.size,
            "refusals": self.refusals,
        }


class Crowd:
    """Clients that ask at the same time, each for the next request as soon as the last one was answered."""

    def __init__(self, client: httpx2.AsyncClient, tokens: Sequence[str], clients: int) -> None:
        self._client = client
        self._tokens = chain.from_iterable(repeat(token, REQUESTS_A_SESSION) for token in tokens)
        self._clients = clients

    async def ask(self, target: Target, requests: int) -> None:
        left = iter(range(requests))
        started = time.perf_counter()
        await asyncio.gather(*(self._ask_on(target, left) for _ in range(self._clients)))
        target.seconds += time.perf_counter() - started

    async def _ask_on(self, target: Target, left: Iterator[int]) -> None:
        for _ in left:
            headers = {"Cookie": f"{SESSION_COOKIE}={next(self._tokens)}"}
            started = time.perf_counter()
            answer = await self._client.get(target.address, headers=headers)
            target.milliseconds.append((time.perf_counter() - started) * 1000)
            target.size = len(answer.content)
            if answer.status_code != httpx2.codes.OK:
                target.refusals.append(answer.status_code)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark; return 1 when anything was answered with another status than 200."""
    options = _options(arguments)
    targets = asyncio.run(_benchmark(options))
    print(_as_json(targets) if options.json else _as_table(targets))
    return 1 if any(target.refusals for target in targets) else 0


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.web", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--issues", type=int, default=ISSUES, help=f"issues of the guild ({ISSUES})")
    parser.add_argument("--open", type=int, default=OPEN_ISSUES, help=f"how many of them are open ({OPEN_ISSUES})")
    parser.add_argument("--requests", type=int, default=REQUESTS, help=f"of each address in each round ({REQUESTS})")
    parser.add_argument("--clients", type=int, default=CLIENTS, help=f"that ask at the same time ({CLIENTS})")
    parser.add_argument("--rounds", type=int, default=ROUNDS, help=f"in which all addresses take turns ({ROUNDS})")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of a table")
    return parser.parse_args(arguments)


async def _benchmark(options: argparse.Namespace) -> list[Target]:
    folder = temporary_folder()
    url = embedded.recreate_database(embedded.start(folder / "data"), _DATABASE)
    migrate.upgrade(url)
    async with make_pool(url) as pool:
        past = await furnish(pool, issues=options.issues, open_issues=options.open)
        targets = _targets(past)
        asked = (options.rounds * options.requests + options.clients) * len(targets)
        tokens = await sessions(pool, math.ceil(asked / REQUESTS_A_SESSION))
    async with served(url, folder) as base_url, httpx2.AsyncClient(base_url=base_url, timeout=60) as client:
        crowd = Crowd(client, tokens, options.clients)
        for target in _targets(past):  # the first answers of a process are its slowest: they are not counted
            await crowd.ask(target, options.clients)
        for _ in range(options.rounds):
            for target in targets:
                await crowd.ask(target, options.requests)
    return targets


def _targets(past: Past) -> list[Target]:
    guild = f"guild={past.guild_id}"
    return [
        Target(HEALTH, "/health"),
        Target("data quality page", f"/admin/data-quality?{guild}"),
        Target("issues API", f"/api/v1/admin/data-quality/issues?{guild}"),
        Target("one issue page", f"/admin/data-quality/issues/{past.issue_id}?{guild}"),
        Target("search API", f"/api/v1/admin/search?{guild}&q=char"),
    ]


def _as_json(targets: Sequence[Target]) -> str:
    return json.dumps({"rows": [target.as_json(targets[0]) for target in targets]}, indent=2)


def _as_table(targets: Sequence[Target]) -> str:
    rows = [target.as_json(targets[0]) for target in targets]
    names = ("name", "requests_a_second", "median_ms", "p99_ms", "median_ratio", "p99_ratio", "bytes")
    cells = [_HEADINGS, *(tuple(f"{row[name]:,}" if name != "name" else row[name] for name in names) for row in rows)]
    refusals = [f"{row['name']}: {len(row['refusals'])} were not answered with 200." for row in rows if row["refusals"]]
    return "\n".join([*(line(each, _WIDTHS) for each in cells), *refusals])


if __name__ == "__main__":
    sys.exit(main())
