"""Processes that share one server: the first starts it, and the last that ends stops it.

Each holds a shared lock on a file until it ends. The system releases the lock of one that is killed, so the next process that
ends well finds itself the last, and no number of a process has to be believed.
"""

from __future__ import annotations

import atexit
import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

import fasteners

from sv_common.db.embedded import binaries, renewal
from sv_common.db.embedded.account import account, home_of
from sv_common.db.embedded.cluster import Cluster, Reach, ServerNotStarted
from sv_common.db.embedded.log_file import keep_short
from sv_common.guild_sync.core.language import tr

_joined: dict[tuple[int, Path], tuple[Cluster, fasteners.InterProcessReaderWriterLock]] = {}
"""The servers that a process uses, by its number and their folders: a forked child has no part in its parent's locks."""


def join(folder: Path, reach: Reach) -> Cluster:
    """Start or join the server of a folder. Raises `ServerNotStarted`."""
    who = account()
    home = home_of(folder, who)
    with _alone(home):
        if (os.getpid(), home) in _joined:
            cluster, _ = _joined[os.getpid(), home]
            cluster.start()
            return cluster
        major, programs = binaries.newest()
        cluster = Cluster(home, str(major), programs, who, reach)
        if cluster.exists():
            renewal.forget_old(home)
        else:
            with _the_only_user(home) as nobody_else:
                if not nobody_else:
                    raise ServerNotStarted(tr("another version of PATT is using these data. Stop it first"))
                renewal.make_current(cluster, major)
        use = _users(home)
        use.acquire_read_lock()
        try:
            cluster.start()
        except BaseException:
            use.release_read_lock()
            _stop_unless_used(cluster)
            raise
        _joined[os.getpid(), home] = cluster, use
        atexit.register(_leave, home, os.getpid())
        return cluster


def keep_logs_short() -> None:
    """Look after the logs of the servers that this process uses; those of a running server on Windows have to wait."""
    for process, home in list(_joined):
        if process == os.getpid() and os.name != "nt":
            keep_short(home)


def _leave(home: Path, joined_by: int) -> None:
    """Stop the server unless another process uses it. A forked child, which has not joined, leaves it alone."""
    if os.getpid() != joined_by or not home.exists():
        return
    with _alone(home):
        cluster, use = _joined.pop((joined_by, home))
        use.release_read_lock()
        _stop_unless_used(cluster)


def _stop_unless_used(cluster: Cluster) -> None:
    with _the_only_user(cluster.home) as nobody_else:
        if nobody_else:
            cluster.stop()


@contextlib.contextmanager
def _the_only_user(home: Path) -> Iterator[bool]:
    """Yield whether no process uses the server; for one that does so itself, this would end its own lock."""
    users = _users(home)
    alone: bool = users.acquire_write_lock(blocking=False)
    try:
        yield alone
    finally:
        if alone:
            users.release_write_lock()


def _users(home: Path) -> fasteners.InterProcessReaderWriterLock:
    return fasteners.InterProcessReaderWriterLock(_of_its_user(home / "users"))


def _of_its_user(file: Path) -> Path:
    """Make a file where missing, and let nobody else read it: who can read a file can hold its lock."""
    file.touch(mode=0o600)
    return file


@contextlib.contextmanager
def _alone(home: Path) -> Iterator[None]:
    """Let one process at a time start and stop the server of a folder."""
    with fasteners.InterProcessLock(_of_its_user(home / "lock")):
        yield
