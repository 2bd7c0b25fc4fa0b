"""A database server of a simulation's own, on a small disk where one can be mounted, that is killed, stopped, frozen and filled up."""

from __future__ import annotations

import asyncio
import atexit
import errno
import os
import signal
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any, LiteralString

import psycopg
from psycopg import sql

from server_folders import folder_for_a_server
from sv_common.db import embedded, migrate
from sv_common.db.embedded.cluster import Cluster, Reach, ServerNotStarted
from sv_common.db.embedded.sharing import join

DISK_MB = 512
MOST_CONNECTIONS = 60
_NAME = "chaos"
_BALLAST = "ballast"
_PAUSE_S = 0.1
_SETTINGS = (
    f"max_connections = {MOST_CONNECTIONS}",
    "shared_buffers = '32MB'",
    "max_wal_size = '64MB'",
    "min_wal_size = '32MB'",
    "fsync = off",  # processes are killed here and not the machine: what was written is in the system's memory
)


class Database:
    """The server and its one database. It is down from a fault until `start`, which is what a service manager does."""

    def __init__(self, url: str, server: Cluster, disk: Path | None) -> None:
        self.url = url
        self._server = server
        self._disk = disk
        self.is_down = False

    @classmethod
    def made(cls) -> Database:
        """Make it, migrated; this process ends it."""
        folder = folder_for_a_server()
        disk = _mounted(folder / "disk")
        server = join((disk or folder) / "data", Reach.SOCKET)
        with psycopg.connect(server.get_uri(), autocommit=True) as connection:
            for each in _SETTINGS:
                connection.execute(sql.SQL("alter system set ") + sql.SQL(each))
        database = cls(embedded.recreate_database(server, _NAME), server, disk)
        migrate.upgrade(database.url)
        return database

    @property
    def has_small_disk(self) -> bool:
        return self._disk is not None

    def kill(self) -> None:
        """End the server as a crash does; its processes notice it by themselves."""
        self._signal(signal.SIGKILL)
        self.is_down = True

    def stop(self) -> None:
        """Ask the server to end every session and itself (PostgreSQL's “fast” shutdown)."""
        self._signal(signal.SIGINT)
        self.is_down = True

    async def start(self) -> None:
        """Let the server run, whatever has become of it; the processes of one that was killed are waited for."""
        while True:
            try:
                await asyncio.to_thread(self._server.start)
                async with await psycopg.AsyncConnection.connect(self.url, connect_timeout=5):
                    break
            except (ServerNotStarted, psycopg.OperationalError):
                await asyncio.sleep(_PAUSE_S)
        self.is_down = False

    async def freeze(self) -> list[int]:
        """Let every process of the server stand still; return their numbers for `thaw`."""
        async with await psycopg.AsyncConnection.connect(self.url) as connection:
            rows = await (await connection.execute("select pid from pg_stat_activity")).fetchall()
        processes = [self._number, *(pid for (pid,) in rows)]
        for process in processes:
            _send(process, signal.SIGSTOP)
        return processes

    def thaw(self, processes: Sequence[int]) -> None:
        for process in processes:
            _send(process, signal.SIGCONT)

    async def fill_the_disk(self) -> None:
        """Leave no room on the disk: neither for rows nor for the log of changes, whose next file is asked for at once."""
        assert self._disk is not None  # noqa: S101 -- asked for only where there is one
        await asyncio.to_thread(_fill, self._disk / _BALLAST)

    async def ask(self, statement: LiteralString) -> list[tuple[Any, ...]]:
        """Ask as the server's administrator, on a connection of its own."""
        async with await psycopg.AsyncConnection.connect(self.url, autocommit=True, connect_timeout=5) as connection:
            cursor = await connection.execute(statement)
            return await cursor.fetchall() if cursor.description else []

    def empty_the_disk(self) -> None:
        if self._disk is not None:
            (self._disk / _BALLAST).unlink(missing_ok=True)

    def _signal(self, number: signal.Signals) -> None:
        _send(self._number, number)

    @property
    def _number(self) -> int:
        """The number of the server's first process."""
        return int((self._server.data / "postmaster.pid").read_text(encoding="ascii").splitlines()[0])


def _send(process: int, number: signal.Signals) -> None:
    try:
        os.kill(process, number)
    except ProcessLookupError:  # it has ended meanwhile
        return


def _mounted(folder: Path) -> Path | None:
    """Mount a small disk in memory, until this process ends; None where that is not allowed."""
    folder.mkdir()
    size = f"size={DISK_MB}m,mode=0755"
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", size, "tmpfs", folder], check=False, capture_output=True)  # noqa: S603, S607 -- mount of the system, on a folder of this run
    if done.returncode:
        return None
    atexit.register(_unmount, folder)
    return folder


def _unmount(folder: Path) -> None:
    subprocess.run(["umount", "--lazy", folder], check=False)  # noqa: S603, S607 -- the same


def _fill(path: Path) -> None:
    with path.open("wb", buffering=0) as file:
        block = bytes(2**20)
        while block:
            try:
                file.write(block)
            except OSError as error:
                if error.errno != errno.ENOSPC:
                    raise
                block = block[: len(block) // 2]
