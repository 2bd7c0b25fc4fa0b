"""Prints what a guild's work costs among many others, beside what it costs alone: `python -m benchmarks.guilds`.

A real PostgreSQL is started in a temporary folder. In one database stands a guild of 500 characters alone; in others stand
the same guild and 99 or 1,999 more, which are copied from it by SQL with every row that belongs to it. The same work is done
alone and among them in turns, so that both meet the same noise: the pipeline of an upload in which 3 % of the notes changed,
pages, and calls of the API, these asked of the product's own server, one for each database. What differs is the number
of other guilds.

For each kind of work: the median of what it took alone and among the others, in milliseconds, and the ratio.
The aim is 1.3 or less. Ten thousand guilds need a few minutes more and 15 GB of disk: `--guilds 10000`.

Nothing is judged by the clock. An answer other than 200 makes the command end with 1.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import statistics
import sys
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2

from benchmarks import many
from benchmarks.many import Original
from benchmarks.measuring import Contender, Target, compare, line, take, temporary_folder
from benchmarks.web_stage import served, sessions
from patt.web.context import SESSION_COOKIE
from sv_common.db import embedded, migrate
from sv_common.db.embedded import EmbeddedServer
from sv_common.db.pool import Pool, make_pool
from sv_common.guild_sync.scheduler import run_addon_sync
from sv_common.guild_sync.sources.ports import Sources

GUILDS, CHARACTERS = (1, 100, 2_000), 500
REPETITIONS, WARM_UP = 9, 2
AIM = 1.3
PIPELINE = "upload pipeline, 3 % changed"
_HEADINGS = ("", "guilds", "alone ms", "among ms", "ratio")
_WIDTHS = (30, 7, 9, 9, 6)


@dataclass(frozen=True, slots=True)
class Row:
    """What one kind of work took, alone and among so many guilds."""

    kind: str
    guilds: int
    alone_ms: float
    among_ms: float

    @property
    def ratio(self) -> float:
        return self.among_ms / self.alone_ms

    def as_json(self) -> dict[str, Any]:
        return {
            "kind": self.kind,
            "guilds": self.guilds,
            "alone_ms": round(self.alone_ms, 2),
            "among_ms": round(self.among_ms, 2),
            "ratio": round(self.ratio, 2),
        }


@dataclass(slots=True)
class Place:
    """A database with the guild, the server beside it, and who asks there."""

    pool: Pool
    original: Original
    client: httpx2.AsyncClient
    token: str
    refusals: list[int] = field(default_factory=list)

    async def upload(self) -> None:
        twin = self.original.twin
        await run_addon_sync(self.pool, twin.rows_now, guild_id=twin.guild_id, sources=Sources())

    async def change_notes(self) -> None:
        self.original.twin.change_notes()

    async def ask(self, address: str) -> float:
        """Return the milliseconds that the whole answer took."""
        target = Target(address)
        await take(self.client, target, address, {"Cookie": f"{SESSION_COOKIE}={self.token}"})
        self.refusals += target.refusals
        return target.milliseconds[0]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark; return 1 when anything was answered with another status than 200."""
    options = _options(arguments)
    rows, refusals = asyncio.run(_benchmark(options))
    if options.json:
        print(json.dumps([row.as_json() for row in rows], indent=2))
    else:
        print(_verdict(rows))
    if refusals:
        print(f"{len(refusals)} requests were not answered with 200: {sorted(set(refusals))}.", file=sys.stderr)
    return 1 if refusals else 0


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.guilds", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--guilds", type=_sizes, default=GUILDS, help="in one database, such as 1,100,2000")
    parser.add_argument("--characters", type=int, default=CHARACTERS, help=f"of each guild ({CHARACTERS})")
    parser.add_argument("--repetitions", type=int, default=REPETITIONS, help=f"timed runs of each ({REPETITIONS})")
    parser.add_argument("--warm-up", type=int, default=WARM_UP, help=f"runs of each before the timed ones ({WARM_UP})")
    parser.add_argument("--only", default="", help="kinds of work whose names hold this, such as API")
    parser.add_argument("--json", action="store_true", help="print a JSON list instead of a table")
    return parser.parse_args(arguments)


