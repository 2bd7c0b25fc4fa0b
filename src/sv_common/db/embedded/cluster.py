"""One server and its data: made, started, stopped, and reached by a socket or over loopback.

No path goes through a shell: settings stand in files, and the server is started directly. Reached by its socket, it asks the
system who is there (`peer`): only the user who started it, and root. Over loopback, where any user could knock, it wants the
password that stands in a file for that user alone.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from urllib.parse import quote

import psutil

from sv_common.db.embedded.account import Account, programs_for
from sv_common.db.embedded.binaries import ServerNotStarted, program
from sv_common.db.embedded.log_file import LOG, LOG_SETTINGS, keep_short
from sv_common.guild_sync.core.language import tr

__all__ = ["CREATE_DATABASE", "Cluster", "Reach", "ServerNotStarted"]

SUPERUSER = "postgres"
CREATE_DATABASE = (
    "create database {} template template0 encoding 'UTF8' locale_provider builtin builtin_locale 'C.UTF-8'"
)
"""Its collation is the same on every machine and folds every alphabet's case. PostgreSQL 15 and 16 have no builtin locale
provider, but the embedded server is newer."""

LONGEST_START_S = 300
"""How long a server may take that recovers from a crash."""

_LONGEST_SILENCE_S = 30
"""How long there may be no server after it was launched; on Windows it is no child, so its end is not seen at once."""

_LONGEST_STOP_S = 60
_POLL_S = 0.02
_LONGEST_SOCKET_PATH = 103
"""Bytes that a socket's path may have on every system (macOS: 104 with the end)."""

_PORT = 5432
_DETACHED = 0x00000200 | 0x08000000  # Windows: a process group of its own, and no window


class Reach(Enum):
    """How connections reach the server."""

    SOCKET = "socket"
    LOOPBACK = "loopback"


