"""A worker that is killed in the middle of what an officer asked for: another goes on, and nothing is lost or done twice."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest

from guild_builder import GuildBuilder
from jobs.crash_clients import until
from jobs.crash_machines import Machines
from patt.bootstrap import Services
from patt.worker import jobs as worker_jobs
from patt.worker.jobs import FixAllJob, Job
from patt.worker.worker import enqueue_due, resume_stalled
from sv_common.db.guild import lock
from sv_common.guild_sync.integrity_checker import run_integrity_check
from sv_common.guild_sync.jobs import requests
from sv_common.guild_sync.roster import guilds

LONGEST_LIFE_S = 200
"""Seconds after which a job that is not done is lost; it needs a small part of that."""


@pytest.fixture
async def machines(services: Services, database_url: str, tmp_path: Path) -> AsyncIterator[Machines]:
    settings = {"PATT_DATABASE_URL": database_url, "PATT_LOG_LEVEL": "ERROR"}
    with contextlib.closing(Machines(services.pool, settings, tmp_path)) as both:
        yield both


async def _attempts(guild: GuildBuilder) -> int:
    async with guild.pool.writing(guild.guild_id, alone=False) as here:
        found = await requests.under_way(here)
    return found[0].attempts if found else 0


async def _job(services: Services, job_id: int) -> Job:
    async with services.pool.reading(await guilds.resolve_guild(services.pool, None)) as guild:
        return await worker_jobs.job(guild, job_id)


async def _is_done(services: Services, job_id: int) -> bool:
    return (await _job(services, job_id)).state == "done"


async def _let_minutes_pass(services: Services) -> None:
    """Plan as a worker's planner does each minute, so that no test waits for one of the real clock."""
    assert services.queue is not None
    while True:
        await resume_stalled(services.queue)
        await enqueue_due(services, datetime.now(UTC))
        await asyncio.sleep(0.5)


async def test_a_fix_whose_worker_is_killed_in_the_middle_is_finished_once_by_the_next(
    services: Services, guild: GuildBuilder, machines: Machines
) -> None:
    await guild.main("Elrek")
    for name in ("Ashfen", "Birchlow", "Cinderhall"):
        await guild.character(name, "alt of Elrek")
    await run_integrity_check(guild.pool)
    job_id = (
        await worker_jobs.enqueue(services, FixAllJob("fix_all", "orphan_wow"), actor="officer alice", guild_id=None)
    ).id
    async with asyncio.timeout(LONGEST_LIFE_S):
        async with guild.pool.connection() as holding:
            await lock(holding, guild.guild_id)  # the first worker begins, and can come no further
            first = asyncio.create_task(machines.keep_running(machines.worker))
            await until(partial(_attempts, guild))
            first.cancel()
            machines.worker.kill()
            await asyncio.gather(first, return_exceptions=True)
        others = [
            asyncio.create_task(machines.keep_running(machines.worker)),
            asyncio.create_task(_let_minutes_pass(services)),
        ]
        await until(partial(_is_done, services, job_id))
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
    job = await _job(services, job_id)
    assert (job.attempts, job.sentence) == (2, "Of 4 issues: 3 fixed, 1 refused.")
    assert await guild.rows(
        "select count(*), count(distinct issue_id) from guild_identity.fix_attempts where outcome = 'fixed'"
    ) == [(3, 3)]
    assert await guild.rows(
        "select count(*) from guild_identity.player_characters where linked_by = 'officer alice'"
    ) == [(3,)]
