"""What waits to be sent and what was sent, kept in a folder so that nothing is lost while the server is away."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

MOST_REMEMBERED = 500
"""Exports that stay known as settled; the game keeps only the last one of each account."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """An export that is to be sent, by the hash of what it says."""

    content_hash: str
    path: Path


class Spool:
    """A folder with one file for each export that waits, and a list of those that are settled."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._ledger = folder / "settled.json"
        folder.mkdir(parents=True, exist_ok=True)

    def knows(self, content_hash: str) -> bool:
        """Whether an export waits already, was sent, or was refused."""
        return self._file(content_hash).exists() or content_hash in self._settled()

    def keep(self, content_hash: str, content: bytes) -> None:
        """Let an export wait; it is there as a whole or not at all."""
        partial = self._file(content_hash).with_suffix(".part")
        partial.write_bytes(content)
        partial.replace(self._file(content_hash))

    def waiting(self) -> list[Waiting]:
        """Return what waits, oldest first."""
        files = sorted(self._folder.glob("*.lua"), key=lambda file: (file.stat().st_mtime_ns, file.name))
        return [Waiting(file.stem, file) for file in files]

    def settle(self, waiting: Waiting) -> None:
        """Forget an export that was sent or refused, and remember that it was."""
        settled = [*self._settled(), waiting.content_hash][-MOST_REMEMBERED:]
        partial = self._ledger.with_suffix(".part")
        partial.write_text(json.dumps(settled), encoding="utf-8")
        partial.replace(self._ledger)
        waiting.path.unlink(missing_ok=True)

    def _settled(self) -> list[str]:
        try:
            settled = json.loads(self._ledger.read_text(encoding="utf-8"))
        except (FileNotFoundError, ValueError):
            return []  # the server recognises an export that it has, so a lost list costs nothing but a request
        return settled if isinstance(settled, list) else []

    def _file(self, content_hash: str) -> Path:
        return self._folder / f"{content_hash}.lua"
