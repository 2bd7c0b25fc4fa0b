"""Prints what one web process does under load: `python -m benchmarks.load`.

A real PostgreSQL and the product's own server are started, the server in a process of its own, and asked over loopback by
1, 8, 32 and 128 connections, for a guild of 1,000 characters and for one of 5,000. Asked for are pages (Data Quality, Inbox,
one issue, People), the API (issues, one issue), the stream of changes until its first event, and uploads of the whole guild,
each for a second by all connections, in turns with `/health`, which does next to nothing.

For each: requests a second, median and 99th percentile in milliseconds, both also as ratios to those of `/health` at as many
connections in the same run, what `/health` took beside it (asked by one more connection all the while, 99th percentile), and how
many were refused: told to come again, because more was asked for than is done within ten seconds. Read the ratios, not the clock
of one machine.

`--memory 10000` instead asks for everything in turn so many times, and prints the server's memory before and after.

An answer that is neither right nor such a refusal makes the command end with 1, and so does memory that grew by more than
a tenth.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import math
import statistics
import sys
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2

from benchmarks import inbox
from benchmarks.measuring import line, temporary_folder
from benchmarks.web_stage import serving, sessions
from patt.auth import credentials
from patt.web.context import SESSION_COOKIE
from patt.web.throttle import UPLOADS
from sv_common.db import embedded, migrate
from sv_common.db.pool import Pool, make_pool
from sv_common.guild_sync.simulators.addon import saved_variables

SIZES, CONNECTIONS, SECONDS = (1_000, 5_000), (1, 8, 32, 128), 1.0
HEALTH = "health"
SESSIONS, UPLOAD_KEYS = 96, 64
AIMS: Mapping[str, float] = {
    "data quality page": 5.0,
    "inbox page": 5.0,
    "one issue page": 5.0,
    "issues API": 2.5,
    "one issue API": 2.5,
}
"""Most that the 99th percentile may be of that of `/health`, at 8 connections."""

AIMED_AT = 8
MOST_GROWTH = 0.1
_REFUSALS = (429, 503)
_COLUMNS = ("requests/s", "median ms", "p99 ms", "median ratio", "p99 ratio", "health beside", "refused", "aim")
_WIDTHS = (20, 10, 9, 9, 12, 9, 13, 7, 8)
_UPLOAD = "/api/v1/guild-sync/addon-upload"
_NAMES = "select character_name, guild_note from guild_identity.wow_characters where guild_id = %s order by id"
_ISSUE = "select min(id) from guild_identity.audit_issues where guild_id = %s and state = 'open'"


@dataclass(frozen=True, slots=True)
class Kind:
    """Something that is asked for."""

    name: str
    address: str = ""
    is_stream: bool = False


UPLOADING, WATCHING = Kind("upload", _UPLOAD), "stream of changes"


@dataclass(slots=True)
class Outcome:
    """What one kind of request came to at so many connections."""

    kind: Kind
    connections: int
    milliseconds: list[float] = field(default_factory=list)
    beside: list[float] = field(default_factory=list)
    seconds: float = 0.0
    refused: int = 0
    wrong: list[int] = field(default_factory=list)

    def as_json(self, characters: int, health: Outcome) -> dict[str, Any]:
        aim = AIMS.get(self.kind.name) if self.connections == AIMED_AT else None
        p99_ratio = round(_p99(self.milliseconds) / _p99(health.milliseconds), 2)
        return {
            "characters": characters,
            "connections": self.connections,
            "name": self.kind.name,
            "requests": len(self.milliseconds),
            "requests_a_second": round(len(self.milliseconds) / self.seconds, 1),
            "median_ms": round(_median(self.milliseconds), 2),
            "p99_ms": round(_p99(self.milliseconds), 2),
            "median_ratio": round(_median(self.milliseconds) / _median(health.milliseconds), 2),
            "p99_ratio": p99_ratio,
            "health_beside_p99_ms": round(_p99(self.beside), 2),
            "refused": self.refused,
            "wrong": self.wrong,
            "aim": aim,
            "is_met": None if aim is None else p99_ratio <= aim,
        }


def _p99(values: Sequence[float]) -> float:
    return sorted(values)[math.ceil(len(values) * 0.99) - 1] if values else math.nan


def _median(values: Sequence[float]) -> float:
    return statistics.median(values) if values else math.nan


@dataclass
class Crowd:
    """Visitors who ask in turn with many sessions and keys, each of which may ask so often."""

    client: httpx2.AsyncClient
    cookies: itertools.cycle[str]
    keys: itertools.cycle[str]
    export: Callable[[str], bytes]
    numbers: itertools.count[int] = field(default_factory=itertools.count)

    async def ask(self, kind: Kind, connections: int, seconds: float) -> Outcome:
        """Ask for so long with so many connections, each of which ends with an answer, and for the health beside them."""
        outcome = Outcome(kind, connections)
        began = time.perf_counter()
        is_over = asyncio.Event()
        beside = asyncio.create_task(self._watch_health(outcome, is_over))
        budget = itertools.count()
        most = UPLOADS.most * UPLOAD_KEYS if kind is UPLOADING else sys.maxsize

        async def visitor() -> None:
            while True:
                await self._take(outcome)
                if time.perf_counter() - began > seconds or next(budget) > most // len(CONNECTIONS):
                    return

        await asyncio.gather(*(visitor() for _ in range(connections)))
        outcome.seconds = time.perf_counter() - began
        is_over.set()
        await beside
        return outcome

    async def _take(self, outcome: Outcome) -> None:
        started = time.perf_counter()
        status = await self.status_of(outcome.kind)
        took = (time.perf_counter() - started) * 1000
        if status in _REFUSALS:
            outcome.refused += 1
            return
        outcome.milliseconds.append(took)
        if status not in (httpx2.codes.OK, httpx2.codes.ACCEPTED):
            outcome.wrong.append(status)

    async def status_of(self, kind: Kind) -> int:
        if kind is UPLOADING:
            headers = {"X-API-Key": next(self.keys)}
            body = self.export(f"load-{next(self.numbers)}")
            return (await self.client.post(kind.address, content=body, headers=headers)).status_code
        headers = {"Cookie": f"{SESSION_COOKIE}={next(self.cookies)}"}
        if not kind.is_stream:
            return (await self.client.get(kind.address, headers=headers)).status_code
        async with self.client.stream("GET", kind.address, headers=headers) as answer:
            async for text in answer.aiter_lines():
                if text.startswith("event: hello"):
                    break
            return answer.status_code

    async def _watch_health(self, outcome: Outcome, is_over: asyncio.Event) -> None:
        while not is_over.is_set():
            started = time.perf_counter()
            answer = await self.client.get("/health")
            outcome.beside.append((time.perf_counter() - started) * 1000)
            if answer.status_code != httpx2.codes.OK:
                outcome.wrong.append(answer.status_code)
            await asyncio.sleep(0.02)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark; return 1 for a wrong answer, or for memory that grew."""
    options = _options(arguments)
    if options.memory:
        told = asyncio.run(_memory(options))
        print(json.dumps(told, indent=2) if options.json else _memory_in_words(told))
        return 0 if told["growth"] <= MOST_GROWTH and not told["wrong"] else 1
    rows = asyncio.run(_benchmark(options))
    print(json.dumps({"rows": rows}, indent=2) if options.json else _as_table(rows))
    return 1 if any(row["wrong"] for row in rows) else 0


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.load", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sizes", type=int, nargs="+", default=SIZES, help="characters of the guilds")
    parser.add_argument("--connections", type=int, nargs="+", default=CONNECTIONS, help="that ask at the same time")
    parser.add_argument("--seconds", type=float, default=SECONDS, help=f"for which each kind is asked for ({SECONDS})")
    parser.add_argument("--memory", type=int, default=0, help="requests after which the memory is looked at again")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of a table")
    return parser.parse_args(arguments)


