"""Real processes of the product that are killed and start again, and what the others then learn of it."""

from __future__ import annotations

import asyncio
import contextlib
import multiprocessing
import os
import socket
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from multiprocessing.context import ForkServerProcess
from pathlib import Path

import psycopg

from patt.cli.main import main
from patt.worker import worker
from sv_common.db.pool import Pool

_FORKS = multiprocessing.get_context("forkserver")
"""A process that has imported the product, and is forked for each start: importing takes longer than what a life does."""
_FORKS.set_forkserver_preload(["patt.cli.main", "patt.cli.server"])
POLL_S = 0.2
"""Seconds after which a worker here looks for jobs that waited for another of their guild; the usual ones would be waited for."""
_BEAT_S = 0.05
_WORKERS = "select id from jobs.procrastinate_workers"
_SILENCE = "update jobs.procrastinate_workers set last_heartbeat = pg_catalog.now() - interval '10 minutes' where id <> all(%s)"


def _as_it_is() -> None:
    pass


@dataclass
class Machine:
    """One process; `worker_id` is its row among the workers of the queue, once it has one.

    `deaths` counts how often it was killed while it lived.
    """

    arguments: Sequence[str]
    has_worker: bool = True
    process: ForkServerProcess | None = None
    worker_id: int | None = None
    deaths: int = 0

    @property
    def is_running(self) -> bool:
        return self.process is not None and self.process.is_alive()

    def start(self, environment: Mapping[str, str], folder: Path, prepare: Callable[[], None]) -> None:
        """Start the process, in a folder without settings; it prepares itself there first."""
        self.process = _FORKS.Process(target=_patt, args=(self.arguments, dict(environment), folder, prepare))
        self.process.start()

    def kill(self) -> None:
        """End the process as a power cut does. May be called from any thread, and on one that is dead."""
        if self.process is not None:
            self.deaths += self.is_running
            self.process.kill()


class Machines:
    """A web process with a worker in it (or without), and a worker beside it, on one database. Closing it ends both.

    `prepare` is done in each process before it begins.
    """

    def __init__(
        self,
        pool: Pool,
        settings: Mapping[str, str],
        folder: Path,
        *,
        prepare: Callable[[], None] = _as_it_is,
        web_works: bool = True,
    ) -> None:
        port = _free_port()
        self.base_url = f"http://127.0.0.1:{port}"
        web = ["serve", "--port", str(port)]
        self.web = Machine(web if web_works else [*web, "--no-worker"], has_worker=web_works)
        self._prepare = prepare
        self.worker = Machine(["worker"])
        self._pool = pool
        self._folder = folder
        self._environment = {**os.environ, **settings}

    async def keep_running(self, *machines: Machine) -> None:
        """Start whichever of these is dead, again and again; while the database is away it is tried again."""
        while True:
            for machine in machines:
                if not machine.is_running:
                    with contextlib.suppress(psycopg.OperationalError):
                        await self._start(machine)
            await asyncio.sleep(_BEAT_S)

    def close(self) -> None:
        for machine in (self.web, self.worker):
            if machine.process is not None:
                machine.kill()
                machine.process.join()

    async def _start(self, machine: Machine) -> None:
        """Start a process; from here on the one that it replaces counts as silent for long."""
        machine.worker_id = None
        async with self._pool.connection() as conn:
            await conn.execute(_SILENCE, [[each.worker_id or 0 for each in (self.web, self.worker)]])
        known = await self._workers()
        machine.start(self._environment, self._folder, self._prepare)
        while machine.has_worker and machine.worker_id is None and machine.is_running:
            await asyncio.sleep(_BEAT_S)
            machine.worker_id = next(iter(await self._workers() - known), None)

    async def _workers(self) -> set[int]:
        async with self._pool.connection() as conn:
            return {row[0] for row in await (await conn.execute(_WORKERS)).fetchall()}


def _patt(arguments: Sequence[str], environment: Mapping[str, str], folder: Path, prepare: Callable[[], None]) -> None:
    """Run the command line, as `patt` does."""
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    worker._POLL_S = POLL_S
    prepare()
    sys.argv = ["patt", *arguments]
    main()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])
