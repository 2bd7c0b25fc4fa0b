"""What the companion keeps on this computer, in a folder that only its user can open.

The code with its upload key, the folders that the player named, the exports that wait, and what the companion said last.
On Windows the folder lies below the user's own, which other users cannot open.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import stat
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import platformdirs

from patt.companion.code import Code, write_code
from patt.companion.given import checked_code, printable
from patt.companion.whole_files import PRIVATE_FILE, PRIVATE_FOLDER, usable, write_whole
from sv_common.guild_sync.core.errors import BadInput
from sv_common.guild_sync.core.language import tr

_OTHERS = stat.S_IRWXG | stat.S_IRWXO
_LARGEST = 64 * 1024


@dataclass(frozen=True, slots=True)
class Kept:
    """What a player gave once: the code, what it says, and the folders of the game, if any were named."""

    text: str
    code: Code
    folders: tuple[Path, ...] = ()


@dataclass(frozen=True, slots=True)
class Said:
    """What the companion in the background said last, and when it was last seen at work. `ended` says that it ended."""

    line: str
    at: datetime
    ended: bool = False


class Home:
    """The companion's folder. Every method raises `ConfigurationError` if it cannot be used."""

    def __init__(self, folder: Path | None = None) -> None:
        self.folder = folder or Path(platformdirs.user_data_dir("patt")) / "companion"

    @property
    def _settings(self) -> Path:
        return self.folder / "settings.json"

    @property
    def _said(self) -> Path:
        return self.folder / "said.json"

    def spool(self, code: Code) -> Path:
        """Return the folder for what waits: one for each server and key, since an export is for one guild alone.

        No key is in its name.
        """
        name = hashlib.sha256(f"{code.server}\n{code.key}".encode()).hexdigest()[:16]
        self._make()
        return self.folder / name

    def kept(self) -> Kept | None:
        """Return what was given before; None if nothing was. Raises `BadInput` for a code that is damaged now."""
        self._close_to_others()
        content = self._read(self._settings)
        if content is None:
            return None
        text, folders = content.get("code"), content.get("folders")
        if not isinstance(text, str) or not isinstance(folders, list):
            raise BadInput(
                tr(
                    "The file {file} is damaged. Give your code again: patt companion code",
                    file=printable(self._settings),
                )
            )
        return Kept(text, checked_code(text), tuple(Path(each) for each in folders if isinstance(each, str)))

    def keep(self, text: str, folders: Sequence[Path]) -> Kept:
        """Keep a code and folders instead of those that were kept. Raises `BadInput` for a text that is not a code."""
        code, absolute = checked_code(text), tuple(each.absolute() for each in folders)
        written = write_code(code.server, code.key)
        self._write(self._settings, {"code": written, "folders": [str(each) for each in absolute]})
        return Kept(written, code, absolute)

    def said(self) -> Said | None:
        content = self._read(self._said) or {}
        try:
            at = datetime.fromisoformat(str(content["at"])).astimezone(UTC)
            return Said(str(content["line"]), at, ended=bool(content["ended"]))
        except (KeyError, ValueError):
            return None

    def say(self, said: Said) -> None:
        self._write(self._said, {"line": said.line, "at": said.at.isoformat(), "ended": said.ended})

    def waiting(self) -> int:
        """Return how many exports wait to be sent, for whichever server and key."""
        with self._usable():
            return len(list(self.folder.glob("*/*-*.lua")))

    def forget(self) -> None:
        """Remove the folder and all that is in it, and the one above it if nothing else is there."""
        with self._usable():
            if self.folder.exists():
                shutil.rmtree(self.folder)
            above = self.folder.parent
            if above.is_dir() and not any(above.iterdir()):
                above.rmdir()

    def _make(self) -> None:
        with self._usable():
            self.folder.parent.mkdir(parents=True, exist_ok=True)
            self.folder.mkdir(mode=PRIVATE_FOLDER, exist_ok=True)
            self._close_to_others()

    def _close_to_others(self) -> None:
        """Close what others could open: a copy or a restored backup may have lost that it is private."""
        if os.name != "posix":
            return
        with self._usable():
            for path, mode in ((self.folder, PRIVATE_FOLDER), (self._settings, PRIVATE_FILE)):
                if path.exists() and path.stat().st_mode & _OTHERS:
                    path.chmod(mode)

    def _read(self, file: Path) -> dict[str, Any] | None:
        with self._usable():
            try:
                with file.open("rb") as opened:
                    content = json.loads(opened.read(_LARGEST))
            except FileNotFoundError:
                return None
            except (ValueError, RecursionError):
                return {}
        return content if isinstance(content, dict) else {}

    def _write(self, file: Path, content: dict[str, Any]) -> None:
        """Write a file that is there completely or not at all, and that nobody else could open at any moment."""
        self._make()
        with self._usable():
            write_whole(file, json.dumps(content).encode(), is_private=True)

    def _usable(self) -> AbstractContextManager[None]:
        return usable(
            lambda reason: tr(
                "The folder of the companion, {folder}, cannot be used ({reason}). "
                "Make room on the disk, and remove anything else of that name.",
                folder=printable(self.folder),
                reason=reason,
            )
        )
