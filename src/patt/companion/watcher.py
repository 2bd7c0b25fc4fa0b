"""Watching the addon's files: an export is read once its file is complete, kept until it is sent, and then forgotten.

What waits and what was sent is kept in a folder, so nothing is lost while the server is away. Two companions may use one
folder at the same time: each export has a file of its own, which is there completely or not at all, and a file that the other
one removed is no fault.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Iterable
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TypeAlias

from patt.companion.files import FileState, Unusable, being_written, read_export, state_of
from patt.companion.server import Answer, Outcome, Reply, State
from patt.companion.whole_files import usable, write_whole
from sv_common.guild_sync.core.errors import ConfigurationError
from sv_common.guild_sync.core.language import mark, tr, tr_n

Send: TypeAlias = Callable[[bytes], Awaitable[Reply]]
FetchOutcome: TypeAlias = Callable[[int], Awaitable[Outcome | None]]

MOST_REMEMBERED = 100
"""Exports that stay known as settled; the game keeps only the last one of each account."""

_LONGEST_PAUSE = 60
"""Checks that are skipped, at most, between two attempts to reach a server that is away."""
_LONGEST_PAUSE_OF_OUTCOMES = 12
"""Checks that are skipped, at most, between two requests for outcomes."""
_NOTHING_YET = mark("No export of the addon was found yet. Type /pattsync in the game, then log out or type /reload.")

_OUTCOMES = {
    State.DONE: mark("The server processed your last export."),
    State.SUPERSEDED: mark("The server had a newer export than your last one."),
    State.REFUSED: mark("The server could not use your last export."),
    State.FAILED: mark("The server could not process your last export."),
}


@dataclass(frozen=True, slots=True)
class Settled:
    """An export that was sent or refused. `untold` is its upload until its outcome was shown."""

    content_hash: str
    answer: str
    sentence: str
    untold: int | None = None


class Spool:
    """A folder with one file for each export that waits (`.lua`), and one for each that is settled (`.json`).

    Every method raises `ConfigurationError` if the folder cannot be used.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        with self._usable():
            folder.mkdir(parents=True, exist_ok=True)

    def waits(self, content_hash: str) -> bool:
        with self._usable():
            return any(self._folder.glob(f"*-{content_hash}.lua"))

    def keep(self, content_hash: str, made_at: int, content: bytes) -> None:
        """Let an export wait; `made_at` is when it was made, in nanoseconds since 1970."""
        self._write(self._folder / f"{max(made_at, 0):021d}-{content_hash}.lua", content)

    def waiting(self) -> list[Path]:
        """Return the files of what waits, by the time at which it was made."""
        with self._usable():
            return sorted(self._folder.glob("*-*.lua"))

    def content(self, waiting: Path) -> bytes | None:
        """Return what waits; None if another companion has sent it meanwhile."""
        with self._usable():
            try:
                return waiting.read_bytes()
            except FileNotFoundError:
                return None

    def settle(self, waiting: Path, reply: Reply) -> None:
        """Forget an export that was sent or refused, and remember that it was."""
        content_hash = waiting.stem.rpartition("-")[2]
        self.remember(Settled(content_hash, reply.answer.value, reply.sentence, reply.upload_id))
        with self._usable():
            waiting.unlink(missing_ok=True)
            for file in sorted(self._folder.glob("*.json"), key=_changed_at)[:-MOST_REMEMBERED]:
                file.unlink(missing_ok=True)

    def settled(self, content_hash: str) -> Settled | None:
        return self._read(self._settled_file(content_hash))

    def untold(self) -> list[Settled]:
        """Return the exports whose outcome was not shown yet, in the order of their uploads."""
        with self._usable():
            files = list(self._folder.glob("*.json"))
        found = [each for file in files if (each := self._read(file)) is not None and each.untold is not None]
        return sorted(found, key=lambda each: each.untold or 0)

    def forget(self, settled: Settled) -> None:
        with self._usable():
            self._settled_file(settled.content_hash).unlink(missing_ok=True)

    def remember(self, settled: Settled) -> None:
        self._write(self._settled_file(settled.content_hash), json.dumps(asdict(settled)).encode())

    def _settled_file(self, content_hash: str) -> Path:
        return self._folder / f"{content_hash}.json"

    def _read(self, file: Path) -> Settled | None:
        """Read how an export was settled. The server knows each export that it has, so a lost file costs only a request."""
        with self._usable():
            try:
                return Settled(**json.loads(file.read_bytes()))
            except (FileNotFoundError, ValueError, TypeError):
                return None

    def _write(self, file: Path, content: bytes) -> None:
        with self._usable():
            write_whole(file, content, is_private=True)

    def _usable(self) -> AbstractContextManager[None]:
        return usable(
            lambda reason: tr(
                "The folder for what waits, {folder}, cannot be used ({reason}). "
                "Make room on the disk, and remove anything else of that name.",
                folder=self._folder,
                reason=reason,
            )
        )


