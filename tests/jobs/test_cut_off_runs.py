"""Runs whose process or connection ended before them, and starts that a wrong clock wrote: neither holds up the next run."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from guild_builder import GuildBuilder
from laws.sources import BattleNetInMemory
from patt.bootstrap import Services
from patt.queue.tasks import Task
from patt.worker.worker import enqueue_due
from sv_common.db.pool import GuildConnection
from sv_common.guild_sync import scheduler
from sv_common.guild_sync.roster import runs as sync_log
from sv_common.guild_sync.sources.models import GuildAddress, RosterCharacter
from sv_common.guild_sync.sources.ports import Sources

A_RUN_THAT_NEVER_ENDS = """
import asyncio, sys
from sv_common.db.pool import make_pool
from sv_common.guild_sync import scheduler
from sv_common.guild_sync.sources.ports import Sources

class NeverAnswers:
    async def fetch_roster(self, guild):
        print("asked", flush=True)
        await asyncio.Event().wait()

async def main():
    async with make_pool(sys.argv[1]) as pool:
        await scheduler.run_blizzard_sync(pool, guild_id=int(sys.argv[2]), sources=Sources(battle_net=NeverAnswers()))

asyncio.run(main())
"""


@pytest.fixture
def with_battle_net(services: Services) -> Services:
    return replace(services, sources=Sources(battle_net=BattleNetInMemory()))


async def runs(guild: GuildBuilder) -> list[tuple[object, ...]]:
    return await guild.rows("select pipeline, status from guild_identity.sync_log order by id")


async def is_asked_for(services: Services, guild: GuildBuilder, *, later: timedelta) -> bool:
    return (Task.BATTLE_NET, guild.guild_id) in await enqueue_due(services, datetime.now(UTC) + later)


@asynccontextmanager
async def a_process_in_the_middle_of_a_run(
    database_url: str, guild: GuildBuilder
) -> AsyncIterator[subprocess.Popen[bytes]]:
    command = [sys.executable, "-c", A_RUN_THAT_NEVER_ENDS, database_url, str(guild.guild_id)]
    environment = {**os.environ, "PYTHONPATH": str(Path(scheduler.__file__).parents[2])}
    process = await asyncio.to_thread(subprocess.Popen, command, stdout=subprocess.PIPE, env=environment)
    try:
        assert process.stdout is not None
        assert await asyncio.to_thread(process.stdout.readline) == b"asked\n"
        yield process
    finally:
        process.kill()
        await asyncio.to_thread(process.wait)
        if process.stdout is not None:
            process.stdout.close()


async def test_a_run_whose_process_was_killed_is_tried_again_in_a_minute_and_one_that_goes_on_is_not(
    with_battle_net: Services, guild: GuildBuilder, database_url: str
) -> None:
    slot_has_passed = "update guild_identity.sync_log set started_at = now() - interval '10 seconds'"
    async with a_process_in_the_middle_of_a_run(database_url, guild) as process:
        await guild.execute(slot_has_passed)
        await enqueue_due(with_battle_net, datetime.now(UTC))
        assert await runs(guild) == [("battlenet_sync", "running")]
        process.send_signal(signal.SIGKILL)
        await asyncio.to_thread(process.wait)
        await _until_its_lock_is_free(guild)
    assert not await is_asked_for(with_battle_net, guild, later=timedelta(seconds=30))
    assert await runs(guild) == [("battlenet_sync", "failed")]
    assert await is_asked_for(with_battle_net, guild, later=timedelta(minutes=1))
    ((error,),) = await guild.rows("select error from guild_identity.sync_log")
    assert error == "The run was cut off; it is tried again."
    await guild.execute("update guild_identity.guilds set language = 'en-XA'")
    assert [run.error for run in await guild.call(sync_log.recent)] == ["⟦The run was cut off; it is tried again.⟧"]
    standing = (await guild.call(sync_log.standings))["battlenet_sync"]
    assert standing.last_error == "⟦The run was cut off; it is tried again.⟧"


async def test_a_run_whose_connections_the_database_ended_counts_as_failed_whatever_it_says_later(
    with_battle_net: Services, guild: GuildBuilder
) -> None:
    class SlowBattleNet(BattleNetInMemory):
        async def fetch_roster(self, guild: GuildAddress) -> Sequence[RosterCharacter]:  # noqa: ARG002 -- as the port says
            asked.set()
            await may_answer.wait()
            return [RosterCharacter("Mito", "area-52", 3, 80)]

    asked, may_answer = asyncio.Event(), asyncio.Event()
    sources = Sources(battle_net=SlowBattleNet())
    run = asyncio.create_task(scheduler.run_blizzard_sync(guild.pool, guild_id=guild.guild_id, sources=sources))
    await asked.wait()
    await guild.rows(
        "select pg_terminate_backend(pid, 5000) from pg_locks where locktype = 'advisory' and classid = %(lock)s",
        {"lock": sync_log.PIPELINE_LOCK},
    )
    await enqueue_due(with_battle_net, datetime.now(UTC))
    assert await runs(guild) == [("battlenet_sync", "failed")]
    may_answer.set()
    await asyncio.gather(run, return_exceptions=True)
    assert await runs(guild) == [("battlenet_sync", "failed")]


async def test_a_start_that_lies_in_the_future_counts_as_never(with_battle_net: Services, guild: GuildBuilder) -> None:
    """A server whose clock was a year ahead must not sleep for a year."""
    await guild.execute(
        "insert into guild_identity.sync_log (guild_id, pipeline, actor, status, started_at, finished_at) "
        "values (%(guild)s, 'battlenet_sync', 'x', 'done', now() + interval '1 year', now() + interval '1 year')"
    )
    assert await is_asked_for(with_battle_net, guild, later=timedelta(0))
    async with guild.pool.connection() as conn:
        assert (await sync_log.standings(GuildConnection(conn, guild.guild_id)))["battlenet_sync"].last_good is None


async def _until_its_lock_is_free(guild: GuildBuilder) -> None:
    """The database notices the end of a process a moment later."""
    async with guild.pool.connection() as conn:
        await conn.execute("select pg_advisory_xact_lock(%s, %s)", [sync_log.PIPELINE_LOCK, guild.guild_id])
