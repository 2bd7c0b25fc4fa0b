"""Behind PgBouncer, in session and in transaction mode: nothing is lost, and nothing is another guild's."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from guild_builder import GuildBuilder
from jobs.sent_exports import note_of, upload, upload_rows
from patt.bootstrap import Services
from patt.config import Settings
from patt.doctor.doctor import examine
from patt.doctor.installation import POOLER
from patt.live.hub import Hub
from patt.queue.tasks import Task, open_queue
from patt.worker.worker import work_until_stopped
from pgbouncer import pgbouncer
from sv_common.db import migrate
from sv_common.db.patience import REQUESTS
from sv_common.db.pool import Pool, hold_lock, make_pool
from sv_common.guild_sync.core.errors import Busy
from sv_common.guild_sync.engine.role_records import member_lock
from sv_common.guild_sync.roster import guilds, runs
from sv_common.guild_sync.sources.ports import Sources

pytestmark = pytest.mark.pgbouncer

MODES = ("session", "transaction")


@pytest.fixture(params=MODES)
def mode(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
async def services(database_url: str, mode: str) -> AsyncIterator[Services]:
    """Services whose every connection goes through PgBouncer, but that for hearing of changes."""
    values: dict[str, Any] = {"_env_file": None}
    with pgbouncer(database_url, mode) as url:
        async with (
            make_pool(url, patience=REQUESTS, listen_url=database_url) as pool,
            open_queue(url, database_url) as queue,
        ):
            await pool.wait()
            yield Services(Settings(**values), pool, Sources(), queue)


@pytest.fixture
async def guild(pool: Pool) -> GuildBuilder:
    builder = await GuildBuilder.create(pool)
    await builder.character("Mito")
    return builder


async def test_every_upload_that_was_acknowledged_is_taken_in(services: Services, guild: GuildBuilder) -> None:
    assert services.queue is not None
    pooled = GuildBuilder(services.pool, guild.guild_id, guild.discord_guild_id)
    for number in range(8):
        await upload(pooled, f"note {number}")
        await services.queue.enqueue(Task.UPLOADS, guild.guild_id)
    working = asyncio.create_task(work_until_stopped(services))
    try:
        await _until(lambda: _is_all_done(guild))
    finally:
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)
    assert len(await upload_rows(guild)) == 8
    assert await note_of(guild) == "note 7"


async def test_many_reads_and_writes_at_once_each_see_their_guild_and_the_usual_settings(
    services: Services, guild: GuildBuilder
) -> None:
    other = await GuildBuilder.create(guild.pool, "Other Watch", "7001")
    names = {guild.guild_id: "Lantern Watch", other.guild_id: "Other Watch"}

    async def read(number: int) -> None:
        async with services.pool.reading(number) as here:
            assert (await guilds.get(here)).name == names.get(number, (await guilds.get(here)).name)
            row = await here.row(
                "select array(select id from guild_identity.guilds), current_setting('timezone'), "
                "current_setting('statement_timeout'), current_setting('transaction_isolation'), current_user::text"
            )
        assert row == ([number], "UTC", "30s", "repeatable read", "patt_guild")

    async def write(number: int) -> None:
        async with services.pool.writing(number) as here:
            row = await here.row("select current_setting('lock_timeout'), current_setting('transaction_read_only')")
        assert row == ("4s", "off")

    async def look() -> None:
        async with services.pool.installation() as conn:
            row = await (
                await conn.execute("select count(*), current_user = session_user from guild_identity.guilds")
            ).fetchone()
        assert row == (2, True)

    numbers = list(names) * 40
    await asyncio.gather(
        *(read(each) for each in numbers), *(write(each) for each in numbers), *(look() for _ in numbers)
    )


async def test_locks_hold_as_long_as_they_are_needed_and_no_longer(services: Services, guild: GuildBuilder) -> None:
    async def is_free() -> bool:
        async with guild.pool.connection() as conn:
            cursor = await conn.execute(
                "select pg_try_advisory_xact_lock(%s, %s)", [runs.PIPELINE_LOCK, guild.guild_id]
            )
            row = await cursor.fetchone()
        return bool(row and row[0])

    async with services.pool.locks.connection() as conn:
        await hold_lock(conn, runs.PIPELINE_LOCK, guild.guild_id)
        async with services.pool.locks.connection() as another:
            await another.execute("select 1")
        assert not await is_free()
    assert await is_free()
    async with member_lock(services.pool, 5):
        with pytest.raises(Busy):
            async with member_lock(guild.pool, 5):
                pass
    async with member_lock(guild.pool, 5):
        pass


async def test_changes_are_heard_of_by_the_address_for_listening(services: Services, guild: GuildBuilder) -> None:
    hub = Hub(services.pool)

    async def has_moved() -> bool:
        return hub.cursor != before

    before = None
    async with hub.listening():
        await _until(has_moved)
        before = hub.cursor
        await guild.execute(
            "insert into guild_identity.sync_log (guild_id, pipeline, actor, status) values (%(guild)s, 'sweep', 'x', 'running')"
        )
        await _until(has_moved)


async def _is_all_done(guild: GuildBuilder) -> bool:
    return {row[0] for row in await upload_rows(guild)} == {"done"}


async def _until(holds: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(20):
        while not await holds():  # noqa: ASYNC110 -- another process moves
            await asyncio.sleep(0.02)


async def test_doctor_tells_where_changes_are_not_heard_of(
    database_url: str, mode: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    async def pooler() -> list[tuple[bool, str]]:
        return [(each.ok, each.remedy) for each in await examine() if each.name == POOLER]

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATT_DATABASE_URL", database_url)
    assert await pooler() == []
    with pgbouncer(database_url, mode) as url:
        monkeypatch.setenv("PATT_DATABASE_URL", url)
        ((ok, remedy),) = await pooler()
        assert ok == (mode == "session")
        assert ("PATT_DATABASE_LISTEN_URL" in remedy) == (mode == "transaction")
        monkeypatch.setenv("PATT_DATABASE_LISTEN_URL", database_url)
        assert await pooler() == [(True, "")]


@pytest.mark.parametrize("ignored", ["extra_float_digits", "options, extra_float_digits"])
@pytest.mark.own_database
async def test_a_database_is_upgraded_and_read_whatever_the_pooler_ignores(
    database_url: str, mode: str, ignored: str
) -> None:
    with pgbouncer(database_url, mode, servers=2, ignored=ignored) as url:
        migrate.downgrade(database_url, "base")
        assert await asyncio.to_thread(migrate.upgrade, url) == migrate.newest_revision()
        async with make_pool(url) as pool:
            await pool.wait()
            for _ in range(12):  # more often than psycopg waits before it prepares a statement
                async with pool.installation() as conn:
                    assert await guilds.all_guilds(conn) == []
