"""Times and statement counts of several ways to do the same, and of addresses, taken in turns so that all meet the same noise."""

from __future__ import annotations

import atexit
import gc
import math
import shutil
import statistics
import tempfile
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

import httpx2
import psutil

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
    """One way to do a piece of work; `prepare` makes sure, untimed, that there is something to do.

    `most`: after so many timed runs it runs no more, for what takes long.
    """

    prepare: Work
    work: Work
    most: int | None = None


@dataclass(frozen=True, slots=True)
class Clock:
    """Seconds at the beginning and at the end of what is timed."""

    begin: Callable[[], float] = time.perf_counter
    end: Callable[[], float] = time.perf_counter


WALL = Clock()


def processor_clock(folder: Path) -> Clock:
    """Count processor time, of this process and of the PostgreSQL server in a folder: on a busy machine it stays the same.

    It leaves out what is spent waiting, as for a disk. Linux tells it to the nanosecond; other systems are not asked.
    """
    (pid_file,) = folder.rglob("postmaster.pid")
    server = psutil.Process(int(pid_file.read_text(encoding="ascii").split()[0]))

    def of_server() -> float:
        return sum(map(_processor_seconds, [server.pid, *(each.pid for each in server.children())]))

    def begin() -> float:
        return of_server() + time.process_time()  # looking for the server's processes takes time itself

    def end() -> float:
        return time.process_time() + of_server()

    return Clock(begin, end)


def _processor_seconds(pid: int) -> float:
    try:
        return int(Path(f"/proc/{pid}/schedstat").read_text(encoding="ascii").split()[0]) / 1e9
    except (FileNotFoundError, ProcessLookupError):  # it has ended meanwhile
        return 0.0


async def compare(
    contenders: Sequence[Contender], *, repetitions: int, warm_up: int, clock: Clock = WALL
) -> list[Samples]:
    """Run all in turns; return the runs of each after the warm-up."""
    # Spare the garbage collector the benchmark's own guilds, which no real process would hold.
    gc.unfreeze()
    gc.collect()
    gc.freeze()
    runs: list[list[Sample]] = [[] for _ in contenders]
    for turn in range(warm_up + repetitions):
        for contender, taken in zip(contenders, runs, strict=True):
            if contender.most is None or turn < warm_up + contender.most:
                taken.append(await _sample(contender, clock))
    return [Samples(taken[warm_up:]) for taken in runs]


async def _sample(contender: Contender, clock: Clock) -> Sample:
    await contender.prepare()
    gc.collect()
    with counting_statements() as counter:
        started = clock.begin()
        await contender.work()
        seconds = clock.end() - started
    return Sample(seconds * 1000, counter.statements)


@dataclass(slots=True)
class Target:
    """Something that is asked for, with what every request took and answered: `first` until the first byte of its content."""

    name: str
    address: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    first: list[float] = field(default_factory=list)
    milliseconds: list[float] = field(default_factory=list)
    seconds: float = 0.0
    size: int = 0
    refusals: list[int] = field(default_factory=list)

    def add(self, first_s: float | None, whole_s: float, size: int, status: int) -> None:
        """Keep what one request took; `size` is that of its content as it was sent, compressed."""
        self.milliseconds.append(whole_s * 1000)
        self.first.append((whole_s if first_s is None else first_s) * 1000)
        self.size = size
        self.refuse(status)

    def refuse(self, status: int) -> None:
        if status != httpx2.codes.OK:
            self.refusals.append(status)

    def as_json(self, health: Target) -> dict[str, Any]:
        return {
            "name": self.name,
            "requests": len(self.milliseconds),
            "requests_a_second": round(len(self.milliseconds) / (self.seconds or sum(self.milliseconds) / 1000), 1),
            "first_byte_ms": round(statistics.median(self.first), 2),
            "median_ms": round(statistics.median(self.milliseconds), 2),
            "p99_ms": round(_p99(self.milliseconds), 2),
            "first_byte_ratio": round(statistics.median(self.first) / statistics.median(health.first), 2),
            "median_ratio": round(statistics.median(self.milliseconds) / statistics.median(health.milliseconds), 2),
            "p99_ratio": round(_p99(self.milliseconds) / _p99(health.milliseconds), 2),
            "bytes": self.size,
            "refusals": self.refusals,
        }


def _p99(values: Sequence[float]) -> float:
    """What 99 of 100 did not exceed."""
    return sorted(values)[math.ceil(len(values) * 0.99) - 1]


async def take(client: httpx2.AsyncClient, target: Target, address: str, headers: Mapping[str, str]) -> None:
    """Ask for an address and keep what it took."""
    started, first, size = time.perf_counter(), None, 0
    async with client.stream("GET", address, headers=headers) as answer:
        async for piece in answer.aiter_raw():
            first = first or time.perf_counter() - started
            size += len(piece)
    target.add(first, time.perf_counter() - started, size, answer.status_code)


def temporary_folder() -> Path:
    """A folder for the database that is removed at the end, after the database server has stopped."""
    folder = Path(tempfile.mkdtemp(prefix="patt-benchmark-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def line(cells: Sequence[str], widths: Sequence[int]) -> str:
    """One line of a table, whose first column alone begins at the left."""
    first, *others = (cell.rjust(width) for cell, width in zip(cells, widths, strict=True))
    return "  ".join([first.strip().ljust(widths[0]), *others])