def _sizes(text: str) -> list[int]:
    return [int(size) for size in text.split(",")]


async def _benchmark(options: argparse.Namespace) -> tuple[list[Row], list[int]]:
    folder = temporary_folder()
    server = embedded.start(folder / "data")
    rows: list[Row] = []
    refusals: list[int] = []
    if not options.json:
        print(line(_HEADINGS, _WIDTHS), flush=True)
    async with _place(server, folder, options.characters, 1) as alone:
        for count in options.guilds:
            async with _place(server, folder, options.characters, count) as among:
                async for row in _compared(alone, among, count, options):
                    rows.append(row)
                    if not options.json:
                        cells = (
                            row.kind,
                            f"{count:,}",
                            f"{row.alone_ms:.1f}",
                            f"{row.among_ms:.1f}",
                            f"{row.ratio:.2f}",
                        )
                        print(line(cells, _WIDTHS), flush=True)
                refusals += alone.refusals + among.refusals
    return rows, refusals


@contextlib.asynccontextmanager
async def _place(server: EmbeddedServer, folder: Path, characters: int, count: int) -> AsyncIterator[Place]:
    """Make a database of so many guilds and serve it; it is dropped at the end, so that the next one has the disk."""
    name = f"guilds_{time.monotonic_ns()}"
    url = embedded.recreate_database(server, name)
    migrate.upgrade(url)
    async with make_pool(url) as pool:
        original = await many.make_original(pool, characters)
        await many.copy(pool, original, count - 1)
        (token,) = await sessions(pool, 1)
        data = folder / name
        data.mkdir()
        async with served(url, data) as base_url, httpx2.AsyncClient(base_url=base_url, timeout=60) as client:
            yield Place(pool, original, client, token)
    embedded.drop_database(server, name)


async def _compared(alone: Place, among: Place, count: int, options: argparse.Namespace) -> AsyncIterator[Row]:
    if options.only in PIPELINE:
        first, second = await compare(
            (Contender(alone.change_notes, alone.upload), Contender(among.change_notes, among.upload)),
            repetitions=options.repetitions,
            warm_up=options.warm_up,
        )
        yield Row(PIPELINE, count, first.median, second.median)
    for kind, address in _addresses(among.original).items():
        if options.only not in kind:
            continue
        turns = [
            (await alone.ask(address), await among.ask(address)) for _ in range(options.warm_up + options.repetitions)
        ]
        taken = zip(*turns[options.warm_up :], strict=True)
        yield Row(kind, count, *(statistics.median(times) for times in taken))


def _addresses(of: Original) -> dict[str, str]:
    guild, admin, api = f"guild={of.guild_id}", "/admin", "/api/v1/admin"
    return {
        "page: Inbox": f"{admin}/inbox?{guild}",
        "page: Data Quality": f"{admin}/data-quality?{guild}",
        "page: one issue": f"{admin}/data-quality/issues/{of.issue_id}?{guild}",
        "page: people": f"{admin}/players?{guild}",
        "page: people, searched": f"{admin}/players?{guild}&q=ma",
        "page: one player": f"{admin}/players/{of.player_id}?{guild}",
        "page: activity": f"{admin}/activity?{guild}",
        "API: issues": f"{api}/data-quality/issues?{guild}",
        "API: one issue": f"{api}/data-quality/issues/{of.issue_id}",
        "API: players": f"{api}/players?{guild}",
        "API: search": f"{api}/search?{guild}&q=ma",
    }


def _verdict(rows: Sequence[Row]) -> str:
    slow = [f"{row.kind} among {row.guilds:,}: {row.ratio:.2f}" for row in rows if row.ratio > AIM]
    aim = f"each at most {AIM}x of what it costs alone"
    return f"Not met: {aim} ({'; '.join(slow)})." if slow else f"Met: {aim}."


if __name__ == "__main__":
    sys.exit(main())
