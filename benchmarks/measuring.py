"""Times and statement counts of the engine and of plain SQL, taken in turns so that both meet the same noise."""

from __future__ import annotations

import atexit
import gc
import shutil
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from sv_common.db.pool import counting_statements

Work: TypeAlias = Callable[[], Awaitable[object]]


@dataclass(frozen=True, slots=True)
class Sample:
    milliseconds: float
    statements: int


@dataclass(frozen=True, slots=True)
class Samples:
    runs: Sequence[Sample]

    @property
    def statements(self) -> tuple[int, ...]:
        """The statement counts that occurred; just one where it never varies."""
        return tuple(sorted({run.statements for run in self.runs}))

    @property
    def median(self) -> float:
        return statistics.median(run.milliseconds for run in self.runs)

    @property
    def least(self) -> float:
        return min(run.milliseconds for run in self.runs)


@dataclass(frozen=True, slots=True)
class Contender:
    """One way to do a piece of work; `prepare` makes sure, untimed, that there is something to do."""

    prepare: Work
    work: Work


async def compare(engine: Contender, plain: Contender, *, repetitions: int, warm_up: int) -> tuple[Samples, Samples]:
    """Run both in turns; return the runs after the warm-up."""
    # Spare the garbage collector the benchmark's own guilds, which no real process would hold.
    gc.unfreeze()
    gc.collect()
    gc.freeze()
    pairs = [(await _sample(engine), await _sample(plain)) for _ in range(warm_up + repetitions)]
    timed = pairs[warm_up:]
    return Samples([pair[0] for pair in timed]), Samples([pair[1] for pair in timed])


async def _sample(contender: Contender) -> Sample:
    await contender.prepare()
    gc.collect()
    with counting_statements() as counter:
        started = time.perf_counter()
        await contender.work()
        seconds = time.perf_counter() - started
    return Sample(seconds * 1000, counter.statements)


def temporary_folder() -> Path:
    """A folder for the database that is removed at the end, after the database server has stopped."""
    folder = Path(tempfile.mkdtemp(prefix="patt-benchmark-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def line(cells: Sequence[str], widths: Sequence[int]) -> str:
    """One line of a table, whose first column alone begins at the left."""
    first, *others = (cell.rjust(width) for cell, width in zip(cells, widths, strict=True))
    return "  ".join([first.strip().ljust(widths[0]), *others])
