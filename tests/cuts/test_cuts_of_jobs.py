"""The connection to the database may be lost before any statement of a job: what is called done is done, and the rest waits.

The next try does what is left, and in the end all is as if nothing had been cut. With `--all` each statement is cut.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import pytest

from cuts.conftest import Bench
from cuts.trial import Told, Trial
from cuts.world import World, sources
from jobs.all_waiting import process_uploads, run_jobs
from laws.snapshot import Snapshot
from laws.sources import AnnouncerInMemory
from patt.bootstrap import Services
from patt.queue.tasks import Queue, open_queue
from patt.worker.running import run_full_match
from patt.worker.worker import enqueue_due
from sv_common.db.sql import load_sql
from sv_common.guild_sync import scheduler
from sv_common.guild_sync.reporter import send_digest
from sv_common.guild_sync.sources.ports import Sources
from web.helpers import BASE_URL, settings

SQL = load_sql(__package__, "facts.sql")
Job = Callable[[Services, int], Awaitable[object]]
NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


async def _battle_net(services: Services, guild_id: int) -> object:
    return await scheduler.run_blizzard_sync(services.pool, guild_id=guild_id, sources=services.sources)


async def _discord(services: Services, guild_id: int) -> object:
    return await scheduler.run_discord_sync(services.pool, guild_id=guild_id, sources=services.sources)


async def _sweep(services: Services, guild_id: int) -> object:
    return await scheduler.run_sweep(services.pool, guild_id=guild_id, sources=services.sources)


async def _digest(services: Services, guild_id: int) -> object:
    return await send_digest(services.pool, services.sources.announcer, guild_id=guild_id)


async def _plan(services: Services, _: int) -> object:
    return await enqueue_due(services, NOW)


JOBS: dict[str, Job] = {
    "uploads": process_uploads,
    "Battle.net": _battle_net,
    "Discord": _discord,
    "sweep": _sweep,
    "full match": run_full_match,
    "work": run_jobs,
    "digest": _digest,
    "plan": _plan,
}


@dataclass
class Workplace:
    """A guild whose work waits, and the services of a worker behind the proxy."""

    bench: Bench
    queue: Queue
    sources: Sources
    announcer: AnnouncerInMemory
    tells: bool

    @property
    def world(self) -> World:
        return self.bench.world

    async def begin(self) -> None:
        """Let everything wait, and let the sources be as they were."""
        await self.world.let_work_wait()
        self.announcer = AnnouncerInMemory()
        self.sources = replace(await sources(self.world.guild), announcer=self.announcer)

    async def do(self, job: Job) -> Told:
        """Do a job once; tell what went wrong."""
        services = Services(settings(BASE_URL), self.bench.pool, self.sources, self.queue)
        try:
            await job(services, self.world.guild.guild_id)
        except Exception as error:  # noqa: BLE001 -- it is the queue that hears of it, and the planner asks again
            return Told(is_done=False, words=repr(error))
        return Told(is_done=True, words="done")

    async def facts(self, statement: str = "facts") -> list[str]:
        """What the guild's data say, or which work is called done. What is left to be told is told by the digest's job."""
        async with self.bench.kept.pool.connection() as conn:
            rows = await conn.execute(SQL[statement], {"guild": self.world.guild.guild_id})
            found = sorted(row[0] for row in await rows.fetchall())
        return [fact for fact in found if self.tells or " of events: " not in fact]

    def told(self) -> list[str]:
        """What officers read on Discord now: each message, with what it says."""
        return sorted(f"{channel} {each.as_json()}" for channel, each in self.announcer.announcements)

    async def let_time_pass(self) -> None:
        """What was put off for a while may be tried again, and no worker has a job for itself any longer."""
        async with self.bench.kept.pool.connection() as conn:
            await conn.execute(SQL["let_time_pass"])


@pytest.fixture
async def workplace(bench: Bench, name: str) -> AsyncIterator[Workplace]:
    async with open_queue(bench.proxied) as queue:
        yield Workplace(bench, queue, Sources(), AnnouncerInMemory(), tells=name == "digest")


@pytest.mark.parametrize("name", JOBS)
async def test_what_a_job_calls_done_is_done_and_the_next_try_does_the_rest(workplace: Workplace, name: str) -> None:
    job, whole, ended, all_told = JOBS[name], list[str](), list[str](), list[str]()
    trial = Trial(workplace.bench.kept, workplace.bench.proxy, workplace.begin)

    async def work() -> Told:
        told = await workplace.do(job)
        if not whole:
            whole.extend(await workplace.facts())
            ended.extend(await workplace.facts("ended"))
            all_told.extend(workplace.told())
        return told

    async def judge(told: Told, _: Snapshot, __: Snapshot) -> str | None:
        now, is_called_done = await workplace.facts(), set(await workplace.facts("ended"))
        if is_called_done >= set(ended) and ended and now != whole:
            return f"it is called done, and is not: {set(whole) ^ set(now)}"
        if told.is_done and ended and not is_called_done >= set(ended) and not _waits(now):
            return "nothing was raised, nothing is done, and nothing waits"
        await workplace.let_time_pass()
        workplace.bench.proxy.begin()
        again = await workplace.do(job)
        left = set(whole) ^ set(await workplace.facts())
        if left or not again.is_done:
            return f"the next try left undone: {left}; it said {again.words}"
        if workplace.tells and workplace.told() != all_told:
            return f"officers are not told each thing once: {workplace.told()}"
        return None

    # The planner writes jobs only, which are among the facts.
    sweep = await trial.sweep(name, work, judge, changes_nothing=name == "plan")
    assert sweep.cuts > 0
    assert sweep.faults == [], "\n".join(sweep.faults)


def _waits(facts: list[str]) -> bool:
    return any(fact.endswith((" received", " waiting", " running")) for fact in facts)
