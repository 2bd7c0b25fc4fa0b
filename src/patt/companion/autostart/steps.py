"""What switching on or off does, step by step: files written and removed, and the system's own tools called.

A plan is made first, shown, and then carried out. No step goes through a shell, and each tool is called with fixed arguments.
"""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from patt.companion.given import printable
from patt.companion.whole_files import write_whole
from sv_common.guild_sync.core.errors import ConfigurationError
from sv_common.guild_sync.core.language import tr

_LONGEST_OUTPUT = 500
_SECONDS = 60.0
_SECONDS_BETWEEN_TRIES = 1.0
_NOT_FOUND = 127


@dataclass(frozen=True, slots=True)
class Ran:
    """How a tool ended: its exit code, and what it printed."""

    code: int
    output: str = ""


Run: TypeAlias = Callable[[Sequence[str]], Ran]
"""Run a tool with its arguments."""


@dataclass(frozen=True, slots=True)
class WriteFile:
    """Write a file, and make the folders in which it lies."""

    path: Path
    content: bytes
    shown: str


@dataclass(frozen=True, slots=True)
class RemoveFile:
    """Remove a file, and the folders above it that are empty then, up to one that stays."""

    path: Path
    up_to: Path


@dataclass(frozen=True, slots=True)
class Call:
    """Call a tool. One that may fail asks for what can be so already; one with several tries waits for the system."""

    command: tuple[str, ...]
    may_fail: bool = False
    tries: int = 1


Step: TypeAlias = WriteFile | RemoveFile | Call


def described(step: Step) -> str:
    """Return a step as a sentence."""
    match step:
        case WriteFile(path=path):
            return tr("Write the file {file}", file=printable(path))
        case RemoveFile(path=path):
            return tr("Remove the file {file}", file=printable(path))
        case Call(command=command):
            return tr("Run: {command}", command=command_line(command))


def command_line(command: Sequence[str]) -> str:
    """Return a command as it would be typed, for people to read."""
    return " ".join(f'"{each}"' if " " in each else each for each in map(printable, command))


def carry_out(steps: Sequence[Step], run: Run) -> None:
    """Do the steps in order, up to one that fails. Raises `ConfigurationError`, which names it."""
    for step in steps:
        try:
            _do(step, run)
        except OSError as error:
            reason = error.strerror or type(error).__name__
            raise ConfigurationError(
                tr("“{step}” failed: {reason}.", step=described(step), reason=reason.rstrip("."))
            ) from error


def _do(step: Step, run: Run) -> None:
    match step:
        case WriteFile(path=path, content=content):
            path.parent.mkdir(parents=True, exist_ok=True)
            write_whole(path, content)
        case RemoveFile(path=path, up_to=up_to):
            path.unlink(missing_ok=True)
            for folder in path.parents:
                if folder == up_to or not folder.is_relative_to(up_to) or not _is_removed(folder):
                    break
        case Call():
            _call(step, run)


def _call(call: Call, run: Run) -> None:
    for left in reversed(range(call.tries)):
        ran = run(call.command)
        if ran.code == 0 or call.may_fail:
            return
        if left:
            time.sleep(_SECONDS_BETWEEN_TRIES)
    said = printable(" ".join(ran.output.split()))[:_LONGEST_OUTPUT] or tr("exit code {code}", code=ran.code)
    raise ConfigurationError(tr("“{step}” failed: {reason}.", step=described(call), reason=said.rstrip(".")))


def _is_removed(folder: Path) -> bool:
    """Remove an empty folder; return False for one that holds something, or does not exist."""
    try:
        if folder.exists() and not any(folder.iterdir()):
            folder.rmdir()
            return True
    except OSError:
        return False  # a folder that others use, or that may not be removed, stays
    return not folder.exists()


def run_tool(command: Sequence[str]) -> Ran:
    """Run a tool of the system without a shell."""
    try:
        ran = subprocess.run(  # noqa: S603 -- fixed tools with arguments that no one else gives
            list(command),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=_SECONDS,
            check=False,
        )
    except FileNotFoundError:
        return Ran(_NOT_FOUND, tr("there is no such program"))
    except subprocess.TimeoutExpired:
        return Ran(_NOT_FOUND, tr("it did not end in time"))
    return Ran(ran.returncode, ran.stdout.decode(errors="replace"))
