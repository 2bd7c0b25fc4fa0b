"""The pool: a block that ends well was committed, a connection that is given works, and a snapshot is of one moment."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

import psycopg
import pytest
from psycopg_pool import PoolTimeout

from guild_builder import GuildBuilder
from sv_common.db import pool as pool_module
from sv_common.db.holding import held_connections
from sv_common.db.lost import ConnectionLostError, raise_if_lost
from sv_common.db.patience import Patience
from sv_common.db.pool import Connection, GuildConnection, Pool, counting_statements, make_pool
from sv_common.db.shares import on_account_of

BRIEF = Patience(lock_s=0.5, statement_s=1, idle_s=1, connection_s=1)
_RENAME = "update guild_identity.guilds set name = %s"
_NAME = "select name from guild_identity.guilds"


@pytest.fixture
async def guild(pool: Pool) -> GuildBuilder:
    return await GuildBuilder.create(pool)


@pytest.fixture
async def brief(database_url: str) -> AsyncIterator[Pool]:
    """A pool of four connections that waits for nothing for long."""
    async with make_pool(database_url, max_size=4, patience=BRIEF) as opened:
        await opened.wait()
        yield opened


async def _end_all(guild: GuildBuilder) -> None:
    """End every connection to the database but the one that does it, as a restart does."""
    async with await psycopg.AsyncConnection.connect(str(guild.pool.conninfo), autocommit=True) as conn:
        await conn.execute(
            "select pg_terminate_backend(pid, 5000) from pg_stat_activity "
            "where datname = current_database() and pid <> pg_backend_pid() and backend_type = 'client backend'"
        )


async def _name(conn: Connection) -> str:
    row = await (await conn.execute(_NAME)).fetchone()
    assert row is not None
    return str(row[0])


@pytest.mark.own_database
async def test_a_block_whose_connection_was_lost_does_not_end_well(guild: GuildBuilder) -> None:
    async def renamed() -> None:
        async with guild.pool.connection() as conn:
            await conn.execute(_RENAME, ["Lost"])
            await _end_all(guild)
            with contextlib.suppress(psycopg.Error):
                await conn.execute(_NAME)

    with pytest.raises(ConnectionLostError):
        await renamed()
    assert await guild.rows(_NAME) == [("Lantern Watch",)]


async def test_a_block_in_which_a_statement_failed_unsaid_does_not_end_well(guild: GuildBuilder) -> None:
    async def renamed() -> None:
        async with guild.pool.connection() as conn:
            await conn.execute(_RENAME, ["Lost"])
            with contextlib.suppress(psycopg.Error):
                await conn.execute("select 1 / 0")

    with pytest.raises(psycopg.errors.InFailedSqlTransaction):
        await renamed()
    assert await guild.rows(_NAME) == [("Lantern Watch",)]


@pytest.mark.own_database
async def test_an_inner_transaction_on_a_lost_connection_does_not_end_well(guild: GuildBuilder) -> None:
    async def renamed() -> None:
        async with guild.pool.connection() as conn, conn.transaction():
            await conn.execute(_RENAME, ["Lost"])
            await _end_all(guild)

    with pytest.raises(psycopg.OperationalError):
        await renamed()
    assert await guild.rows(_NAME) == [("Lantern Watch",)]


@pytest.mark.parametrize(
    "error",
    [
        psycopg.OperationalError("gone"),
        psycopg.InterfaceError("the connection is closed"),
        psycopg.errors.AdminShutdown("terminating"),
        psycopg.errors.LockNotAvailable("lock timeout"),
        PoolTimeout("none left"),
    ],
)
def test_what_the_database_could_not_do_is_no_fault_of_the_work(error: Exception) -> None:
    with pytest.raises(type(error)):
        raise_if_lost(error)
    wrapped = RuntimeError("a rule broke")
    wrapped.__cause__ = error
    with pytest.raises(RuntimeError):
        raise_if_lost(wrapped)


async def test_a_fault_of_the_work_itself_passes_unless_the_connection_is_gone(guild: GuildBuilder) -> None:
    async with await psycopg.AsyncConnection.connect(str(guild.pool.conninfo)) as conn:
        raise_if_lost(ValueError("a rule broke"), conn)
        raise_if_lost(psycopg.errors.DivisionByZero("a rule broke"), conn)
    with pytest.raises(ConnectionLostError):
        raise_if_lost(ValueError("a rule broke"), conn)


@pytest.mark.own_database
async def test_after_a_restart_every_connection_that_is_given_works(guild: GuildBuilder) -> None:
    async with contextlib.AsyncExitStack() as all_of_them:
        for _ in range(4):
            await all_of_them.enter_async_context(guild.pool.connection())
    await _end_all(guild)
    for _ in range(10):
        async with guild.pool.connection() as conn:
            assert await _name(conn) == "Lantern Watch"


@pytest.mark.own_database
@pytest.mark.parametrize("way", ["connection", "at_once"])
async def test_a_request_that_is_cancelled_while_it_gets_a_connection_leaves_transactions_as_they_are(
    guild: GuildBuilder, database_url: str, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    """What the next one writes and rolls back is gone, at whatever moment the one before was cancelled."""
    monkeypatch.setattr(pool_module, "_FRESH_S", -1.0)  # so that each connection is asked whether it is alive
    async with make_pool(database_url, max_size=1) as pool:

        async def take() -> None:
            async with getattr(pool, way)() as conn:
                await conn.execute(_NAME)

        for turns in range(12):
            task = asyncio.create_task(take())
            for _ in range(turns):
                await asyncio.sleep(0)
            task.cancel()
            await asyncio.wait([task])
            async with pool.connection() as conn:
                await conn.execute(_RENAME, ["Lost"])
                await conn.rollback()
            assert await guild.rows(_NAME) == [("Lantern Watch",)], turns


@pytest.mark.own_database
async def test_looking_whether_a_connection_is_alive_counts_as_no_statement(guild: GuildBuilder, brief: Pool) -> None:
    async with brief.connection() as conn:
        await _name(conn)
    await _end_all(guild)
    with counting_statements() as counter:
        async with brief.connection() as conn:
            await _name(conn)
    assert counter.statements == 1


async def test_a_snapshot_sees_one_moment_also_where_it_is_taken_again_within(guild: GuildBuilder) -> None:
    async with guild.pool.snapshot() as conn:
        assert await _name(conn) == "Lantern Watch"
        await guild.execute("update guild_identity.guilds set name = 'Renamed'")
        async with guild.pool.snapshot() as inner:
            assert await _name(inner) == "Lantern Watch"
        with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
            await conn.execute(_RENAME, ["Written"])
        await conn.rollback()
    async with guild.pool.connection() as conn:
        assert await _name(conn) == "Renamed"
        await conn.execute(_RENAME, ["Written"])
    async with guild.pool.snapshot() as conn:
        assert await _name(conn) == "Written"


async def test_a_task_that_was_begun_in_a_snapshot_reads_on_its_own_after_it(guild: GuildBuilder) -> None:
    is_over = asyncio.Event()

    async def later() -> str:
        await is_over.wait()
        async with guild.pool.snapshot() as conn:
            return await _name(conn)

    async with guild.pool.snapshot() as conn:
        await _name(conn)
        task = asyncio.create_task(later())
    await guild.execute("update guild_identity.guilds set name = 'Renamed'")
    is_over.set()
    assert await task == "Renamed"


async def test_a_rehearsal_that_somebody_came_between_is_done_once_more(guild: GuildBuilder) -> None:
    seen = []

    async def rehearsed(bound: GuildConnection) -> None:
        seen.append(await _name(bound.conn))
        if len(seen) == 1:
            await guild.execute("update guild_identity.guilds set name = 'Renamed'")
        await bound.conn.execute(_RENAME, ["Rehearsed"])

    await guild.pool.rehearse(guild.guild_id, rehearsed)
    assert seen == ["Lantern Watch", "Renamed"]
    assert await guild.rows(_NAME) == [("Renamed",)]


async def test_one_guild_uses_half_of_the_connections_and_the_rest_is_there_for_others(brief: Pool) -> None:
    is_over = asyncio.Event()

    async def hold() -> None:
        with on_account_of("1"):
            async with brief.connection():
                await is_over.wait()

    holders = [asyncio.create_task(hold()) for _ in range(6)]
    await asyncio.sleep(0.2)
    with on_account_of("2"):
        async with brief.connection(timeout=0.5), brief.connection(timeout=0.5):
            pass
    await asyncio.sleep(BRIEF.connection_s)
    is_over.set()
    told = await asyncio.gather(*holders, return_exceptions=True)
    assert sum(isinstance(each, PoolTimeout) for each in told) == 4


async def test_whoever_has_a_connection_is_known_to_have_it(guild: GuildBuilder) -> None:
    assert held_connections() == 0
    async with guild.pool.connection():
        assert held_connections() == 1
        assert await asyncio.create_task(_held()) == 1
        async with guild.pool.connection():
            assert held_connections() == 2
    assert held_connections() == 0


async def _held() -> int:
    return held_connections()


async def test_a_transaction_that_is_left_open_or_waits_too_long_is_ended(guild: GuildBuilder, brief: Pool) -> None:
    async with guild.pool.connection() as holder:
        await holder.execute("select from guild_identity.guilds for update")
        with pytest.raises(psycopg.errors.LockNotAvailable):
            async with brief.connection() as conn:
                await conn.execute(_RENAME, ["Late"])
    with pytest.raises(psycopg.errors.QueryCanceled):
        async with brief.connection() as conn:
            await conn.execute("select pg_sleep(2)")

    async def dawdle() -> None:
        async with brief.connection() as conn:
            await _name(conn)
            await asyncio.sleep(1.3)
            await _name(conn)

    with pytest.raises(psycopg.Error):
        await dawdle()