@dataclass(slots=True)
class Outcomes:
    """Fetches the outcome of each upload until the server knows it, also after a restart."""

    spool: Spool
    fetch: FetchOutcome
    _tries: int = 0
    _pause: int = 0
    _newest: int | None = None

    async def sentences(self) -> list[str]:
        """Return a sentence for each upload whose outcome the server knows now."""
        untold = self.spool.untold()
        if not untold:
            return []
        if untold[-1].untold != self._newest:
            self._newest, self._tries, self._pause = untold[-1].untold, 0, 0
        if self._pause > 0:
            self._pause -= 1
            return []
        self._tries += 1
        self._pause = min(2**self._tries - 2, _LONGEST_PAUSE_OF_OUTCOMES)
        sentences = []
        for each in untold:
            outcome = await self.fetch(each.untold or 0)
            if outcome is None:
                break
            if outcome.state in _OUTCOMES:
                sentences.append(f"{tr(_OUTCOMES[outcome.state])} {outcome.sentence}".rstrip())
            self._note(each, outcome)
        return sentences

    def _note(self, settled: Settled, outcome: Outcome) -> None:
        match outcome.state:
            case State.WAITS:
                return
            case State.FAILED:
                self.spool.forget(settled)
            case State.REFUSED:
                refused = replace(settled, answer=Answer.REFUSED.value, sentence=outcome.sentence)
                self.spool.remember(replace(refused, untold=None))
            case _:
                self.spool.remember(replace(settled, untold=None))


@dataclass(frozen=True, slots=True)
class Status:
    """The state after a check, and what happened in it, which is shown once."""

    line: str
    news: tuple[str, ...] = ()
    is_delivered: bool = False
    """Whether there is an export, every file is complete, and the server has all of them."""
    is_rejected: bool = False
    """Whether the server does not accept the key, so that nothing can be sent before there is another one."""
    may_change_soon: bool = False
    """Whether a file is being written or held, so that checking again soon is worth it."""
    files: tuple[Path, ...] = ()
    unusable: tuple[tuple[Path, str], ...] = ()
    """Files that give no export now, each with the reason."""
    faults: tuple[str, ...] = ()
    """Why exports are not at the server, or were not taken in."""


