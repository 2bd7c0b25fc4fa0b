"""Prints how fast the pages and the API answer for a guild with a long past: `python -m benchmarks.web`.

A real PostgreSQL and the product's own server are started, the server in a process of its own, and asked over loopback
by several clients at once. The guild has had 100,000 issues, of which 5,000 are open. Asked for are the data quality page,
the first page of the issues API, one issue, and the search over everything, in turns with `/health`, which does next to
nothing: so all meet the same noise, and what a page costs is read from the ratio to `/health` rather than from the clock of
one machine. The guild has 20,000 characters, each with an issue of every rule.

A second guild has 1,000 characters and 429 open questions. Of its Inbox are asked for the landing page (also cold, with its
style, scripts and sprite), one question as a part of the page, and the palette's search. One officer alone answers questions,
follows to the next, and undoes each answer, so that the guild stays as it is.

For each: requests a second while it was asked for by all clients, milliseconds until the first byte, median and 99th
percentile of what a whole request took, all three also as ratios to those of `/health`, and the bytes of one answer as they
were sent, compressed.

Sessions are limited to 600 requests a minute, so a new one is taken for every 500.

Nothing is judged by the clock. An answer other than 200 makes the command end with 1.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import math
import sys
import time
from collections.abc import Iterator, Sequence
from itertools import chain, repeat

import httpx2

from benchmarks import inbox
from benchmarks.measuring import Target, line, take, temporary_folder
from benchmarks.web_stage import Past, furnish, served, sessions
from patt.web.context import SESSION_COOKIE
from sv_common.db import embedded, migrate
from sv_common.db.pool import make_pool

ISSUES, OPEN_ISSUES = 100_000, 5_000
REQUESTS, CLIENTS, ROUNDS = 200, 4, 4
HEALTH = "health"
REQUESTS_A_SESSION = 500
_DATABASE = "benchmark"
ANSWERS = 20
_COLUMNS = {
    "requests_a_second": "requests/s",
    "first_byte_ms": "first ms",
    "median_ms": "median ms",
    "p99_ms": "p99 ms",
    "first_byte_ratio": "first ratio",
    "median_ratio": "median ratio",
    "p99_ratio": "p99 ratio",
    "bytes": "bytes",
}
_WIDTHS = (20, 10, 9, 10, 9, 11, 12, 10, 9)


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
            cookies = {"Cookie": f"{SESSION_COOKIE}={next(self._tokens)}"}
            await take(self._client, target, target.address, {**cookies, **target.headers})


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
    parser.add_argument(
        "--characters", type=int, default=inbox.CHARACTERS, help=f"in the guild with the Inbox ({inbox.CHARACTERS})"
    )
    parser.add_argument(
        "--questions", type=int, default=inbox.QUESTIONS, help=f"that are open there ({inbox.QUESTIONS})"
    )
    parser.add_argument("--answers", type=int, default=ANSWERS, help=f"that one officer gives and undoes ({ANSWERS})")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of a table")
    return parser.parse_args(arguments)


async def _benchmark(options: argparse.Namespace) -> list[Target]:
    folder = temporary_folder()
    url = embedded.recreate_database(embedded.start(folder / "data"), _DATABASE)
    migrate.upgrade(url)
    async with make_pool(url) as pool:
        past = await furnish(pool, issues=options.issues, open_issues=options.open)
        questions = await inbox.furnish(pool, characters=options.characters, questions=options.questions)
        targets = _targets(past, questions)
        asked = (options.rounds * options.requests + options.clients) * (len(targets) + 1)
        own, *tokens = await sessions(pool, 1 + math.ceil(asked / REQUESTS_A_SESSION))
    async with served(url, folder) as base_url, httpx2.AsyncClient(base_url=base_url, timeout=60) as client:
        crowd = Crowd(client, tokens, options.clients)
        officer = inbox.Officer(client, own, questions)
        keys = await officer.suggested()
        targets.append(Target(inbox.QUESTION, f"/admin/inbox/{keys[0]}?{questions.query}", inbox.PART))
        for target in _targets(past, questions):  # the first answers of a process are its slowest: they are not counted
            await crowd.ask(target, options.clients)
        for _ in range(options.rounds):
            for target in targets:
                await crowd.ask(target, options.requests)
        return targets + await _by_one_officer(officer, keys, options.answers)


async def _by_one_officer(officer: inbox.Officer, keys: Sequence[int], answers: int) -> list[Target]:
    """Let an officer alone load the page cold and answer questions, in turns."""
    cold = Target(inbox.COLD)
    answering = {name: Target(name) for name in (inbox.ANSWER, inbox.NEXT, inbox.UNDO)}
    for key in keys[:answers]:
        await officer.load_cold(cold)
        await officer.answer_and_undo(answering, key)
    return [cold, *answering.values()]


def _targets(past: Past, questions: inbox.Questions) -> list[Target]:
    guild = f"guild={past.guild_id}"
    return [
        Target(HEALTH, "/health"),
        Target("data quality page", f"/admin/data-quality?{guild}"),
        Target("issues API", f"/api/v1/admin/data-quality/issues?{guild}"),
        Target("one issue page", f"/admin/data-quality/issues/{past.issue_id}?{guild}"),
        Target("search API", f"/api/v1/admin/search?{guild}&q=char"),
        Target(inbox.LANDING, f"/admin/inbox?{questions.query}"),
        Target(
            inbox.PALETTE, f"/admin/search?{questions.query}&q=ma", {"HX-Request": "true", "HX-Target": "palette-found"}
        ),
    ]


def _as_json(targets: Sequence[Target]) -> str:
    return json.dumps({"rows": [target.as_json(targets[0]) for target in targets]}, indent=2)


def _as_table(targets: Sequence[Target]) -> str:
    rows = [target.as_json(targets[0]) for target in targets]
    cells = [("", *_COLUMNS.values()), *((row["name"], *(f"{row[name]:,}" for name in _COLUMNS)) for row in rows)]
    refusals = [f"{row['name']}: {len(row['refusals'])} were not answered with 200." for row in rows if row["refusals"]]
    return "\n".join([*(line(each, _WIDTHS) for each in cells), *refusals])


if __name__ == "__main__":
    sys.exit(main())
