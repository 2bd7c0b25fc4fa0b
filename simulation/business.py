"""What a life costs: work, waiting, requests and room, in figures from which one can say what a machine carries."""

from __future__ import annotations

import math
import os
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import psycopg

from simulation.life import DAY_S, Life, Plan, open_life
from simulation.tally import LawBroken
from simulation.work import LANES, Work
from sv_common.db.sql import load_sql

SQL = load_sql(__package__, "size.sql")

_GB = 2**30


@dataclass(frozen=True, slots=True)
class Size:
    """Bytes with indexes, and rows, by table."""

    bytes: dict[str, int]
    rows: dict[str, int]

    @classmethod
    def of(cls, url: str) -> Size:
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("vacuum analyze")
            found = connection.execute(SQL["tables"]).fetchall()
        return cls({name: size for name, size, _ in found}, {name: rows for name, _, rows in found})


@dataclass(frozen=True, slots=True)
class Window:
    """A limit of a source, and the most that was ever sent within it."""

    service: str
    seconds: float
    most: int
    largest: int


@dataclass(frozen=True, slots=True)
class Business:
    """The figures of a life. Seconds of work are those of processors, of the worker and the database together."""

    guilds: int
    characters: int
    days: int
    seed: int
    cores: int
    memory_gb: int
    jobs_per_guild_and_day: float
    work_s_per_guild_and_day: float
    work_of_database: float
    jobs_per_second: float
    busy: float
    guilds_per_worker: int
    queue_age_s: dict[str, float]
    requests_per_guild_and_day: dict[str, float]
    budgets: list[Window]
    growth_bytes_per_guild_and_day: int
    rows_per_guild_and_day: dict[str, float]
    laws_hold: bool
    broken_law: str | None
    took_s: float

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


async def live(url: str, plan: Plan) -> Business:
    """Live the days of a plan on a migrated database that is thrown away, and count. A broken law ends it, and is told."""
    began = time.monotonic()
    async with open_life(url, plan) as life:
        settled, sent, processors = Size.of(url), life.budget.sent.copy(), _Processors.now(url)
        broken = await _days(life)
        spent = _Processors.now(url)
        size = Size.of(url)
        return Business(
            guilds=plan.guilds,
            characters=sum(len(guild.world.characters) for guild in life.guilds),
            days=plan.days,
            seed=plan.seed,
            **_machine(),
            **_work(life.worker.done, plan, spent.database - processors.database, spent.here - processors.here),
            requests_per_guild_and_day=_per_guild_and_day(life.budget.sent - sent, plan),
            budgets=[Window(w.service, w.seconds, w.most, w.largest) for w in life.budget.windows],
            growth_bytes_per_guild_and_day=round(
                (sum(size.bytes.values()) - sum(settled.bytes.values())) / _guild_days(plan)
            ),
            rows_per_guild_and_day=_per_guild_and_day(Counter(size.rows) - Counter(settled.rows), plan),
            laws_hold=broken is None,
            broken_law=broken,
            took_s=round(time.monotonic() - began, 1),
        )


async def _days(life: Life) -> str | None:
    broken = None
    try:
        for _ in range(life.plan.days):
            await life.live_a_day()
    except* LawBroken as laws:
        broken = str(laws.exceptions[0])
    return broken


def _machine() -> dict[str, Any]:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {"cores": os.cpu_count() or 1, "memory_gb": round(memory / _GB)}


def _work(done: Sequence[Work], plan: Plan, of_database: float, here: float) -> dict[str, Any]:
    """What the jobs cost; to each job belongs as much of the database's work as of that of this process."""
    worked_here = sum(each.busy_s for each in done)
    work = worked_here + of_database * (worked_here / here if here else 0)
    busy = work / (plan.days * DAY_S)
    ages = sorted(queue_ages(done, work / worked_here if worked_here else 1))
    return {
        "jobs_per_guild_and_day": round(len(done) / _guild_days(plan), 1),
        "work_s_per_guild_and_day": round(work / _guild_days(plan), 2),
        "work_of_database": round(of_database / (of_database + here), 2) if here else 0.0,
        "jobs_per_second": round(len(done) / work, 1) if work else 0.0,
        "busy": round(busy, 5),
        "guilds_per_worker": math.floor(plan.guilds / busy) if busy else 0,
        "queue_age_s": {
            name: round(_share(ages, share), 2) for name, share in (("p50", 0.5), ("p99", 0.99), ("most", 1))
        },
    }


def queue_ages(done: Sequence[Work], factor: float, lanes: int = LANES) -> list[float]:
    """How long each job would wait for one worker: so many jobs at once, one processor, and one job of a guild at a time."""
    ages = []
    core, free, of_guild = 0.0, [0.0] * lanes, dict[int, float]()
    for job in sorted(done, key=lambda each: each.waited_since):
        lane = free.index(min(free))
        begins = max(job.waited_since, core, free[lane], of_guild.get(job.guild_id, 0.0))
        core = begins + job.busy_s * factor
        free[lane] = of_guild[job.guild_id] = core + job.outside_s
        ages.append(begins - job.waited_since)
    return ages


def _share(ages: Sequence[float], share: float) -> float:
    return ages[max(0, math.ceil(share * len(ages)) - 1)] if ages else 0.0


def _guild_days(plan: Plan) -> int:
    return max(1, plan.guilds * plan.days)


def _per_guild_and_day(counts: Counter[str], plan: Plan) -> dict[str, float]:
    return {name: round(count / _guild_days(plan), 1) for name, count in counts.most_common()}


@dataclass(frozen=True, slots=True)
class _Processors:
    """Seconds of processors that this process, and the database's, have used; the latter 0 where the system does not say."""

    here: float
    database: float

    @classmethod
    def now(cls, url: str) -> _Processors:
        with psycopg.connect(url) as connection:
            processes = [pid for (pid,) in connection.execute("select pid from pg_stat_activity").fetchall()]
        parents = {parent for pid in processes if (parent := _stat(pid, _PARENT)) > 1}
        ticks = sum(_stat(pid, *_OWN) for pid in processes) + sum(_stat(int(pid), *_OWN, *_OF_ENDED) for pid in parents)
        return cls(time.process_time(), ticks / os.sysconf("SC_CLK_TCK"))


_PARENT, _OWN, _OF_ENDED = 1, (11, 12), (13, 14)
"""Places in /proc/<pid>/stat behind the name: the parent, and ticks of a process and of those that it has waited for (proc(5))."""


def _stat(pid: int, *places: int) -> int:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    except OSError:
        return 0
    return sum(int(fields[place]) for place in places)
