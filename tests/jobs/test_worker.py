"""The worker: what was acknowledged is done, once, whatever dies in between; and what is due is asked for."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from guild_builder import GuildBuilder
from jobs.all_waiting import process_uploads
from jobs.sent_exports import note_of, upload, upload_rows
from laws.sources import AnnouncerInMemory, BattleNetInMemory
from patt.bootstrap import Services
from patt.queue.tasks import Queue, Task
from patt.worker.uploads import MOST_TRIES
from patt.worker.worker import enqueue_due, resume_stalled, work_until_stopped
from sv_common.guild_sync import scheduler
from sv_common.guild_sync.core.errors import Busy
from sv_common.guild_sync.integrity_checker import run_integrity_check
from sv_common.guild_sync.roster import uploads
from sv_common.guild_sync.sources.models import GuildAddress, RosterCharacter
from sv_common.guild_sync.sources.ports import Sources


async def _let_a_worker_die_with_all_jobs(queue: Queue) -> None:
    """Every job was begun by a worker that has not been heard of since."""
    await queue.app.connector.execute_query_async(
        """
        with dead as (
            insert into procrastinate_workers (last_heartbeat) values (now() - interval '5 minutes') returning id
        )
        update procrastinate_jobs set status = 'doing', worker_id = dead.id from dead
        """
    )


async def _let_the_pause_pass(guild: GuildBuilder) -> None:
    await guild.execute("update guild_identity.addon_uploads set failed_at = now() - interval '2 hours'")


async def test_an_upload_that_waits_is_taken_in_and_its_notes_are_no_longer_kept(
    services: Services, guild: GuildBuilder
) -> None:
    await upload(guild, "Main")
    assert services.queue is not None
    await services.queue.enqueue(Task.UPLOADS, guild.guild_id)
    await work_until_stopped(services, wait=False)
    assert await upload_rows(guild) == [("done", 1, True, False)]
    assert await note_of(guild) == "Main"


async def test_an_upload_whose_worker_died_is_taken_in_by_the_next_one(services: Services, guild: GuildBuilder) -> None:
    upload_id = await upload(guild, "Main")
    async with guild.pool.writing(guild.guild_id, alone=False) as here:
        died_with = await uploads.next_waiting(here)
        assert died_with is not None
        assert died_with.id == upload_id
        await uploads.count_try(here, upload_id)
    await process_uploads(services, guild.guild_id)
    assert await upload_rows(guild) == [("done", 2, True, False)]
    assert await note_of(guild) == "Main"


async def test_an_upload_that_fails_says_why_lets_others_pass_and_is_given_up_in_the_end(
    services: Services, guild: GuildBuilder, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def explode(*_: object, **__: object) -> None:
        raise RuntimeError("a fault")

    bad = await upload(guild, "Main")
    with monkeypatch.context() as patch:
        patch.setattr(scheduler, "run_addon_sync", explode)
        await process_uploads(services, guild.guild_id)
    await upload(guild, "later")
    await process_uploads(services, guild.guild_id)
    assert [row[0] for row in await upload_rows(guild)] == ["received", "done"]
    monkeypatch.setattr(scheduler, "run_addon_sync", explode)
    for _ in range(MOST_TRIES):
        await _let_the_pause_pass(guild)
        await process_uploads(services, guild.guild_id)
    async with guild.pool.writing(guild.guild_id, alone=False) as here:
        given_up = await uploads.get(here, bad)
    assert (given_up.state, given_up.attempts) == ("failed", MOST_TRIES)
    assert given_up.sentence is not None
    assert "RuntimeError" in given_up.sentence


async def test_an_upload_that_meets_another_run_waits_and_is_not_refused_for_ever(
    services: Services, guild: GuildBuilder, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def be_busy(*_: object, **__: object) -> None:
        raise Busy("Another run for this guild is under way.")

    await upload(guild, "Main")
    with monkeypatch.context() as patch:
        patch.setattr(scheduler, "run_addon_sync", be_busy)
        await process_uploads(services, guild.guild_id)
    assert [row[0] for row in await upload_rows(guild)] == ["received"]
    await _let_the_pause_pass(guild)
    await process_uploads(services, guild.guild_id)
    assert await note_of(guild) == "Main"


async def test_of_a_kind_at_most_one_job_waits_for_a_guild(services: Services, guild: GuildBuilder) -> None:
    assert services.queue is not None
    assert await services.queue.enqueue(Task.SWEEP, guild.guild_id)
    assert not await services.queue.enqueue(Task.SWEEP, guild.guild_id)
    assert await services.queue.enqueue(Task.UPLOADS, guild.guild_id)
    assert await guild.rows("select count(*) from jobs.procrastinate_jobs where status = 'todo'") == [(2,)]


async def test_jobs_of_a_worker_that_died_are_done_although_others_of_their_kind_wait(
    services: Services, guild: GuildBuilder
) -> None:
    assert services.queue is not None
    other = await GuildBuilder.create(guild.pool, "Other Watch", "7001")
    await services.queue.enqueue(Task.UPLOADS, guild.guild_id)
    await services.queue.enqueue(Task.SWEEP, other.guild_id)
    await _let_a_worker_die_with_all_jobs(services.queue)
    await upload(guild, "Main")
    await services.queue.enqueue(Task.UPLOADS, guild.guild_id)
    assert await resume_stalled(services.queue) == 2
    await work_until_stopped(services, wait=False)
    assert await note_of(guild) == "Main"
    assert await guild.rows("select pipeline, status from guild_identity.sync_log order by pipeline") == [
        ("addon_upload", "done"),
        ("sweep", "done"),
    ]
    assert await guild.rows("select id from jobs.procrastinate_jobs where status = 'doing'") == []


async def test_a_clock_that_was_a_year_ahead_keeps_no_job_waiting(services: Services, guild: GuildBuilder) -> None:
    assert services.queue is not None
    await services.queue.enqueue(Task.SWEEP, guild.guild_id)
    await _let_a_worker_die_with_all_jobs(services.queue)
    await guild.execute("update jobs.procrastinate_workers set last_heartbeat = now() + interval '1 year'")
    await services.queue.enqueue(Task.UPLOADS, guild.guild_id)
    await services.queue.app.connector.execute_query_async(
        "update procrastinate_jobs set scheduled_at = now() + interval '1 year' where status = 'todo'"
    )
    assert await resume_stalled(services.queue) == 0  # the dead worker is given the usual time to be heard of
    await guild.execute("update jobs.procrastinate_workers set last_heartbeat = last_heartbeat - interval '1 minute'")
    assert await resume_stalled(services.queue) == 1
    for _ in range(2):  # one at a time for a guild, and a worker that does not wait leaves the second one
        await work_until_stopped(services, wait=False)
    # The worker plans when a minute begins.
    assert await guild.rows("select count(*) from jobs.procrastinate_jobs where task_name <> 'plan'") == [(0,)]


async def test_an_upload_that_failed_by_a_clock_a_year_ahead_is_tried_again(
    services: Services, guild: GuildBuilder
) -> None:
    await upload(guild, "Main")
    await guild.execute("update guild_identity.addon_uploads set attempts = 1, failed_at = now() + interval '1 year'")
    await process_uploads(services, guild.guild_id)
    assert await note_of(guild) == "Main"


async def test_a_job_that_two_workers_find_stalled_is_given_back_once(services: Services, guild: GuildBuilder) -> None:
    assert services.queue is not None
    await services.queue.enqueue(Task.SWEEP, guild.guild_id)
    await _let_a_worker_die_with_all_jobs(services.queue)
    (found_by_both,) = await services.queue.app.job_manager.get_stalled_jobs()
    for _ in range(2):
        await services.queue.requeue(found_by_both)
    assert await guild.rows("select status, attempts from jobs.procrastinate_jobs") == [("todo", 1)]


async def test_what_waits_and_what_is_due_is_asked_for_and_sources_that_are_not_set_up_are_not(
    services: Services, guild: GuildBuilder
) -> None:
    await upload(guild, "Main")
    due = await enqueue_due(services, datetime.now(UTC))
    assert due == [(Task.UPLOADS, guild.guild_id), (Task.SWEEP, guild.guild_id)]
    for _ in due:  # one at a time for a guild, and a worker that does not wait leaves the second one
        await work_until_stopped(services, wait=False)
    assert await enqueue_due(services, datetime.now(UTC)) == []
    assert await guild.rows("select pipeline, status from guild_identity.sync_log order by pipeline") == [
        ("addon_upload", "done"),
        ("sweep", "done"),
    ]


async def test_a_run_that_was_killed_does_not_stay_running_in_the_log(services: Services, guild: GuildBuilder) -> None:
    await guild.execute(
        "insert into guild_identity.sync_log (guild_id, pipeline, actor, status) "
        "values (%(guild)s, 'addon_upload', 'x', 'running')"
    )
    await upload(guild, "Main")
    await process_uploads(services, guild.guild_id)
    assert await guild.rows("select status, error is null from guild_identity.sync_log order by id") == [
        ("failed", False),
        ("done", True),
    ]


async def test_a_run_that_is_stopped_is_logged_as_failed_and_so_tried_again_soon(
    services: Services, guild: GuildBuilder
) -> None:
    class SlowBattleNet(BattleNetInMemory):
        async def fetch_roster(self, guild: GuildAddress) -> Sequence[RosterCharacter]:  # noqa: ARG002 -- as the port says
            asked.set()
            await asyncio.Event().wait()
            return ()

    asked = asyncio.Event()
    sources = Sources(battle_net=SlowBattleNet())
    run = asyncio.create_task(scheduler.run_blizzard_sync(services.pool, guild_id=guild.guild_id, sources=sources))
    await asked.wait()
    run.cancel()
    with pytest.raises(asyncio.CancelledError):
        await run
    assert await guild.rows("select status, error from guild_identity.sync_log") == [
        ("failed", "The run was stopped; it is tried again.")
    ]


async def test_settled_news_are_told_by_the_worker(services: Services, guild: GuildBuilder) -> None:
    announcer = AnnouncerInMemory()
    told_by = replace(services, sources=Sources(announcer=announcer))
    await guild.execute("update guild_identity.guilds set audit_channel_id = '5'")
    await run_integrity_check(services.pool, guild_id=guild.guild_id)
    await guild.execute("update guild_identity.issue_events set at = at - interval '10 minutes'")
    assert (Task.DIGEST, guild.guild_id) in await enqueue_due(told_by, datetime.now(UTC))
    for _ in range(2):
        await work_until_stopped(told_by, wait=False)
    assert [(channel, told.nonce) for channel, told in announcer.announcements] == [("5", "patt-digest-1")]
    assert (Task.DIGEST, guild.guild_id) not in await enqueue_due(told_by, datetime.now(UTC))
