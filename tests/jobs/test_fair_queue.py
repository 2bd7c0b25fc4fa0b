"""The queue is fair: by urgency first, then guild by guild, and no guild waits for another one's flood."""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest
from procrastinate.jobs import Job, Status

import thoroughness
from guild_builder import GuildBuilder
from jobs.sent_exports import upload
from patt.bootstrap import Services
from patt.queue.fair_jobs import Priority
from patt.queue.tasks import PRIORITIES, Queue, Task
from patt.worker import jobs as worker_jobs
from patt.worker import kinds, worker
from patt.worker.jobs import FixAllJob, FixSelectedJob
from patt.worker.worker import work_until_stopped
from sv_common.guild_sync.integrity_checker import run_integrity_check

UPLOADS, FIXES = 500, 50

KINDS = (Task.JOBS, Task.FULL_MATCH, Task.UPLOADS, Task.UPLOADS, Task.DISCORD, Task.SWEEP)


@contextlib.asynccontextmanager
async def _at_work(services: Services) -> AsyncIterator[None]:
    working = asyncio.create_task(work_until_stopped(services))
    try:
        yield
    finally:
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)


async def _until(guild: GuildBuilder, query: str, seconds: float = 20.0) -> None:
    async with asyncio.timeout(seconds):
        while await guild.rows(f"select {query}") != [(True,)]:  # noqa: ASYNC110 -- a worker moves in the database
            await asyncio.sleep(0.02)


async def _flood_of_uploads(services: Services, guild: GuildBuilder) -> None:
    """The guild's companions send 500 exports."""
    await upload(guild, "first")
    await guild.execute(
        "insert into guild_identity.addon_uploads (guild_id, upload_key_id, content_hash, characters, character_count, as_of) "
        "select guild_id, upload_key_id, 'hash ' || n, characters, character_count, as_of + make_interval(secs => n / 1000.0) "
        "from guild_identity.addon_uploads, generate_series(2, %(uploads)s) n where guild_id = %(guild)s",
        {"uploads": UPLOADS},
    )
    assert services.queue is not None
    await services.queue.enqueue(Task.UPLOADS, guild.guild_id)


async def _flood_of_fixes(services: Services, guild: GuildBuilder) -> None:
    """The guild's officers ask for 50 different fixes."""
    for number in range(FIXES):
        await guild.character(f"Riddle{chr(97 + number // 26)}{chr(97 + number % 26)}", "hello there friend")
    await run_integrity_check(guild.pool, guild_id=guild.guild_id)
    rows = await guild.rows(
        "select id from guild_identity.audit_issues where guild_id = %(guild)s and issue_type = 'orphan_wow' limit %(most)s",
        {"most": FIXES},
    )
    for (issue_id,) in rows:
        wish = FixSelectedJob(kind="fix_selected", issue_ids=[issue_id])
        await worker_jobs.enqueue(services, wish, actor="officer alice", guild_id=guild.guild_id)


FLOODS = {
    "500 uploads": (_flood_of_uploads,),
    "50 fixes": (_flood_of_fixes,),
    "both": (_flood_of_fixes, _flood_of_uploads),
}
BEGUN_SINCE = """
    with theirs as (
        select u.received_at, r.started_at
        from guild_identity.addon_uploads u join guild_identity.sync_log r on r.id = u.run_id
        where u.guild_id = %(other)s
    ), begun as (
        select started_at from guild_identity.sync_log where guild_id = %(guild)s
        union all
        select started_at from guild_identity.work_requests where guild_id = %(guild)s
    )
    select count(*) filter (where b.started_at between t.received_at and t.started_at),
           count(*) filter (where b.started_at < t.received_at)
    from begun b, theirs t
"""


