"""What waits to be sent and what was sent, kept in a folder so that nothing is lost while the server is away.

Two companions may use one folder at the same time: each export has a file of its own, which is there as a whole or not at
all, and what the other one took away is gone without a fault.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from patt.companion.sending import Answer
from sv_common.guild_sync.core.errors import ConfigurationError

MOST_REMEMBERED = 100
"""Exports that stay known as settled; the game keeps only the last one of each account."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """An export that is to be sent, by the hash of what it says."""

    content_hash: str
    path: Path


@dataclass(frozen=True, slots=True)
class Settled:
    """An export that was sent or refused. By `untold` the server can be asked what became of it, until that was told."""

    content_hash: str
    answer: str
    sentence: str
    untold: int | None = None


class Spool:
    """A folder with one file for each export that waits (`.lua`), and one for each that is settled (`.json`).

    Everything here raises `ConfigurationError` where the folder cannot be used.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        with self._usable():
            folder.mkdir(parents=True, exist_ok=True)

    def waits(self, content_hash: str) -> bool:
        """Whether an export waits already."""
        with self._usable():
            return any(self._folder.glob(f"*-{content_hash}.lua"))

    def keep(self, content_hash: str, made_at: int, content: bytes) -> None:
        """Let an export wait; `made_at` is when it was made, in nanoseconds since 1970."""
        self._write(self._folder / f"{max(made_at, 0):021d}-{content_hash}.lua", content)

    def waiting(self) -> list[Waiting]:
        """Return what waits, by the time at which it was made."""
        with self._usable():
            return [Waiting(file.stem.rpartition("-")[2], file) for file in sorted(self._folder.glob("*-*.lua"))]

    def content(self, waiting: Waiting) -> bytes | None:
        """Return what waits; None where another companion has sent it meanwhile."""
        with self._usable():
            try:
                return waiting.path.read_bytes()
            except FileNotFoundError:
                return None

    def settle(self, waiting: Waiting, answer: Answer, sentence: str, upload_id: int | None = None) -> None:
        """Forget an export that was sent or refused, and remember that it was."""
        self._remember(Settled(waiting.content_hash, answer.value, sentence, upload_id))
        with self._usable():
            waiting.path.unlink(missing_ok=True)
            for file in sorted(self._folder.glob("*.json"), key=_changed_at)[:-MOST_REMEMBERED]:
                file.unlink(missing_ok=True)

    def settled(self, content_hash: str) -> Settled | None:
        """Return what was said of an export; None for one that is not settled."""
        return self._read(self._settled_file(content_hash))

    def untold(self) -> list[Settled]:
        """Return the exports of which it is to be told yet what became of them, in the order of their uploads."""
        with self._usable():
            files = list(self._folder.glob("*.json"))
        found = [each for file in files if (each := self._read(file)) is not None and each.untold is not None]
        return sorted(found, key=lambda each: each.untold or 0)

    def tell(self, settled: Settled) -> None:
        """Remember that it was told what became of an export."""
        self._remember(replace(settled, untold=None))

    def forget(self, settled: Settled) -> None:
        """Forget an export, so that it is sent when it is met again."""
        with self._usable():
            self._settled_file(settled.content_hash).unlink(missing_ok=True)

    def _remember(self, settled: Settled) -> None:
        self._write(self._settled_file(settled.content_hash), json.dumps(asdict(settled)).encode())

    def _settled_file(self, content_hash: str) -> Path:
        return self._folder / f"{content_hash}.json"

    def _read(self, file: Path) -> Settled | None:
        """Read what was said of an export. The server knows an export that it has, so a lost file costs but a request."""
        with self._usable():
            try:
                return Settled(**json.loads(file.read_bytes()))
            except (FileNotFoundError, ValueError, TypeError):
                return None

    def _write(self, file: Path, content: bytes) -> None:
        partial = file.with_suffix(f".{os.getpid()}.part")
        with self._usable():
            partial.write_bytes(content)
            partial.replace(file)

    @contextmanager
    def _usable(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise ConfigurationError(
                f"The folder for what waits, {self._folder}, cannot be used ({error.strerror or type(error).__name__}). "
                "Make room on the disk, and let nothing else of that name stand there."
            ) from error


def _changed_at(file: Path) -> int:
    try:
        return file.stat().st_mtime_ns
    except FileNotFoundError:
        return 0
