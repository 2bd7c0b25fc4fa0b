"""Prints what the engine costs beside plain SQL, beside the limit, and beside row by row: `python -m benchmarks.pipeline`.

For guilds of several sizes: statements and milliseconds of each sync, of a first and a second integrity check, of the fixes
for 3 % changed notes, and of the whole upload pipeline, with 3 % changed notes and with none. A real PostgreSQL is started in
a temporary folder. In one database stand four guilds of the same people. Each way works on a guild of its own, in turns, so
that all meet the same data, the same server and the same noise. At the end the guilds are compared row by row: notes, links,
members, issues and their moves, fixes. A difference means that they did not do the same work.

The ways beside the engine:

- plain SQL: set-based, without checks; it reads every note anew and writes every row that it is told, as a good author of SQL
  would at first.
- the limit: set-based SQL that writes only what changed and works out nothing that is stored. It takes the same steps in the
  same transactions, and looks at the whole guild once before and once after the fixes. Where nothing changed, it compares the
  rows with the upload, and does nothing else but the log.
- row by row: as such sites are usually written, about four statements a character.

What all three are spared: they check no input, word no evidence and make no plan that an officer could preview.

Aims: the pipeline with 3 % changed within twice the time of the limit at 5,000 characters and more, three times below, and
20 times as fast as row by row; with nothing changed, and for the second integrity check, one and a half times the limit; the
same number of statements at every size. Time is printed and judged by readers; differing statement counts or differing
guilds make the command end with 1.
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

from benchmarks import cases
from benchmarks.cases import CHECK_AGAIN, PIPELINE, UNCHANGED, Row
from benchmarks.measuring import WALL, Samples, line, processor_clock, temporary_folder
from sv_common.db import embedded, migrate
from sv_common.db.pool import make_pool

SIZES = (100, 1000, 5000)
REPETITIONS = 7
WARM_UP = 2
LARGE = 5000
"""Characters from which a guild counts as large: what does not grow with it weighs less."""

LEAST_TIMES_FASTER = 20.0
_DATABASE = "benchmark"
_WAYS = ("", "", "engine", "", "plain SQL", "", "", "limit", "", "", "row by row", "", "")
_HEADINGS = (
    *("", "characters", "statements", "ms"),
    *("statements", "ms", "ratio") * 2,
    *("statements", "ms", "faster"),
)
_WIDTHS = (32, 10, 10, 8, 10, 8, 6, 10, 8, 6, 10, 8, 6)


@dataclass(frozen=True, slots=True)
class Result:
    """All rows of all sizes, and in how many rows the guilds of other ways came to differ from the engine's at each size."""

    rows: Sequence[Row]
    differences: dict[int, dict[str, int]]

    @property
    def uneven(self) -> list[str]:
        """The work whose number of statements is not one and the same at every size."""
        counts: dict[str, set[int]] = defaultdict(set)
        for row in self.rows:
            counts[row.name].update(row.engine.statements)
        return [f"{name}: {_numbers(sorted(found))}" for name, found in counts.items() if len(found) > 1]

    def slow(self, work: str, *, small: float, large: float) -> list[str]:
        """The sizes at which some work takes longer than so many times the limit."""
        return [
            f"{row.size:,} characters: {row.ratio_to_limit:.2f}"
            for row in self.rows
            if row.name == work and (row.ratio_to_limit or 0) > (large if row.size >= LARGE else small)
        ]

    @property
    def hardly_faster(self) -> list[str]:
        """The sizes at which the pipeline is not 20 times as fast as row by row."""
        return [
            f"{row.size:,} characters: {row.times_faster:.1f}"
            for row in self.rows
            if row.times_faster is not None and row.times_faster < LEAST_TIMES_FASTER
        ]

    @property
    def unlike(self) -> list[str]:
        """The ways and sizes that did not do the same work as the engine."""
        return [
            f"{name} at {size:,} characters: {count} rows"
            for size, found in self.differences.items()
            for name, count in found.items()
            if count
        ]

    def verdicts(self) -> list[str]:
        return [
            _verdict("pipeline with 3 % changed within 3x (large guilds 2x) of the limit",
                     self.slow(PIPELINE, small=3.0, large=2.0)),
            _verdict("pipeline with 3 % changed 20x as fast as row by row", self.hardly_faster),
            _verdict("pipeline with nothing changed within 1.5x of the limit",
                     self.slow(UNCHANGED, small=1.5, large=1.5)),
            _verdict("integrity check again within 1.5x of the limit", self.slow(CHECK_AGAIN, small=1.5, large=1.5)),
            _verdict("the same number of statements at every size", self.uneven),
            _verdict("all did the same work", self.unlike),
        ]  # fmt: skip

    def as_json(self) -> dict[str, Any]:
        return {
            "rows": [
                {
                    "name": row.name,
                    "characters": row.size,
                    "engine": _samples_json(row.engine),
                    "plain": _samples_json(row.plain),
                    "ratio": round(row.ratio, 3),
                    **(
                        {"limit": _samples_json(row.limit), "ratio_to_limit": round(row.ratio_to_limit or 0, 3)}
                        if row.limit
                        else {}
                    ),
                    **(
                        {"row_by_row": _samples_json(row.row_by_row), "times_faster": round(row.times_faster or 0, 1)}
                        if row.row_by_row
                        else {}
                    ),
                }
                for row in self.rows
            ],
            "verdicts": self.verdicts(),
        }


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark; return 1 when statement counts differ between sizes, or when not all did the same."""
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
    parser.add_argument(
        "--processor-time",
        action="store_true",
        help="count processor time, of this process and of PostgreSQL, for a machine that is busy with other things (Linux)",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of a table")
    return parser.parse_args(arguments)


def _sizes(text: str) -> list[int]:
    return [int(size) for size in text.split(",")]


async def _benchmark(options: argparse.Namespace) -> Result:
    folder = temporary_folder() / "data"
    server = embedded.start(folder)
    clock = processor_clock(folder) if options.processor_time else WALL
    rows: list[Row] = []
    differences: dict[int, dict[str, int]] = {}
    if not options.json:
        print(line(_WAYS, _WIDTHS), line(_HEADINGS, _WIDTHS), sep="\n")
    for size in options.sizes:
        url = embedded.recreate_database(server, _DATABASE)
        migrate.upgrade(url)
        async with make_pool(url) as pool:
            on = await cases.set_stage(
                pool, size, repetitions=options.repetitions, warm_up=options.warm_up, clock=clock
            )
            async for row in cases.all_rows(on):
                rows.append(row)
                if not options.json:
                    print(line(_cells(row), _WIDTHS), flush=True)
            differences[size] = await on.differences()
    return Result(rows, differences)


def _cells(row: Row) -> tuple[str, ...]:
    return (
        row.name,
        f"{row.size:,}",
        *_samples_cells(row.engine),
        *(*_samples_cells(row.plain), _ratio(row.ratio)),
        *(*_samples_cells(row.limit), _ratio(row.ratio_to_limit)),
        *(*_samples_cells(row.row_by_row), _ratio(row.times_faster)),
    )


def _samples_cells(samples: Samples | None) -> tuple[str, ...]:
    return ("", "") if samples is None else (_numbers(samples.statements), f"{samples.median:.1f}")


def _ratio(ratio: float | None) -> str:
    return "" if ratio is None else f"{ratio:.2f}"


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
