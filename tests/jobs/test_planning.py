"""What is due is enqueued: each pipeline of each guild at its moment, and again after a pause when it failed."""

from __future__ import annotations

import itertools
import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import pytest

import thoroughness
from guild_builder import GuildBuilder
from jobs.sent_exports import upload
from laws.sources import BattleNetInMemory, DiscordInMemory
from patt.bootstrap import Services
from patt.queue.tasks import PRIORITIES, Task
from patt.worker.worker import SCHEDULES, Schedule, enqueue_due
from sv_common.db.pool import counting_statements
from sv_common.guild_sync.sources.ports import Sources

GOLDEN_RATIO = 0.618_033_988_75
CLEARING_UP = 4
"""Statements that clear up before what is due is enqueued: cut-off runs, old requests, old jobs twice."""

MANY = 2_000


@pytest.fixture
def connected(services: Services) -> Services:
    """Services for which every source is set up."""
    discord = cast("Any", DiscordInMemory)
    return replace(services, sources=Sources(battle_net=BattleNetInMemory(), discord=discord))


@dataclass(frozen=True)
class Run:
    """A run that is logged: so long ago, and how it ended."""

    ago: timedelta
    status: str


def slot_before(now: datetime, interval: timedelta, guild_id: int) -> datetime:
    seconds = interval.total_seconds()
    offset = (guild_id * GOLDEN_RATIO % 1) * seconds
    return datetime.fromtimestamp(((now.timestamp() - offset) // seconds) * seconds + offset, UTC)


def is_due(schedule: Schedule, guild_id: int, runs: Sequence[Run], now: datetime) -> bool:
    """What the planner should say, worked out one run at a time."""
    past = sorted((run for run in runs if run.ago >= timedelta(0)), key=lambda run: run.ago)
    if not past or now - past[0].ago < slot_before(now, schedule.interval, guild_id):
        return True
    recent = [run for run in past if run.ago < timedelta(days=2)]
    since_good = list(itertools.takewhile(lambda run: run.status not in ("done", "partial"), recent))
    failures = sum(run.status == "failed" for run in since_good)
    return failures > 0 and past[0].ago >= timedelta(minutes=2 ** min(failures - 1, 16))


async def _log(guild: GuildBuilder, pipeline: str, now: datetime, runs: Sequence[Run]) -> None:
    for run in runs:
        await guild.execute(
            "insert into guild_identity.sync_log (guild_id, pipeline, actor, status, started_at, finished_at) "
            "values (%(guild)s, %(pipeline)s, 'x', %(status)s, %(at)s, case when %(status)s <> 'running' then now() end)",
            {"pipeline": pipeline, "status": run.status, "at": now - run.ago},
        )


async def _empty(guild: GuildBuilder) -> None:
    await guild.execute("delete from guild_identity.sync_log")
    await guild.execute("delete from jobs.procrastinate_jobs")


async def test_each_pipeline_is_due_at_its_moment_and_again_after_a_pause_when_it_failed(
    connected: Services, guild: GuildBuilder
) -> None:
    chance = random.Random(14)  # noqa: S311 -- makes histories up, guards nothing
    await guild.execute("update guild_identity.guilds set discord_guild_id = '7'")
    said = set[bool]()
    for _ in range(thoroughness.examples(160)):
        await _empty(guild)
        now = datetime.now(UTC)
        histories = {}
        for schedule in SCHEDULES:
            longest = schedule.interval.total_seconds() * chance.choice((0.1, 1.5, 6))
            count = chance.choice((0, 1, 1, 2, 4))
            runs = [
                Run(
                    timedelta(seconds=chance.uniform(5, longest) * chance.choice((1, 1, 1, 1, -1))),
                    chance.choice(("done", "partial", "failed", "failed", "superseded")),
                )
                for _ in range(count)
            ]
            histories[schedule] = runs
            await _log(guild, schedule.pipeline, now, runs)
        due = {task for task, _ in await enqueue_due(connected, now)}
        expected = {each.task for each in SCHEDULES if is_due(each, guild.guild_id, histories[each], now)}
        assert due == expected, histories
        said |= {each.task in due for each in SCHEDULES}
    assert said == {True, False}


async def test_a_guilds_moment_comes_once_in_each_interval_and_guilds_are_spread_over_it(
    connected: Services, guild: GuildBuilder
) -> None:
    schedule = SCHEDULES[0]
    await guild.execute(
        "insert into guild_identity.guilds (region, realm_slug, name_slug, name) "
        "select 'us', 'area-52', 'guild-' || n, 'Guild ' || n from generate_series(1, 20) n"
    )
    start = datetime.now(UTC)
    await guild.execute(
        "insert into guild_identity.sync_log (guild_id, pipeline, actor, status, started_at, finished_at) "
        "select id, %(pipeline)s, 'x', 'done', now(), now() from guild_identity.guilds",
        {"pipeline": schedule.pipeline},
    )
    due_after: dict[int, int] = {}
    for step in range(1, 25):
        now = start + schedule.interval * step / 24
        for task, guild_id in await enqueue_due(connected, now):
            if task is schedule.task:
                due_after.setdefault(guild_id, step)
    assert len(due_after) == 21
    assert len(set(due_after.values())) >= 15


async def test_planning_for_two_thousand_guilds_is_one_statement(connected: Services, guild: GuildBuilder) -> None:
    await upload(guild, "Main")
    await guild.execute(
        "insert into guild_identity.guilds (region, realm_slug, name_slug, name, discord_guild_id) "
        "select 'us', 'area-52', 'guild-' || n, 'Guild ' || n, (100000 + n)::text from generate_series(2, %(many)s) n",
        {"many": MANY},
    )
    with counting_statements() as count:
        due = await enqueue_due(connected, datetime.now(UTC))
    assert count.statements == CLEARING_UP + 1
    assert len(due) == 1 + len(SCHEDULES) * MANY
    ((jobs, guilds),) = await guild.rows("select count(*), count(distinct lock) from jobs.procrastinate_jobs")
    assert (jobs, guilds) == (len(due), MANY)
    with counting_statements() as count:
        await enqueue_due(connected, datetime.now(UTC))
    assert count.statements == CLEARING_UP + 1
    assert await guild.rows("select count(*) from jobs.procrastinate_jobs") == [(jobs,)]


async def test_what_was_left_half_done_on_discord_is_enqueued_for_its_guild_alone(
    connected: Services, guild: GuildBuilder
) -> None:
    await GuildBuilder.create(guild.pool, "Other Watch", "7001")
    await guild.execute(
        "insert into guild_identity.fix_attempts "
        "(guild_id, issue_type, actor, outcome, reason, plan, changes, is_automatic, duration_ms, intended) "
        "values (%(guild)s, 'role_mismatch', 'x', 'running', '', '{}', '[]', false, 0, '[{}]')"
    )
    due = await enqueue_due(connected, datetime.now(UTC))
    assert [guild_id for task, guild_id in due if task is Task.RECOVERY] == [guild.guild_id]


def test_every_kind_of_job_has_its_priority() -> None:
    assert set(PRIORITIES) == set(Task)
    order = [Task.RECOVERY, Task.JOBS, Task.UPLOADS, Task.DISCORD, Task.SWEEP]
    priorities = [PRIORITIES[task] for task in order]
    assert priorities == sorted(priorities, reverse=True)
    assert len(set(priorities)) == len(order)
