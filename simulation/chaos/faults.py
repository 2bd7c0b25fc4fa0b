"""What breaks, by name: each is a block in which it is broken, and at whose end nobody has repaired more than the thing itself."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial
from typing import TypeAlias

import psycopg

from jobs.crash_machines import Machine
from simulation.chaos.answers import ANSWERS
from simulation.chaos.database import MOST_CONNECTIONS
from simulation.chaos.stage import Stage
from simulation.trouble import BATTLENET_ROUTES, DISCORD_ROUTES

Fault: TypeAlias = Callable[[Stage], AbstractAsyncContextManager[None]]

LONGEST_JUMP_S = 3 * 86_400
_SHORTEST_JUMP_S = 120

_TERMINATE = """
    select pg_terminate_backend(pid) from pg_stat_activity
    where datname = current_database() and pid <> pg_backend_pid() and backend_type = 'client backend'
"""
_TERMINATE_THE_PRODUCTS = (
    "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() "
    "and state in ('idle', 'idle in transaction', 'active') and query <> '' and pid <> pg_backend_pid()"
)
"""Those that have ever asked something."""


@asynccontextmanager
async def _server_killed(stage: Stage) -> AsyncIterator[None]:
    stage.database.kill()
    yield
    await stage.database.start()


@asynccontextmanager
async def _server_restarted(stage: Stage) -> AsyncIterator[None]:
    stage.database.stop()
    yield
    await stage.database.start()


@asynccontextmanager
async def _server_frozen(stage: Stage) -> AsyncIterator[None]:
    processes = await stage.database.freeze()
    yield
    stage.database.thaw(processes)


@asynccontextmanager
async def _backends_terminated(stage: Stage) -> AsyncIterator[None]:
    await stage.database.ask(_TERMINATE)
    yield


@asynccontextmanager
async def _disk_full(stage: Stage) -> AsyncIterator[None]:
    """Half of the times the log of changes needs its next file at once, which ends the server."""
    await stage.database.fill_the_disk()
    if stage.rng.random() < 0.5:
        with contextlib.suppress(psycopg.Error):
            await stage.database.ask("select pg_switch_wal()")
    yield
    stage.database.empty_the_disk()
    await stage.database.start()


@asynccontextmanager
async def _connections_exhausted(stage: Stage) -> AsyncIterator[None]:
    """Others take every connection, also those that the product had."""
    async with contextlib.AsyncExitStack() as taken:
        first = await psycopg.AsyncConnection.connect(stage.database.url, autocommit=True)
        taken.push_async_callback(first.close)
        for _ in range(MOST_CONNECTIONS):
            try:
                connection = await psycopg.AsyncConnection.connect(stage.database.url, connect_timeout=5)
            except psycopg.OperationalError:
                await first.execute(_TERMINATE_THE_PRODUCTS)
                continue
            taken.push_async_callback(connection.close)
        yield


@asynccontextmanager
async def _idle_in_a_transaction(stage: Stage) -> AsyncIterator[None]:
    """Somebody's session has locked every guild and every character, and then does nothing."""

    async def lock_and_wait() -> None:
        async with await psycopg.AsyncConnection.connect(stage.database.url) as connection:
            await connection.execute("select pg_advisory_xact_lock(7283, id) from guild_identity.guilds order by id")
            await connection.execute("select id from guild_identity.wow_characters for update")
            await asyncio.Event().wait()

    somebody = asyncio.create_task(lock_and_wait())
    yield
    somebody.cancel()
    await asyncio.gather(somebody, return_exceptions=True)


@asynccontextmanager
async def _clock_jumps(stage: Stage, *, sign: int) -> AsyncIterator[None]:
    seconds = sign * stage.rng.uniform(_SHORTEST_JUMP_S, LONGEST_JUMP_S)
    await stage.clock.jump(seconds)
    yield
    await stage.clock.jump(-seconds)


def _killed(choose: Callable[[Stage], tuple[Machine, ...]]) -> Fault:
    @asynccontextmanager
    async def killed(stage: Stage) -> AsyncIterator[None]:
        for machine in choose(stage):
            machine.kill()
        yield

    return killed


def _source(routes: tuple[str, ...], answer: str) -> Fault:
    @asynccontextmanager
    async def misbehaving(stage: Stage) -> AsyncIterator[None]:
        faults = [neighbor.faults for neighbor in stage.crowd.neighbors]
        for each in faults:
            for route in routes:
                each.add(route, ANSWERS[answer]())
        yield
        for each in faults:
            each.clear()

    return misbehaving


FAULTS: Mapping[str, Fault] = {
    "the database server is killed": _server_killed,
    "the database server is restarted": _server_restarted,
    "the database server stands still": _server_frozen,
    "backends are terminated": _backends_terminated,
    "the disk is full": _disk_full,
    "connections are exhausted": _connections_exhausted,
    "a session is idle in a transaction": _idle_in_a_transaction,
    "the clock jumps ahead": partial(_clock_jumps, sign=1),
    "the clock jumps back": partial(_clock_jumps, sign=-1),
    "the worker is killed": _killed(lambda stage: (stage.machines.worker,)),
    "the web process is killed": _killed(lambda stage: (stage.machines.web,)),
    "all processes are killed": _killed(lambda stage: (stage.machines.web, stage.machines.worker)),
    **{f"Battle.net {answer}": _source(BATTLENET_ROUTES, answer) for answer in ANSWERS},
    **{f"Discord {answer}": _source(DISCORD_ROUTES, answer) for answer in ANSWERS},
}

_ASKING = {"Battle.net": ("Battle.net sync",), "Discord": ("Discord sync", "fixes", "digest", "addon upload")}
"""Pipelines that ask a source for something."""


def suits(fault: str, pipeline: str) -> bool:
    """Whether a pipeline can feel a fault: that of a source is felt by whoever asks it, all others by all."""
    source = fault.partition(" ")[0]
    return source not in _ASKING or pipeline in _ASKING[source]


NEEDS_SMALL_DISK = "the disk is full"
