"""The worker of a simulation: does what the real planner asks for, some jobs at once, and is killed now and then."""

from __future__ import annotations

import asyncio
import random
import time
from collections import defaultdict
from collections.abc import Callable, Coroutine, Generator
from dataclasses import dataclass
from functools import partial
from typing import Any

from patt.bootstrap import Services
from patt.queue.tasks import WORKER_DEAD_AFTER_S, Queue, Task
from patt.worker.running import run_full_match
from patt.worker.uploads import process_next_upload
from patt.worker.worker import enqueue_due
from simulation.clock import FakeClock
from simulation.tally import LawBroken, Tally
from sv_common.guild_sync import scheduler
from sv_common.guild_sync.core.errors import PattError
from sv_common.guild_sync.mitigations import finish_interrupted
from sv_common.guild_sync.reporter import send_digest

LANES = 4
"""Jobs at once, as many as a worker does."""

LATEST_KILL = 120
"""Waits of a run (for the database, or for an answer) after which it is not killed any more."""


class WaitingJobs(Queue):
    """The jobs that wait, in memory: as in the real queue, of a kind one for each guild."""

    def __init__(self) -> None:
        super().__init__("postgresql://")  # which is never opened
        self._waiting: dict[tuple[int, Task], None] = {}
        self._since: dict[tuple[int, Task], float] = {}
        self.time: Callable[[], float] = lambda: 0.0

    async def enqueue(self, task: Task, guild_id: int, *, is_awaited: bool = False) -> bool:  # noqa: ARG002 -- as the queue
        """Let a job wait, unless it does."""
        is_new = (guild_id, task) not in self._waiting
        self._waiting[guild_id, task] = None
        self._since.setdefault((guild_id, task), self.time())
        return is_new

    def waited_since(self, task: Task, guild_id: int) -> float:
        """Return when a job that is begun now began to wait."""
        return self._since.pop((guild_id, task), self.time())

    def take(self, *, without: set[int]) -> dict[int, list[Task]]:
        """Take all jobs out, by guild and in the order in which they came; those of some guilds go on waiting."""
        taken: dict[int, list[Task]] = defaultdict(list)
        for guild_id, task in list(self._waiting):
            if guild_id not in without:
                taken[guild_id].append(task)
                del self._waiting[guild_id, task]
        return taken


@dataclass(frozen=True, slots=True)
class Work:
    """A job that was done: since when it waited, how long it kept a processor busy, and how long it waited for sources (seconds)."""

    guild_id: int
    task: Task
    waited_since: float
    busy_s: float
    outside_s: float


