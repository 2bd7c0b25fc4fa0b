"""Reading one file of the addon, which the game, a copy program or a virus scanner may be holding at that moment."""

from __future__ import annotations

import stat
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from patt.companion.accounts import label_of
from patt.companion.address import printable
from sv_common.guild_sync.core.errors import BadInput
from sv_common.guild_sync.sources.addon.export import read_addon_export
from sv_common.guild_sync.sources.addon.saved_variables import MAX_BYTES

State: TypeAlias = tuple[int, int]
"""Size in bytes and time of the last change in nanoseconds."""

_SECONDS_OF_WRITING = 10
"""A file that is not whole and was changed within so many seconds is probably still being written."""


@dataclass(frozen=True, slots=True)
class Export:
    """An export that is whole; `made_at` is in nanoseconds since 1970."""

    content_hash: str
    made_at: int
    content: bytes


@dataclass(frozen=True, slots=True)
class Unusable:
    """Why a file gives no export now, and whether that may soon be otherwise without anybody doing anything."""

    sentence: str
    may_pass: bool


def state_of(file: Path) -> State | Unusable:
    """Look at a file without opening it."""
    try:
        status = file.stat()
    except OSError as error:
        return Unusable(f"The file of {label_of(file)} cannot be looked at: {_reason(error)}.", may_pass=True)
    if not stat.S_ISREG(status.st_mode):
        kind = "a folder" if stat.S_ISDIR(status.st_mode) else "no file"
        return Unusable(
            f"{printable(file)} is {kind}, where the addon's file should be. Move it away, then type /pattsync and /reload in the game.",
            may_pass=False,
        )
    if status.st_size == 0:
        return Unusable(
            f"The file of {label_of(file)} is empty. The game may be writing it; it is looked at again.",
            may_pass=_is_fresh(status.st_mtime_ns),
        )
    if status.st_size > MAX_BYTES:
        return Unusable(f"The file of {label_of(file)} is far too large for an export.", may_pass=False)
    return status.st_size, status.st_mtime_ns


def read_export(file: Path, state: State) -> Export | Unusable:
    """Read the export of a file that is in this state."""
    try:
        content = file.read_bytes()
    except PermissionError:
        return Unusable(
            f"The file of {label_of(file)} cannot be opened: another program holds it, or it is not for you to read. "
            "It is tried again.",
            may_pass=True,
        )
    except OSError as error:
        return Unusable(
            f"The file of {label_of(file)} cannot be read: {_reason(error)}. It is tried again.", may_pass=True
        )
    if state_of(file) != state:
        return being_written(file)
    try:
        export = read_addon_export(content)
    except BadInput as error:
        return Unusable(f"{label_of(file)}: {error}", may_pass=_is_fresh(state[1]))
    made_at = state[1] if export.exported_at is None else export.exported_at * 10**9
    return Export(export.content_hash, made_at, content)


def being_written(file: Path) -> Unusable:
    """Say that a file has changed since the last look."""
    return Unusable(
        f"The file of {label_of(file)} is new or being written; it is read as soon as it is at rest.", may_pass=True
    )


def _is_fresh(changed_at: int) -> bool:
    return abs(time.time_ns() - changed_at) < _SECONDS_OF_WRITING * 10**9


def _reason(error: OSError) -> str:
    return error.strerror or type(error).__name__