async def _benchmark(options: argparse.Namespace) -> list[dict[str, Any]]:
    rows = []
    for size in options.sizes:
        async with _stage(size) as (crowd, kinds, _):
            for kind in kinds:  # the first answers of a process are its slowest: they are not counted
                await crowd.ask(kind, 2, 0)
            for connections in options.connections:
                health, *others = [await crowd.ask(kind, connections, options.seconds) for kind in kinds]
                rows += [each.as_json(size, health) for each in (health, *others)]
    return rows


async def _memory(options: argparse.Namespace) -> dict[str, Any]:
    size, wrong = options.sizes[0], []
    async with _stage(size) as (crowd, kinds, process_id):
        asked = itertools.cycle([kind for kind in kinds if kind is not UPLOADING])

        async def visitor(requests: int) -> None:
            for _ in range(requests):
                status = await crowd.status_of(next(asked))
                if status not in (httpx2.codes.OK, *_REFUSALS):
                    wrong.append(status)

        before = 0
        for part in (options.memory // 5, options.memory):
            before = _resident_mib(process_id)
            await asyncio.gather(*(visitor(part // AIMED_AT) for _ in range(AIMED_AT)))
        after = _resident_mib(process_id)
    growth = round(after / before - 1, 3)
    told = {"characters": size, "requests": options.memory, "before_mib": before, "after_mib": after}
    return {**told, "growth": growth, "wrong": wrong}


def _resident_mib(process_id: int) -> int:
    status = Path(f"/proc/{process_id}/status").read_text(encoding="utf-8")
    (line_of_it,) = (each for each in status.splitlines() if each.startswith("VmRSS:"))
    return int(line_of_it.split()[1]) // 1024


@asynccontextmanager
async def _stage(size: int) -> AsyncIterator[tuple[Crowd, Sequence[Kind], int]]:
    """Make a guild of so many characters, and serve it; gives the server's process, too."""
    folder = temporary_folder()
    url = embedded.recreate_database(embedded.start(folder / "data"), "load")
    migrate.upgrade(url)
    async with make_pool(url) as pool:
        guild = await inbox.furnish(pool, characters=size, questions=size * inbox.QUESTIONS // inbox.CHARACTERS)
        cookies, keys = await sessions(pool, SESSIONS), await _keys(pool, guild.guild_id)
        async with pool.connection() as conn:
            named = await (await conn.execute(_NAMES, [guild.guild_id])).fetchall()
            row = await (await conn.execute(_ISSUE, [guild.guild_id])).fetchone()
    query, issue = guild.query, row[0] if row else 0
    api = "/api/v1/admin/data-quality/issues"
    kinds = [
        Kind(HEALTH, "/health"),
        Kind("data quality page", f"/admin/data-quality?{query}"),
        Kind("inbox page", f"/admin/inbox?{query}"),
        Kind("one issue page", f"/admin/data-quality/issues/{issue}?{query}"),
        Kind("people page", f"/admin/players?{query}"),
        Kind("issues API", f"{api}?{query}"),
        Kind("one issue API", f"{api}/{issue}?{query}"),
        Kind(WATCHING, f"/api/v1/admin/live?{query}", is_stream=True),
        UPLOADING,
    ]
    limits = httpx2.Limits(max_connections=None, max_keepalive_connections=None)
    async with (
        serving(url, folder) as (base_url, process_id),
        httpx2.AsyncClient(base_url=base_url, timeout=120, limits=limits) as client,
    ):
        yield Crowd(client, itertools.cycle(cookies), itertools.cycle(keys), _exporter(named)), kinds, process_id


async def _keys(pool: Pool, guild_id: int) -> list[str]:
    async with pool.connection() as conn:
        return [
            await credentials.create_upload_key(conn, f"uploader {n}", guild_id=guild_id, created_by="benchmark")
            for n in range(UPLOAD_KEYS)
        ]


def _exporter(named: Sequence[tuple[Any, ...]]) -> Callable[[str], bytes]:
    """Return what makes a file of the whole guild with an id of its own."""
    characters = [{"name": name, "note": note or "", "rank": 3, "level": 80} for name, note in named]
    text = saved_variables({"PATTSyncDB": {"lastExport": {"exportId": "@id@", "characters": characters}}})
    return lambda number: text.replace("@id@", number).encode()


def _as_table(rows: Sequence[Mapping[str, Any]]) -> str:
    lines: list[str] = []
    for (size, connections), of_it in itertools.groupby(rows, lambda row: (row["characters"], row["connections"])):
        lines += ["", line((f"{size:,}, {connections} conn.", *_COLUMNS), _WIDTHS)]
        lines += [line(_cells(row), _WIDTHS) for row in of_it]
    wrong = [f"{row['name']}: answered with {sorted(set(row['wrong']))}." for row in rows if row["wrong"]]
    return "\n".join([*lines, *wrong]).strip()


def _cells(row: Mapping[str, Any]) -> tuple[str, ...]:
    numbers = (
        "requests_a_second",
        "median_ms",
        "p99_ms",
        "median_ratio",
        "p99_ratio",
        "health_beside_p99_ms",
        "refused",
    )
    aim = "" if row["aim"] is None else f"≤ {row['aim']:g} {'✓' if row['is_met'] else '✗'}"
    return (row["name"], *(f"{row[name]:,}" for name in numbers), aim)


def _memory_in_words(told: Mapping[str, Any]) -> str:
    return (
        f"{told['requests']:,} requests for a guild of {told['characters']:,} characters: "
        f"{told['before_mib']} MiB before, {told['after_mib']} MiB after ({told['growth']:+.1%})."
    )


if __name__ == "__main__":
    sys.exit(main())
