"""A real PgBouncer before the tests' server."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
from psycopg.conninfo import conninfo_to_dict

PROGRAM = shutil.which("pgbouncer") or shutil.which("pgbouncer", path="/usr/sbin:/usr/local/sbin")

_CONFIG = """\
[databases]
{database} = host={host} dbname={database} user={user}

[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = any
pool_mode = {mode}
default_pool_size = {servers}
ignore_startup_parameters = {ignored}
logfile = {folder}/log
"""


@contextlib.contextmanager
def pgbouncer(url: str, mode: str, *, servers: int = 20, ignored: str = "extra_float_digits") -> Iterator[str]:
    """Run one before a database; give the URL that leads through it."""
    assert PROGRAM is not None
    known = conninfo_to_dict(url)
    folder = Path(tempfile.mkdtemp(prefix="patt-pooler-"))
    values = {"host": known["host"], "database": known["dbname"], "user": known["user"], "port": _free_port()}
    config = folder / "pgbouncer.ini"
    config.write_text(_CONFIG.format(mode=mode, servers=servers, ignored=ignored, folder=folder, **values))
    user, group = _user_of(str(known["host"]))
    os.chown(folder, user, group)
    running = subprocess.Popen(  # noqa: S603 -- a program of this machine
        [PROGRAM, str(config)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        user=user if user != os.getuid() else None,
        group=group if group != os.getgid() else None,
    )
    pooled = f"postgresql://{known['user']}@127.0.0.1:{values['port']}/{values['database']}"
    try:
        _wait_for(pooled, folder)
        yield pooled
    finally:
        running.kill()
        running.wait()
        shutil.rmtree(folder)


def _user_of(socket_folder: str) -> tuple[int, int]:
    """The user of the server, whose socket no one else may use: PgBouncer refuses to run as root, as the server does."""
    owner = Path(socket_folder).stat()
    return owner.st_uid, owner.st_gid


def _wait_for(url: str, folder: Path) -> None:
    deadline = time.monotonic() + 10
    while True:
        try:
            psycopg.connect(url, connect_timeout=2).close()
        except psycopg.OperationalError:
            if time.monotonic() > deadline:
                raise AssertionError((folder / "log").read_text()) from None
            time.sleep(0.05)
        else:
            return


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])
