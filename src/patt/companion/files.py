"""The addon's files on this computer: where the game keeps them, and reading one that another program may be holding.

Source of the paths: the game writes `WTF/Account/<ACCOUNT>/SavedVariables/<Addon>.lua` below the folder of each flavour
(`_retail_`, `_classic_`, …).
"""

from __future__ import annotations

import stat
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from patt.companion.given import printable
from sv_common.guild_sync.core.errors import BadInput
from sv_common.guild_sync.core.language import tr
from sv_common.guild_sync.sources.addon.export import read_addon_export
from sv_common.guild_sync.sources.addon.saved_variables import MAX_BYTES

FILE_NAME = "PATTSync.lua"
_QUOTES = "\"'"
_BELOW_THE_GAME = f"_*_/WTF/Account/*/SavedVariables/{FILE_NAME}"
_EXAMPLE = r'patt watch "D:\Games\World of Warcraft"'
_SECONDS_OF_WRITING = 10
"""A file that is not complete and was changed within so many seconds is probably still being written."""

FileState: TypeAlias = tuple[int, int]
"""Size in bytes and time of the last change in nanoseconds."""


@dataclass(frozen=True, slots=True)
class Export:
    """A complete export; `made_at` is in nanoseconds since 1970."""

    content_hash: str
    made_at: int
    content: bytes


@dataclass(frozen=True, slots=True)
class Unusable:
    """Why a file gives no export now, and whether that may change soon without anyone doing anything."""

    sentence: str
    may_pass: bool


def export_files(folder: Path) -> list[Path]:
    """Return the addon's files below a folder: the game's, one of a flavour, or any between it and the file."""
    if folder.name == FILE_NAME and not folder.is_dir():
        return [folder] if folder.exists() else []
    parts = _BELOW_THE_GAME.split("/")
    patterns = ("/".join(parts[start:]) for start in range(len(parts)))
    return sorted({file for pattern in patterns for file in folder.glob(pattern)})


def export_file(typed: str) -> Path:
    """Return the export that somebody names: a file, or the newest in a folder, such as the game's.

    Quotes around it, as terminals and file managers add them, do not count. Raises `BadInput` for a folder without an export.
    """
    file = Path(_unquoted(typed))
    try:
        file = file.expanduser()
        if not file.is_dir():
            return file
        newest = max(export_files(file), key=lambda each: each.stat().st_mtime, default=None)
    except (OSError, RuntimeError):  # reading it says why
        return file
    if newest is None:
        raise BadInput(
            tr(
                "There is no export of the addon in {folder}. Name the file {file}, or the folder of the game.",
                folder=printable(file),
                file=FILE_NAME,
            )
        )
    return newest


def _unquoted(typed: str) -> str:
    text = typed.strip().removeprefix("& ").strip()
    is_quoted = len(text) > 1 and text[0] == text[-1] and text[0] in _QUOTES
    return text[1:-1] if is_quoted else text


def checked_folder(folder: Path) -> Path:
    """Return a folder in which the addon's file can be searched. Raises `BadInput` for one that cannot be the game's."""
    try:
        folder = folder.expanduser()
        if export_files(folder):
            return folder
        if folder.is_file():
            raise _wrong_folder(tr("{folder} is a file, and not the game's folder.", folder=printable(folder)))
        if not folder.is_dir():
            raise _missing(folder)
        if "WTF" not in folder.absolute().parts and not any(any(folder.glob(each)) for each in ("WTF", "_*_")):
            raise _wrong_folder(
                tr(
                    "The game is not in {folder}: it holds neither WTF nor a folder like _retail_.",
                    folder=printable(folder),
                )
            )
    except RuntimeError as error:
        raise _missing(folder) from error
    except OSError as error:
        fault = tr("The folder {folder} cannot be read: {reason}.", folder=printable(folder), reason=error.strerror)
        raise _wrong_folder(fault) from error
    return folder


