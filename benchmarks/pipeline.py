"""Prints what the engine costs beside plain set-based SQL doing the same work: `python -m benchmarks.pipeline`.

For guilds of several sizes: statements and milliseconds of each sync, of a first and a second integrity check, of the
fixes for 3 % changed notes, and of the whole upload pipeline. A real PostgreSQL is started in a temporary folder. In one
database stand two guilds of the same people; the engine works on the one and plain SQL on the other, in turns, so that
both meet the same data, the same server and the same noise. After each piece of work the two guilds are compared row by
row: notes, links, members, issues and their moves, fixes. A difference means that the two did not do the same work.

What plain SQL is spared: it is given the notes already parsed, and its parameters ready; it checks no input, words no
evidence, makes no plan that an officer could preview, and looks at the guild twice in a pipeline where the engine looks
before and after each fix. What it is not spared: every row that the engine writes.

Aims: the pipeline within twice the time of plain SQL, and the same number of statements at every size. Time is printed
and judged by readers; differing statement counts or differing guilds make the command end with 1.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from benchmarks import cases, stage
from benchmarks.cases import PIPELINE, Row
from benchmarks.measuring import Samples, line, temporary_folder
from sv_common.db import embedded, migrate
from sv_common.db.pool import make_pool

SIZES = (100, 1000, 5000)
REPETITIONS = 7
WARM_UP = 2
LARGEST_RATIO = 2.0
_DATABASE = "benchmark"
_HEADINGS = ("", "characters", "statements", "median ms", "least ms", "statements", "median ms", "least ms", "ratio")
_WIDTHS = (28, 10, 11, 10, 9, 11, 10, 9, 6)


@dataclass(frozen=True, slots=True)
class Result:
    """All rows of all sizes, and in how many rows the two guilds came to differ at each size."""

    rows: Sequence[Row]
    differences: dict[int, int]

    @property
    def uneven(self) -> list[str]:
        """The work whose number of statements is not one and the same at every size."""
        counts: dict[str, set[int]] = defaultdict(set)
        for row in self.rows:
            counts[row.name].update(row.engine.statements)
        return [f"{name}: {_numbers(sorted(found))}" for name, found in counts.items() if len(found) > 1]

    @property
    def slow(self) -> list[str]:
        """The sizes at which the pipeline takes more than twice as long as plain SQL."""
        return [
            f"{row.size:,} characters: {row.ratio:.2f}"
            for row in self.rows
            if row.name == PIPELINE and row.ratio > LARGEST_RATIO
        ]

    @property
    def unlike(self) -> list[str]:
        """The sizes at which the engine and plain SQL did not do the same work."""
        return [f"{size:,} characters: {count} rows" for size, count in self.differences.items() if count]

    def verdicts(self) -> list[str]:
        return [
            _verdict("pipeline within 2x of plain SQL at each size", self.slow),
            _verdict("the same number of statements at every size", self.uneven),
            _verdict("both did the same work", self.unlike),
        ]

    def as_json(self) -> dict[str, Any]:
        return {
            "rows": [
                {
                    "name": row.name,
                    "characters": row.size,
                    "engine": _samples_json(row.engine),
                    "plain": _samples_json(row.plain),
                    "ratio": round(row.ratio, 3),
                }
                for row in self.rows
            ],
            "verdicts": self.verdicts(),
        }


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark; return 1 when statement counts differ between sizes, or when the two did not do the same."""
    options = _options(arguments)
    result = asyncio.run(_benchmark(options))
    print(json.dumps(result.as_json(), indent=2) if options.json else "\n".join(["", *result.verdicts()]))
    return 1 if result.uneven or result.unlike else 0


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.pipeline", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--sizes", type=_sizes, default=SIZES, help="characters in a guild, such as 100,1000,5000")
    parser.add_argument("--repetitions", type=int, default=REPETITIONS, help=f"timed runs of each ({REPETITIONS})")
    parser.add_argument("--warm-up", type=int, default=WARM_UP, help=f"runs of each before the timed ones ({WARM_UP})")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of a table")
    return parser.parse_args(arguments)


def _sizes(text: str) -> list[int]:
    return [int(size) for size in text.split(",")]


async def _benchmark(options: argparse.Namespace) -> Result:
    server = embedded.start(temporary_folder() / "data")
    rows: list[Row] = []
    differences: dict[int, int] = {}
    if not options.json:
        print(line(("", "", "engine", "", "", "plain SQL", "", "", ""), _WIDTHS), line(_HEADINGS, _WIDTHS), sep="\n")
    for size in options.sizes:
        url = embedded.recreate_database(server, _DATABASE)
        migrate.upgrade(url)
        async with make_pool(url) as pool:
            on = await cases.set_stage(pool, size, repetitions=options.repetitions, warm_up=options.warm_up)
            async for row in cases.all_rows(on):
                rows.append(row)
                if not options.json:
                    print(line(_cells(row), _WIDTHS), flush=True)
            differences[size] = await stage.differences(pool, on.engine, on.plain)
    return Result(rows, differences)


def _cells(row: Row) -> tuple[str, ...]:
    return (
        row.name,
        f"{row.size:,}",
        *(cell for each in (row.engine, row.plain) for cell in _samples_cells(each)),
        f"{row.ratio:.2f}",
    )


def _samples_cells(samples: Samples) -> tuple[str, ...]:
    return _numbers(samples.statements), f"{samples.median:.1f}", f"{samples.least:.1f}"


def _samples_json(samples: Samples) -> dict[str, Any]:
    return {
        "statements": list(samples.statements),
        "median_ms": round(samples.median, 2),
        "min_ms": round(samples.least, 2),
    }


def _numbers(numbers: Sequence[int]) -> str:
    return " or ".join(map(str, numbers))


def _verdict(aim: str, problems: Sequence[str]) -> str:
    return f"Not met: {aim} ({'; '.join(problems)})." if problems else f"Met: {aim}."


if __name__ == "__main__":
    sys.exit(main())