@dataclass(slots=True)
class Watcher:
    """Checks files again and again. The game rewrites a file at each logout, and may be in the middle of it."""

    files: Callable[[], Iterable[Path]]
    spool: Spool
    send: Send
    fetch: FetchOutcome
    _seen: dict[Path, FileState] = field(default_factory=dict)
    _known: dict[Path, tuple[FileState, str | Unusable]] = field(default_factory=dict)
    """What a file in this state holds: the hash of an export, or why it gives none."""
    _failures: int = 0
    _pause: int = 0
    _fault: Reply | None = None
    """Why the last attempt to send failed; None once one succeeded."""
    _outcomes: Outcomes = field(init=False)

    def __post_init__(self) -> None:
        self._outcomes = Outcomes(self.spool, self.fetch)

    @property
    def awaits_an_outcome(self) -> bool:
        """Whether the server does not know the outcome of an upload yet."""
        return bool(self.spool.untold())

    async def check(self) -> Status:
        """Check once, send what waits, and return the state. Nothing that a folder holds makes it raise."""
        news: list[str] = []
        try:
            files = list(self.files())
            unusable = [(file, problem) for file in files if (problem := self._check(file)) is not None]
            news += await self._outcomes.sentences()
            away = await self._send_all(news)
            undelivered = self._undelivered(files)
        except ConfigurationError as error:
            return Status(str(error), tuple(news))
        except OSError as error:
            sentence = tr("The game's folder cannot be read ({reason}). PATT tries again later.", reason=error.strerror)
            return Status(sentence, tuple(news))
        reasons = tuple((file, problem.sentence) for file, problem in unusable)
        faults = (*([away] if away else []), *undelivered)
        problems = [*faults[:1], *(reason for _, reason in reasons), *faults[1:]]
        return Status(
            " ".join(problems) or _at_rest(len(files)),
            tuple(news),
            is_delivered=bool(files) and not problems,
            is_rejected=self._fault is not None and self._fault.answer is Answer.KEY_REJECTED,
            may_change_soon=any(problem.may_pass for _, problem in unusable),
            files=tuple(files),
            unusable=reasons,
            faults=faults,
        )

    def _check(self, file: Path) -> Unusable | None:
        """Keep the export of a file that has not changed since the last check; return why it cannot be used."""
        state = state_of(file)
        if isinstance(state, Unusable):
            return state
        known_state, known = self._known.get(file, (None, None))
        if known_state == state:
            return known if isinstance(known, Unusable) else None
        if self._seen.get(file) != state:
            self._seen[file] = state
            return being_written(file)
        export = read_export(file, state)
        if isinstance(export, Unusable):
            if not export.may_pass:
                self._known[file] = state, export
            return export
        if not self.spool.waits(export.content_hash) and self.spool.settled(export.content_hash) is None:
            self.spool.keep(export.content_hash, export.made_at, export.content)
        self._known[file] = state, export.content_hash
        return None

    async def _send_all(self, news: list[str]) -> str | None:
        """Send what waits, oldest first; return why the rest has to wait."""
        if self._pause > 0:
            self._pause -= 1
            return self._waits(self._fault.sentence if self._fault else "")
        for waiting in self.spool.waiting():
            content = self.spool.content(waiting)
            if content is None:
                continue
            reply = await self.send(content)
            match reply.answer:
                case Answer.SENT:
                    sent = tr("Sent.")
                    news.append(f"{sent} {reply.sentence}".rstrip())
                case Answer.SUPERSEDED:
                    sent = tr("Sent, but the server had a newer export.")
                    news.append(f"{sent} {reply.sentence}".rstrip())
                case Answer.REFUSED:
                    news.append(tr("The server refused an export: {reason}", reason=reply.sentence))
                case Answer.AWAY | Answer.KEY_REJECTED:
                    self._failures += 1
                    self._pause = min(2**self._failures - 1, _LONGEST_PAUSE)
                    self._fault = reply
                    return self._waits(reply.sentence)
            self.spool.settle(waiting, reply)
            self._failures, self._fault = 0, None
        return None

    def _waits(self, why: str) -> str | None:
        count = len(self.spool.waiting())
        if not count:
            return None
        waits = tr_n("Waiting to be sent: {n} export.", "Waiting to be sent: {n} exports.", count)
        return f"{waits} {why}".rstrip()

    def _undelivered(self, files: Iterable[Path]) -> list[str]:
        """One sentence for each file whose export the server did not take."""
        exports = [self._known[file][1] for file in files if file in self._known]
        return [why for each in exports if isinstance(each, str) and (why := self._why_undelivered(each))]

    def _why_undelivered(self, content_hash: str) -> str:
        settled = self.spool.settled(content_hash)
        if settled is None and not self.spool.waits(content_hash):
            return tr(
                "The server could not process this export. It will be sent again when you start patt watch again."
            )
        if settled is None or settled.answer != Answer.REFUSED:
            return ""
        refused = tr("The server refused this export: {reason}", reason=settled.sentence)
        remedy = tr("Type /pattsync and /reload in the game for a new one.")
        return f"{refused} {remedy}"


def _at_rest(files: int) -> str:
    if not files:
        return tr(_NOTHING_YET)
    return tr_n("Watching {n} file; everything is sent.", "Watching {n} files; everything is sent.", files)


def _changed_at(file: Path) -> int:
    try:
        return file.stat().st_mtime_ns
    except FileNotFoundError:
        return 0
