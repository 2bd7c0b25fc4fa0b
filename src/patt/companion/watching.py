"""Watching the addon's files: an export is taken when its file is whole and at rest, kept, sent once, and forgotten."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

from patt.companion.sending import Answer, Reply
from patt.companion.spool import Spool
from sv_common.guild_sync.domain.addon_export import read_addon_export
from sv_common.guild_sync.domain.errors import BadInput

Send: TypeAlias = Callable[[bytes], Awaitable[Reply]]
Ask: TypeAlias = Callable[[int], Awaitable[str | None]]
"""Asks what became of an upload; None: not known yet."""

_State: TypeAlias = tuple[int, int]
"""Size in bytes and time of the last change in nanoseconds."""

_LONGEST_PAUSE = 60
"""Looks that are let pass, at most, between two attempts to reach a server that is away."""


@dataclass(slots=True)
class Watcher:
    """Looks at files again and again. The game rewrites a file at each logout, and may be seen in the middle of it."""

    files: Callable[[], Iterable[Path]]
    spool: Spool
    send: Send
    ask: Ask | None = None
    _sent: list[int] = field(default_factory=list)
    _seen: dict[Path, _State] = field(default_factory=dict)
    _done: dict[Path, _State] = field(default_factory=dict)
    _failures: int = 0
    _pause: int = 0

    async def look(self) -> str:
        """Look once, send what waits, and return one line on how things stand."""
        files = list(self.files())
        problems = [problem for file in files if (problem := self._take(file)) is not None]
        sent = await self._send_all() or await self._outcome()
        if sent is not None:
            return sent
        if problems:
            return problems[0]
        if not files:
            return "No export of the addon was found yet. Type /pattsync in the game, then log out or type /reload."
        return f"Watching {len(files)} file(s); everything is sent."

    def _take(self, file: Path) -> str | None:
        """Keep the export of a file that rests since the last look; return why it cannot be used."""
        state = _state_of(file)
        if state is None or self._done.get(file) == state:
            return None
        if self._seen.get(file) != state:
            self._seen[file] = state
            return None
        content = file.read_bytes()
        if _state_of(file) != state:
            return None
        try:
            content_hash = read_addon_export(content).content_hash
        except BadInput as error:
            return f"{file.parent.parent.name}: {error}"
        if not self.spool.knows(content_hash):
            self.spool.keep(content_hash, content)
        self._done[file] = state
        return None

    async def _send_all(self) -> str | None:
        """Send what waits, oldest first; return a line where there is something to tell."""
        if self._pause > 0:
            self._pause -= 1
            return f"{len(self.spool.waiting())} export(s) wait; the server is away."
        told: str | None = None
        for waiting in self.spool.waiting():
            reply = await self.send(waiting.path.read_bytes())
            match reply.answer:
                case Answer.SENT:
                    told = f"Sent. {reply.sentence}"
                    if reply.upload_id is not None:
                        self._sent.append(reply.upload_id)
                case Answer.REFUSED:
                    told = f"The server refused an export: {reply.sentence}"
                case Answer.AWAY | Answer.KEY_REJECTED:
                    self._failures += 1
                    self._pause = min(2**self._failures - 1, _LONGEST_PAUSE)
                    return f"{len(self.spool.waiting())} export(s) wait. {reply.sentence}"
            self.spool.settle(waiting)
            self._failures = 0
        return told

    async def _outcome(self) -> str | None:
        """Ask for what was sent first and is not settled; return what became of it, once that is known."""
        if self.ask is None or not self._sent:
            return None
        outcome = await self.ask(self._sent[0])
        if outcome is None:
            return None
        return f"Upload {self._sent.pop(0)}: {outcome}"


def _state_of(file: Path) -> _State | None:
    try:
        status = file.stat()
    except OSError:
        return None
    return (status.st_size, status.st_mtime_ns) if status.st_size else None