@pytest.mark.parametrize("name", FLOODS)
async def test_the_flood_of_one_guild_delays_the_upload_of_another_by_no_more_than_one_job(
    services: Services, guild: GuildBuilder, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(worker, "_CONCURRENCY", 1)
    other = await GuildBuilder.create(guild.pool, "Other Watch", "7001")
    await other.character("Mito")
    for flood in FLOODS[name]:
        await flood(services, guild)
    assert services.queue is not None
    async with _at_work(services):
        await _until(
            guild,
            "(select count(*) from guild_identity.sync_log where finished_at is not null) "
            "+ (select count(*) from guild_identity.work_requests where finished_at is not null) >= 3",
        )
        await upload(other, "Main")
        await services.queue.enqueue(Task.UPLOADS, other.guild_id)
        await _until(
            guild,
            f"exists (select from guild_identity.addon_uploads where guild_id = {other.guild_id} and state = 'done')",
        )
    ((between, before),) = await guild.rows(BEGUN_SINCE, {"other": other.guild_id})
    assert before >= 3
    assert between <= 1


async def test_the_next_job_of_a_guild_begins_without_a_pause(
    services: Services, guild: GuildBuilder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "_POLL_S", 600.0)
    for note in ("A", "B", "C", "D"):
        await upload(guild, note)
    assert services.queue is not None
    await services.queue.enqueue(Task.UPLOADS, guild.guild_id)
    await services.queue.enqueue(Task.SWEEP, guild.guild_id)
    started = time.monotonic()
    async with _at_work(services):
        await _until(guild, "not exists (select from jobs.procrastinate_jobs where task_name <> 'plan')")
    assert time.monotonic() - started < 15
    assert await guild.rows("select count(*) from guild_identity.sync_log where status = 'done'") == [(5,)]


async def test_what_an_officer_waits_for_goes_before_uploads_these_before_syncs_and_these_before_sweeps(
    services: Services, guild: GuildBuilder
) -> None:
    queue = services.queue
    assert queue is not None
    for number, task in enumerate((Task.SWEEP, Task.DISCORD, Task.UPLOADS, Task.JOBS, Task.RECOVERY), start=1):
        for place in range(2):
            await queue.enqueue(task, 10 * number + place)
    await queue.enqueue(Task.DISCORD, 99)
    await queue.enqueue(Task.DISCORD, 99, is_awaited=True)  # an officer does not want to wait for the next minutes
    queued = await _all_in_order(queue)
    assert [(Task(job.task_name), job.task_kwargs["guild_id"]) for job in queued] == [
        *((Task.RECOVERY, 50), (Task.RECOVERY, 51)),
        *((Task.JOBS, 40), (Task.JOBS, 41), (Task.DISCORD, 99)),
        *((Task.UPLOADS, 30), (Task.UPLOADS, 31)),
        *((Task.DISCORD, 20), (Task.DISCORD, 21)),
        *((Task.SWEEP, 10), (Task.SWEEP, 11)),
    ]
    assert await guild.rows("select count(*) from jobs.procrastinate_jobs") == [(0,)]


async def test_a_large_fix_is_done_in_portions_and_told_of_as_one(
    services: Services, guild: GuildBuilder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kinds, "PORTION", 2)
    await guild.main("Elrek")
    for name in ("Ashfen", "Birchlow", "Cinderhall"):
        await guild.character(name, "alt of Elrek")
    await guild.character("Riddle", "hello there friend")
    await run_integrity_check(guild.pool)
    asked = await worker_jobs.enqueue(
        services, FixAllJob("fix_all", "orphan_wow"), actor="officer alice", guild_id=None
    )
    for done in (2, 4, 5):
        await work_until_stopped(services, wait=False)
        async with guild.pool.reading(guild.guild_id) as here:
            job = await worker_jobs.job(here, asked.id)
        assert (job.state, job.done) == ("done" if done == 5 else "running", done)
    assert (job.sentence, job.attempts) == ("Of 5 issues: 3 fixed, 2 refused.", 1)
    assert job.result is not None
    assert len({each["issue_id"] for each in job.result["issues"]}) == 5
    fixed = [each["sentence"] for each in job.result["issues"] if each["outcome"] == "fixed"]
    assert all(sentence.startswith("Fixed. ") for sentence in fixed)
    assert job.undo is not None
    ((attempts,),) = await guild.rows(
        "select array_agg(id order by id) from guild_identity.fix_attempts where outcome = 'fixed'"
    )
    assert all(str(attempt) in str(job.result["undo"]) for attempt in attempts)


async def _all_in_order(queue: Queue) -> list[Job]:
    """Take job by job as one worker does."""
    number = await queue.app.job_manager.register_worker()
    done = []
    while job := await queue.app.job_manager.fetch_job(None, number):
        await queue.app.job_manager.finish_job(job, Status.SUCCEEDED, delete_job=True)
        done.append(job)
    return done


@dataclass
class History:
    """What the law is about: when jobs of guilds were enqueued, begun and ended, in steps."""

    step: int = 0
    enqueued: dict[tuple[int, Task], int] = field(default_factory=dict)
    begun: list[tuple[int, int]] = field(default_factory=list)
    ended: dict[int, int] = field(default_factory=dict)
    running: dict[int, Job] = field(default_factory=dict)

    def begin(self, job: Job) -> None:
        """Hold a job that begins against the laws."""
        guild_id, task = int(str(job.task_kwargs["guild_id"])), Task(job.task_name)
        assert guild_id not in self.running, "two jobs of a guild run at once"
        del self.enqueued[guild_id, task]
        self.running[guild_id] = job
        self.begun.append((self.step, guild_id))
        for (waiting, kind), since in self.enqueued.items():
            if kind is Task.UPLOADS and waiting not in self.running:
                since_its_turn = max(since, self.ended.get(waiting, 0))
                theirs = [step for step, other in self.begun if other == guild_id and step > since_its_turn]
                assert len(theirs) <= 1, f"guild {guild_id} has begun {len(theirs)} jobs while an upload waited"
            is_passed = waiting not in self.running and PRIORITIES[kind] > PRIORITIES[task]
            assert not is_passed or PRIORITIES[task] >= Priority.UPLOAD, f"{task} has begun while {kind} waited"


@pytest.mark.parametrize("seed", range(thoroughness.examples(24)))
async def test_whatever_is_enqueued_no_guild_is_passed_twice_while_its_upload_waits(
    services: Services, seed: int
) -> None:
    queue, chance, history = services.queue, random.Random(seed), History()  # noqa: S311 -- makes orders up
    assert queue is not None
    numbers = [await queue.app.job_manager.register_worker() for _ in range(chance.choice((1, 1, 2, 3)))]
    for history.step in range(1, 150):
        guild_id, task = chance.choice((1, 1, 1, 2, 3, 4)), chance.choice(KINDS)
        if chance.random() < 0.55 and await queue.enqueue(task, guild_id):
            history.enqueued[guild_id, task] = history.step
        elif history.running and (len(history.running) == len(numbers) or chance.random() < 0.5):
            ends = chance.choice(list(history.running))
            await queue.app.job_manager.finish_job(history.running.pop(ends), Status.SUCCEEDED, delete_job=True)
            history.ended[ends] = history.step
        elif len(history.running) < len(numbers) and (job := await queue.app.job_manager.fetch_job(None, numbers[0])):
            history.begin(job)
    assert len({guild_id for _, guild_id in history.begun}) == 4