def _missing(folder: Path) -> BadInput:
    return _wrong_folder(tr("The folder {folder} does not exist.", folder=printable(folder)))


def _wrong_folder(fault: str) -> BadInput:
    remedy = tr("Give the folder in which the game is installed, such as: {example}", example=_EXAMPLE)
    return BadInput(f"{fault} {remedy}")


def state_of(file: Path) -> FileState | Unusable:
    """Return the state of a file without opening it."""
    try:
        status = file.stat()
    except OSError as error:
        return Unusable(_cannot_be_read(file, error), may_pass=True)
    if not stat.S_ISREG(status.st_mode):
        return Unusable(_no_file(file, is_folder=stat.S_ISDIR(status.st_mode)), may_pass=False)
    if status.st_size == 0:
        return Unusable(
            tr(
                "The file of {account} is empty. The game may be writing it; it will be read again.",
                account=label_of(file),
            ),
            may_pass=_is_fresh(status.st_mtime_ns),
        )
    if status.st_size > MAX_BYTES:
        sentence = tr("The file of {account} is far too large for an export.", account=label_of(file))
        return Unusable(sentence, may_pass=False)
    return status.st_size, status.st_mtime_ns


def _no_file(file: Path, *, is_folder: bool) -> str:
    if is_folder:
        return tr(
            "{file} is a folder, where the addon's file should be. Move it away, then type /pattsync and /reload in the game.",
            file=printable(file),
        )
    return tr(
        "{file} is no file, where the addon's file should be. Move it away, then type /pattsync and /reload in the game.",
        file=printable(file),
    )


def _cannot_be_read(file: Path, error: OSError) -> str:
    return tr(
        "The file of {account} cannot be read: {reason}.",
        account=label_of(file),
        reason=error.strerror or type(error).__name__,
    )


def read_export(file: Path, state: FileState) -> Export | Unusable:
    """Read the export of a file that is in this state."""
    try:
        content = file.read_bytes()
    except PermissionError:
        return Unusable(
            tr(
                "The file of {account} cannot be opened: another program holds it, or you may not read it. PATT "
                "tries again later.",
                account=label_of(file),
            ),
            may_pass=True,
        )
    except OSError as error:
        later = tr("PATT tries again later.")
        return Unusable(f"{_cannot_be_read(file, error)} {later}", may_pass=True)
    if state_of(file) != state:
        return being_written(file)
    try:
        export = read_addon_export(content)
    except BadInput as error:
        return Unusable(f"{label_of(file)}: {error}", may_pass=_is_fresh(state[1]))
    made_at = state[1] if export.exported_at is None else export.exported_at * 10**9
    return Export(export.content_hash, made_at, content)


def being_written(file: Path) -> Unusable:
    """Say that a file has changed since the last check."""
    return Unusable(
        tr(
            "The file of {account} is new or being written; it will be read once it is complete.",
            account=label_of(file),
        ),
        may_pass=True,
    )


def label_of(file: Path) -> str:
    """Name a file by what tells it from the others of this computer: the flavour of the game, and the account."""
    parts = file.absolute().parts
    if len(parts) < len(_BELOW_THE_GAME.split("/")) or parts[-2] != "SavedVariables":
        return printable(file)
    flavour = parts[-6]
    is_flavour = flavour.startswith("_") and flavour.endswith("_")
    account = printable(parts[-3])
    if is_flavour:
        return tr("{flavour}, account {account}", flavour=printable(flavour), account=account)
    return tr("account {account}", account=account)


def label_of_folder(folder: Path) -> str:
    """Name an addon's folder by the flavour of the game, if it lies in one."""
    parts = folder.absolute().parts
    flavour = parts[-4] if len(parts) > len(("flavour", "Interface", "AddOns", "addon")) else ""
    return printable(flavour) if flavour.startswith("_") and flavour.endswith("_") else printable(folder)


def _is_fresh(changed_at: int) -> bool:
    return abs(time.time_ns() - changed_at) < _SECONDS_OF_WRITING * 10**9
