"""Watching the addon's files: an export is taken when its file is whole and at rest, kept, sent once, and forgotten."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

from patt.companion.outcomes import Ask, Outcomes
from patt.companion.reading import State, Unusable, being_written, read_export, state_of
from patt.companion.sending import Answer, Reply
from patt.companion.spool import Spool
from sv_common.guild_sync.core.errors import ConfigurationError

Send: TypeAlias = Callable[[bytes], Awaitable[Reply]]

_LONGEST_PAUSE = 60
"""Looks that are let pass, at most, between two attempts to reach a server that is away."""
_NOTHING_YET = "No export of the addon was found yet. Type /pattsync in the game, then log out or type /reload."


@dataclass(frozen=True, slots=True)
class Look:
    """How things stand after a look, and what happened in it, which is told once."""

    line: str
    news: tuple[str, ...] = ()
    is_delivered: bool = False
    """Whether there is an export, every file is whole, and the server has all of them."""
    may_change_by_itself: bool = False
    """Whether a file is being written or held, so that looking again soon is worth while."""


@dataclass(frozen=True, slots=True)
class _Taken:
    """What a file in this state holds: an export, or what cannot be one."""

    state: State
    export: str | Unusable


@dataclass(slots=True)
class Watcher:
    """Looks at files again and again. The game rewrites a file at each logout, and may be seen in the middle of it."""

    files: Callable[[], Iterable[Path]]
    spool: Spool
    send: Send
    ask: Ask
    _seen: dict[Path, State] = field(default_factory=dict)
    _taken: dict[Path, _Taken] = field(default_factory=dict)
    _failures: int = 0
    _pause: int = 0
    _outcomes: Outcomes = field(init=False)

    def __post_init__(self) -> None:
        """Ask what became of uploads at the same server."""
        self._outcomes = Outcomes(self.spool, self.ask)

    @property
    def awaits_an_outcome(self) -> bool:
        """Whether the server has yet to say what became of an upload."""
        return bool(self.spool.untold())

    async def look(self) -> Look:
        """Look once, send what waits, and say how things stand. Nothing that a folder holds makes it raise."""
        news: list[str] = []
        try:
            files = list(self.files())
            unusable = [problem for file in files if (problem := self._take(file)) is not None]
            news += await self._outcomes.told()
            away = await self._send_all(news)
            undelivered = self._undelivered(files)
        except ConfigurationError as error:
            return Look(str(error), tuple(news))
        except OSError as error:
            return Look(f"The game's folder cannot be looked at ({error.strerror}). It is tried again.", tuple(news))
        problems = [each for each in (away, *(each.sentence for each in unusable), *undelivered) if each is not None]
        return Look(
            " ".join(problems) or self._at_rest(files),
            tuple(news),
            is_delivered=bool(files) and not problems,
            may_change_by_itself=any(each.may_pass for each in unusable),
        )

    def _take(self, file: Path) -> Unusable | None:
        """Keep the export of a file that rests since the last look; return why it cannot be used."""
        state = state_of(file)
        if isinstance(state, Unusable):
            return state
        taken = self._taken.get(file)
        if taken is None or taken.state != state:
            if self._seen.get(file) != state:
                self._seen[file] = state
                return being_written(file)
            taken = self._read(file, state)
        return taken.export if isinstance(taken.export, Unusable) else None

    def _read(self, file: Path, state: State) -> _Taken:
        export = read_export(file, state)
        if isinstance(export, Unusable):
            taken = _Taken(state, export)
            if not export.may_pass:
                self._taken[file] = taken
            return taken
        if not self.spool.waits(export.content_hash) and self.spool.settled(export.content_hash) is None:
            self.spool.keep(export.content_hash, export.made_at, export.content)
        self._taken[file] = _Taken(state, export.content_hash)
        return self._taken[file]

    async def _send_all(self, news: list[str]) -> str | None:
        """Send what waits, oldest first; return why the rest has to wait."""
        if self._pause > 0:
            self._pause -= 1
            return self._waits("The server is away.")
        for waiting in self.spool.waiting():
            content = self.spool.content(waiting)
            if content is None:
                continue
            reply = await self.send(content)
            match reply.answer:
                case Answer.SENT:
                    news.append(f"Sent. {reply.sentence}".rstrip())
                case Answer.SUPERSEDED:
                    news.append(f"Sent, and a newer export was there before. {reply.sentence}".rstrip())
                case Answer.REFUSED:
                    news.append(f"The server refused an export: {reply.sentence}")
                case Answer.AWAY | Answer.KEY_REJECTED:
                    self._failures += 1
                    self._pause = min(2**self._failures - 1, _LONGEST_PAUSE)
                    return self._waits(reply.sentence)
            self.spool.settle(waiting, reply.answer, reply.sentence, reply.upload_id)
            self._failures = 0
        return None

    def _waits(self, why: str) -> str | None:
        count = len(self.spool.waiting())
        return f"{count} export(s) wait. {why}" if count else None

    def _undelivered(self, files: Iterable[Path]) -> list[str]:
        """One sentence for each file whose export the server did not take."""
        taken = [taken.export for file in files if (taken := self._taken.get(file)) is not None]
        return [why for each in taken if isinstance(each, str) and (why := self._why_not_taken(each))]

    def _why_not_taken(self, content_hash: str) -> str:
        settled = self.spool.settled(content_hash)
        if settled is None and not self.spool.waits(content_hash):
            return "The server could not take in this export. It is sent again when patt watch is started again."
        if settled is None or settled.answer != Answer.REFUSED:
            return ""
        return (
            f"The server refused this export: {settled.sentence} Type /pattsync and /reload in the game for a new one."
        )

    def _at_rest(self, files: list[Path]) -> str:
        return f"Watching {len(files)} file(s); everything is sent." if files else _NOTHING_YET
