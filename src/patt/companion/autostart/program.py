"""What is started with the computer: this very program, without a prompt and without a window."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from patt.companion.given import printable
from sv_common.guild_sync.core.errors import ConfigurationError
from sv_common.guild_sync.core.language import tr

_ARGUMENTS = ("-P", "-m", "patt", "watch", "--background")
"""`-P` keeps what lies in the folder of the start from being taken for a part of the program."""

_VARIABLES = ("XDG_DATA_HOME", "PATT_LANGUAGE")
"""What the program needs to find its folder again and to speak the player's language; systems start it with less than a terminal."""

_TEMPORARY = (("uv", "archive-v"), ("uv", "environments-v"), ("uv", "builds-v"), ("pipx", ".cache"), (".cache", "pipx"))
"""Folders of `uvx` and `pipx run`, which remove what is in them when they like."""


@dataclass(frozen=True, slots=True)
class Program:
    """A command and the variables that it needs."""

    command: tuple[str, ...]
    environment: Mapping[str, str]


def own_program(
    executable: str = sys.executable, environment: Mapping[str, str] = os.environ, system: str = sys.platform
) -> Program:
    """Return what starts the companion. Raises `ConfigurationError` if this program will not be here for long."""
    python = Path(executable)
    if _is_temporary(python):
        raise ConfigurationError(
            tr(
                "PATT runs from a temporary folder here ({folder}), which will be gone one day. "
                "Install it first: pipx install patt-guild",
                folder=printable(python.parent),
            )
        )
    if system == "win32":
        without_window = python.with_name("pythonw.exe")
        python = without_window if without_window.exists() else python
    variables = {name: environment[name] for name in _VARIABLES if environment.get(name)}
    texts = (str(python), *variables.values())
    if not all(each.isprintable() for each in texts):
        raise ConfigurationError(unusable_folder(python))
    return Program((str(python), *_ARGUMENTS), variables)


def unusable_folder(program: object) -> str:
    return tr(
        "The folder of PATT, {folder}, has a name that the system cannot start programs from. Install PATT elsewhere.",
        folder=printable(program),
    )


def _is_temporary(python: Path) -> bool:
    parts = python.parts
    return any(
        part == above and below.startswith(start) for part, below in pairwise(parts) for above, start in _TEMPORARY
    )