@dataclass(slots=True)
class Cluster:
    """The data of one server in `home / name`, and its programs. `home` also holds its settings, its log and its password."""

    home: Path
    name: str
    programs: Path
    account: Account
    reach: Reach
    _process: subprocess.Popen[bytes] | None = field(default=None, init=False)

    @property
    def data(self) -> Path:
        return self.home / self.name

    @property
    def log(self) -> Path:
        return self.home / LOG

    @property
    def password_file(self) -> Path:
        return self.home / "password"

    def exists(self) -> bool:
        return (self.data / "PG_VERSION").exists()

    def make(self) -> None:
        """Make empty data, in place of what an interrupted attempt left. Raises `ServerNotStarted`."""
        shutil.rmtree(self.data, ignore_errors=True)
        self.data.mkdir(mode=0o700)
        self.account.give(self.data, 0o700)
        _, plain = self._password()
        plain_file = self.home / "password.new"
        plain_file.touch(mode=0o600)
        self.account.show(plain_file)
        plain_file.write_text(plain, encoding="ascii")
        try:
            options = ["-U", SUPERUSER, "--encoding=UTF8", "--locale=C", "--no-instructions"]
            self._run("initdb", *options, "--auth=scram-sha-256", f"--pwfile={plain_file}", "-D", str(self.data))
        finally:
            plain_file.unlink()
        with (self.data / "postgresql.conf").open("a", encoding="utf-8") as settings:
            settings.write(f"\ninclude '../{_SETTINGS}'\n")

    def start(self) -> None:
        """Start the server unless it runs. Raises `ServerNotStarted` with the last lines of its log."""
        deadline = time.monotonic() + LONGEST_START_S
        while (state := self._state()) == "stopping" and time.monotonic() < deadline:
            time.sleep(_POLL_S)
        if state is None:
            self._forget_other_process()
            self._write_settings()
            self._launch()
        last_sign = time.monotonic()
        while (state := self._state()) != "ready":
            now = time.monotonic()
            last_sign = now if state is not None else last_sign
            if self._has_ended() or now > deadline or now - last_sign > _LONGEST_SILENCE_S:
                raise ServerNotStarted(self._last_words())
            time.sleep(_POLL_S)

    def stop(self) -> None:
        """Stop the server if it runs; transactions under way are rolled back."""
        for mode in ("fast", "immediate"):
            if self._state() is not None:
                # What it could not do shows in the state; one that was stopped meanwhile is no fault.
                with contextlib.suppress(ServerNotStarted):
                    self._run("pg_ctl", "stop", "-w", "-t", str(_LONGEST_STOP_S), "-m", mode, "-D", str(self.data))
        if self._process is not None:
            self._process.wait(_LONGEST_STOP_S)
            self._process = None

    def get_uri(self, database: str | None = None) -> str:
        """Return the connection string of one database of the server."""
        status = self._status()
        if len(status) < len(_STATUS):
            raise ServerNotStarted(tr("it has stopped"))
        found = dict(zip(_STATUS, status, strict=False))
        name = quote(database or SUPERUSER, safe="")
        if found["socket"]:
            return f"postgresql://{SUPERUSER}@/{name}?host={quote(found['socket'], safe='')}&port={found['port']}"
        password_file = quote(str(self.password_file), safe="")
        return f"postgresql://{SUPERUSER}@127.0.0.1:{found['port']}/{name}?passfile={password_file}"

    def _password(self) -> tuple[Path, str]:
        """Return the file that PostgreSQL's clients read, made where missing, and the password in it."""
        file = self.password_file
        if not file.exists():
            file.touch(mode=0o600)
            file.write_text(f"*:*:*:{SUPERUSER}:{secrets.token_urlsafe(32)}\n", encoding="ascii")
        return file, file.read_text(encoding="ascii").strip().rpartition(":")[2]

    def _write_settings(self) -> None:
        settings: dict[str, str] = {
            **LOG_SETTINGS,
            "hba_file": str(self.home / "pg_hba.conf"),
            "ident_file": str(self.home / "pg_ident.conf"),
        }
        if self.reach is Reach.SOCKET:
            settings |= {"listen_addresses": "", "port": str(_PORT)}
            settings |= {"unix_socket_directories": _listed(self._socket_folder()), "unix_socket_permissions": "0777"}
            access = "local all all peer map=patt\n"
        else:
            settings |= {"listen_addresses": "127.0.0.1", "port": str(_free_port()), "unix_socket_directories": ""}
            access = "host all all 127.0.0.1/32 scram-sha-256\n"
        users = {self.account.name, "root" if self.account.own else self.account.name}
        lines = [f'patt "{user}" {role}' for user in sorted(users) for role in (SUPERUSER, "all")]
        self._write("pg_hba.conf", access)
        self._write("pg_ident.conf", "\n".join(lines) + "\n")
        self._write(_SETTINGS, "".join(f"{name} = '{_quoted(value)}'\n" for name, value in settings.items()))

    def _write(self, name: str, content: str) -> None:
        file = self.home / name
        file.write_text(content, encoding="utf-8")
        self.account.show(file)

    def _socket_folder(self) -> Path:
        """Return a folder that only the server's user may enter: that of the data, or where its path is too long another."""
        if len(os.fsencode(self.data / f".s.PGSQL.{_PORT}")) <= _LONGEST_SOCKET_PATH:
            return self.data
        mark = hashlib.sha256(os.fsencode(self.data)).hexdigest()[:12]
        folder = Path(tempfile.gettempdir()) / f"patt-{self.account.uid}-{mark}"
        with contextlib.suppress(FileExistsError):
            folder.mkdir(mode=0o700)
            self.account.give(folder, 0o700)
        made = folder.lstat()
        if folder.is_symlink() or made.st_uid != self.account.uid or made.st_mode & 0o077:
            raise ServerNotStarted(tr("the folder {folder} belongs to another user. Delete it", folder=folder))
        return folder

    def _launch(self) -> None:
        programs = programs_for(self.account, self.programs)
        keep_short(self.home)
        self.log.touch(mode=0o600)
        with self.log.open("ab") as log:
            if sys.platform == "win32":
                # pg_ctl gives up an administrator's rights, with which the server would not start.
                command = [program(programs, "pg_ctl"), "start", "-W", "-s", "-D", self.data]
                subprocess.run(  # noqa: S603 -- a program of the wheel
                    command, stdout=log, stderr=log, stdin=subprocess.DEVNULL, env=_environment(),
                    creationflags=_DETACHED, check=False,
                )  # fmt: skip
                return
            self._process = subprocess.Popen(  # noqa: S603 -- a program of the wheel
                [program(programs, "postgres"), "-D", self.data],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=self.data,
                env=_environment(),
                start_new_session=True,
                **self.account.of_process,
            )

    def _has_ended(self) -> bool:
        return self._process is not None and self._process.poll() is not None

    def _last_words(self) -> str:
        lines = self.log.read_text(encoding="utf-8", errors="replace").splitlines() if self.log.exists() else []
        said = next((line for line in reversed(lines) if "FATAL:" in line or "PANIC:" in line), (lines or [""])[-1])
        return tr("{reason} (its log: {file})", reason=said.rpartition("  ")[2].strip(), file=self.log)

    def _status(self) -> list[str]:
        """Return the lines in which the server says how it runs; none when there are no such."""
        try:
            return [line.strip() for line in (self.data / "postmaster.pid").read_text(encoding="utf-8").splitlines()]
        except (FileNotFoundError, NotADirectoryError):
            return []

    def _state(self) -> str | None:
        """Return “starting”, “ready” or “stopping”; None when no process is the server of these data."""
        status = self._status()
        if not status or not status[0].lstrip("-").isdigit() or not self._is_server(abs(int(status[0]))):
            return None
        return status[-1] if len(status) == len(_STATUS) else "starting"

    def _is_server(self, pid: int) -> bool:
        """Whether a process is the server of these data. A number may have gone to another process since."""
        try:
            process = psutil.Process(pid)
            if process.status() == psutil.STATUS_ZOMBIE or not process.name().startswith("postgres"):
                return False
            return any(Path(part) == self.data for part in process.cmdline())
        except psutil.NoSuchProcess:
            return False
        except psutil.AccessDenied:  # another user's
            return False

    def _forget_other_process(self) -> None:
        """Remove what a server left that was killed: PostgreSQL itself would mind another process with its number."""
        status = self._status()
        if status and status[0].lstrip("-").isdigit() and psutil.pid_exists(abs(int(status[0]))):
            (self.data / "postmaster.pid").unlink(missing_ok=True)

    def _run(self, name: str, *arguments: str) -> None:
        done = subprocess.run(  # noqa: S603 -- a program of the wheel
            [program(programs_for(self.account, self.programs), name), *arguments],
            stdin=subprocess.DEVNULL, capture_output=True, cwd=self.data, env=_environment(), check=False,
            **self.account.of_process,
        )  # fmt: skip
        if done.returncode != 0:
            raise ServerNotStarted(_last_line(done.stderr or done.stdout))


_SETTINGS = "patt.conf"
_STATUS = ("pid", "data", "started", "port", "socket", "address", "memory", "state")
"""The lines of postmaster.pid."""


def _environment() -> Mapping[str, str]:
    """Return the environment without the machine's locale, which initdb may not have: databases name their own."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("LC_", "LANG", "PG"))}
    return {**kept, "LC_ALL": "C"}


def _quoted(value: str) -> str:
    return value.replace("\\", "/" if os.name == "nt" else "\\\\").replace("'", "''")


def _listed(folder: Path) -> str:
    doubled = str(folder).replace('"', '""')
    return f'"{doubled}"'


def _last_line(output: bytes) -> str:
    lines = output.decode(errors="replace").strip().splitlines()
    return lines[-1].rstrip(".") if lines else ""


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])
