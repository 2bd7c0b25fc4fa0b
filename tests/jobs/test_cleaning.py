"""The daily cleaning is a job of the worker."""

from __future__ import annotations

from datetime import timedelta

import pytest

from guild_builder import GuildBuilder
from patt.bootstrap import Services
from patt.queue.tasks import Task
from patt.worker import worker
from sv_common.guild_sync.keeping.cleaning import AccessLives, clean_daily

ACCESS = AccessLives(30, timedelta(days=2))


async def test_a_worker_deletes_what_is_kept_no_longer_once_a_day(services: Services, guild: GuildBuilder) -> None:
    assert services.queue is not None
    await guild.execute(
        "insert into guild_identity.sync_log (guild_id, pipeline, actor, status, started_at, finished_at) "
        "select %(guild)s, 'sweep', 'clock', 'done', now() - n * interval '1 day', now() from generate_series(0, 99) n"
    )
    worker.register(services.queue, services)
    for _ in range(2):
        await services.queue.app.configure_task(Task.CLEANING.value).defer_async(timestamp=0)
        await worker.work_until_stopped(services, wait=False)
    assert await guild.rows("select count(*) from guild_identity.sync_log") == [(90,)]
    assert await guild.rows("select deleted from common.last_cleaning") == [({"runs": 10},)]


@pytest.mark.parametrize(("minutes", "is_done"), [(5, False), (120, True)])
async def test_a_cleaning_that_failed_is_tried_again_within_hours(
    guild: GuildBuilder, minutes: int, is_done: bool
) -> None:
    await clean_daily(guild.pool, ACCESS)
    failed = "update common.last_cleaning set ended_at = null, started_at = now() - make_interval(mins => %(minutes)s)"
    await guild.execute(failed, {"minutes": minutes})
    assert (await clean_daily(guild.pool, ACCESS) is not None) == is_done