class Worker:
    """Works on the fake clock. Of `killed` runs (a share), the process dies in the middle. `done` is kept where jobs come one by one."""

    def __init__(
        self,
        services: Services,
        jobs: WaitingJobs,
        clock: FakeClock,
        tally: Tally,
        *,
        killed: float,
        seed: int,
        lanes: int = LANES,
    ) -> None:
        self._services = services
        self._jobs = jobs
        self._clock = clock
        self._tally = tally
        self._killed = killed
        self._rng = random.Random(f"kills {seed}")  # noqa: S311 -- repeatable on purpose, guards nothing
        self._lanes = lanes
        self.done: list[Work] = []
        self._dead: dict[int, tuple[Task, float]] = {}
        """The job that a dead worker held for a guild, and when it will be noticed; until then the guild waits."""

    async def plan(self) -> None:
        """Ask for what is due, as the planner does each minute."""
        for guild_id, (task, noticed) in list(self._dead.items()):
            if noticed <= self._clock.seconds:
                del self._dead[guild_id]
                await self._jobs.enqueue(task, guild_id)
        for task, guild_id in await enqueue_due(self._services, self._clock.now):
            await self._jobs.enqueue(task, guild_id)

    async def work(self) -> None:
        """Do everything that waits; one job at a time for each guild."""
        lanes = asyncio.Semaphore(self._lanes)
        while taken := self._jobs.take(without=set(self._dead)):
            async with asyncio.TaskGroup() as group:
                for guild_id, tasks in taken.items():
                    group.create_task(self._do_all(lanes, guild_id, tasks))

    async def _do_all(self, lanes: asyncio.Semaphore, guild_id: int, tasks: list[Task]) -> None:
        async with lanes:
            for task in tasks:
                if guild_id in self._dead:
                    await self._jobs.enqueue(task, guild_id)
                else:
                    await self._measured(task, guild_id)

    async def _measured(self, task: Task, guild_id: int) -> None:
        waited_since, began, busy = self._jobs.waited_since(task, guild_id), self._clock.seconds, time.process_time()
        await self._do(task, guild_id)
        outside = self._clock.seconds - began
        self.done.append(Work(guild_id, task, waited_since, time.process_time() - busy, outside))

    async def _do(self, task: Task, guild_id: int) -> None:
        work = self._pipeline(task, guild_id)
        if self._rng.random() < self._killed:
            work = _killed_after(self._rng.randrange(LATEST_KILL), work)
        try:
            await work
        except PattError as error:
            self._tally.add("failed runs", f"{task}: {type(error).__name__}")
        except _KilledError:
            self._tally.add("killed runs", task)
            self._dead[guild_id] = (task, self._clock.seconds + WORKER_DEAD_AFTER_S)
        except Exception as error:
            raise LawBroken(f"{task} of guild {guild_id} ended with an unexpected error: {error!r}") from error
        else:
            self._tally.add("runs that ended well", task)

    def _pipeline(self, task: Task, guild_id: int) -> Coroutine[Any, Any, object]:
        services = self._services
        match task:
            case Task.UPLOADS:
                return self._process_uploads(guild_id)
            case Task.FULL_MATCH:
                return run_full_match(services, guild_id)
            case Task.RECOVERY if services.sources.discord is not None:
                return finish_interrupted(services.pool, services.sources.discord, guild_id=guild_id)
            case Task.DIGEST:
                return send_digest(services.pool, services.sources.announcer, guild_id=guild_id)
        pipelines = {
            Task.BATTLE_NET: scheduler.run_blizzard_sync,
            Task.DISCORD: scheduler.run_discord_sync,
            Task.SWEEP: scheduler.run_sweep,
        }
        return partial(pipelines[task], services.pool, guild_id=guild_id, sources=services.sources)()

    async def _process_uploads(self, guild_id: int) -> None:
        while await process_next_upload(self._services, guild_id):
            pass


class _KilledError(Exception):
    """The process that did this work is no more."""


async def _killed_after(waits: int, work: Coroutine[Any, Any, object]) -> object:
    """Do work until it has waited so many times; at its next wait it ends, unless it has ended before."""
    cut = _Cut(waits, work)
    try:
        return await asyncio.create_task(cut.run())
    except asyncio.CancelledError:
        if not cut.has_struck:
            raise
        raise _KilledError from None


class _Cut:
    """Runs a coroutine, and cancels the task that it runs in when that has waited so many times."""

    def __init__(self, waits: int, work: Coroutine[Any, Any, object]) -> None:
        self._waits = waits
        self._work = work
        self.has_struck = False

    async def run(self) -> object:
        return await self

    def __await__(self) -> Generator[Any, Any, object]:
        step = self._work.__await__()
        try:
            waited_for = next(step)
            number = 0
            while True:
                self._strike_at(number)
                number += 1
                try:
                    yield waited_for
                except BaseException as error:  # noqa: BLE001 -- whatever it is, it is meant for the work
                    waited_for = step.throw(error)
                else:
                    waited_for = next(step)
        except StopIteration as end:
            return end.value

    def _strike_at(self, number: int) -> None:
        task = asyncio.current_task()
        if number == self._waits and task is not None:
            self.has_struck = True
            task.cancel()
