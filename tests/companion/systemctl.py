"""A stand-in for `systemctl --user` with a systemd behind it: it starts and ends what the unit says, and nothing else.

It is run as a program of its own. The real one cannot start services without the system's own first process.
"""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
from pathlib import Path

UNITS = Path(os.environ["HOME"]) / ".config" / "systemd" / "user"
UNIT = UNITS / "patt-companion.service"
LINK = UNITS / "default.target.wants" / UNIT.name
PID = Path(os.environ["HOME"]) / "pid"


def _pid() -> int | None:
    return int(PID.read_text()) if PID.exists() else None


def _stop() -> None:
    if (pid := _pid()) is not None:
        os.kill(pid, signal.SIGTERM)
        PID.unlink()


def _start() -> None:
    _stop()
    said = UNIT.read_text().splitlines()
    [command] = [line.removeprefix("ExecStart=") for line in said if line.startswith("ExecStart=")]
    variables = [line.removeprefix("Environment=") for line in said if line.startswith("Environment=")]
    first, *rest = shlex.split(command)
    with (PID.parent / "journal").open("w") as journal:
        started = subprocess.Popen(  # noqa: S603 -- what the unit says
            [first.removeprefix(":"), *rest],
            env={"HOME": os.environ["HOME"], "PATH": "/usr/bin"}
            | dict(shlex.split(each)[0].split("=", 1) for each in variables),
            cwd=PID.parent,
            stdin=subprocess.DEVNULL,
            stdout=journal,
            stderr=journal,
            start_new_session=True,
        )
    PID.write_text(str(started.pid))


def _is_active() -> bool:
    pid = _pid()
    state = Path(f"/proc/{pid}/stat")
    return pid is not None and state.exists() and state.read_text().rpartition(")")[2].split()[0] != "Z"


def main() -> bool:
    assert sys.argv[1] == "--user"
    match sys.argv[2:]:
        case ["daemon-reload"]:
            return True
        case ["enable", UNIT.name]:
            LINK.parent.mkdir(exist_ok=True)
            LINK.unlink(missing_ok=True)
            LINK.symlink_to(UNIT)
        case ["restart", UNIT.name]:
            _start()
        case ["disable", "--now", UNIT.name]:
            LINK.unlink(missing_ok=True)
            _stop()
        case ["is-enabled", UNIT.name]:
            return LINK.exists()
        case ["is-active", UNIT.name]:
            return _is_active()
        case other:
            sys.exit(f"{other} is not for a user's companion")
    return True


if __name__ == "__main__":
    sys.exit(0 if main() else 1)
