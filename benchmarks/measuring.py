"""Times and statement counts of the engine and of plain SQL, taken in turns so that both meet the same noise."""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from sv_common.db.pool import counting_statements

Work: TypeAlias = Callable[[], Awaitable[object]]


@dataclass(frozen=True, slots=True)
class Sample:
    """One run."""

    milliseconds: float
    statements: int


@dataclass(frozen=True, slots=True)
class Samples:
    """All timed runs of one piece of work."""

    runs: Sequence[Sample]

    @property
    def statements(self) -> tuple[int, ...]:
        """The statement counts that occurred; just one where it never varies."""
        return tuple(sorted({run.statements for run in self.runs}))

    @property
    def median(self) -> float:
        """Median of the milliseconds."""
        return statistics.median(run.milliseconds for run in self.runs)

    @property
    def least(self) -> float:
        """Least of the milliseconds."""
        return min(run.milliseconds for run in self.runs)


@dataclass(frozen=True, slots=True)
class Contender:
    """One way to do a piece of work; `prepare` makes sure, untimed, that there is something to do."""

    prepare: Work
    work: Work


async def compare(engine: Contender, plain: Contender, *, repetitions: int, warm_up: int) -> tuple[Samples, Samples]:
    """Run both in turns; return the runs after the warm-up."""
    _set_aside_what_is_there()
    pairs = [(await _sample(engine), await _sample(plain)) for _ in range(warm_up + repetitions)]
    timed = pairs[warm_up:]
    return Samples([pair[0] for pair in timed]), Samples([pair[1] for pair in timed])


def _set_aside_what_is_there() -> None:
    """Spare the garbage collector the benchmark's own guilds, which no real process would hold."""
    gc.unfreeze()
    gc.collect()
    gc.freeze()


async def _sample(contender: Contender) -> Sample:
    await contender.prepare()
    gc.collect()
    with counting_statements() as counter:
        started = time.perf_counter()
        await contender.work()
        seconds = time.perf_counter() - started
    return Sample(seconds * 1000, counter.statements)
