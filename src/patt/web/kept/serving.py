"""Gives an answer again that was drawn before, where it would be drawn the same.

What an answer depends on is in its key (who asks, and for what), is left open in it (`marks.py`), or is compared each time: the
rows of the guild (`states.py`), and the minute, the finest time that pages tell.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
import time
from collections.abc import Awaitable, Callable, Hashable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Final

import psycopg
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from patt.web.context import Caller, guild_asked_for
from patt.web.forms import COOKIE, HTMX_HEADER, LANGUAGE_HEADER, UNATTENDED_HEADER
from patt.web.kept import marks
from patt.web.kept.answers import Answer, Kept, KeptAnswers
from patt.web.kept.marks import Part, parts_of
from patt.web.kept.states import State, States
from patt.web.places import DATA_QUALITY, INBOX, PEOPLE
from patt.web.rendering import Viewing, look_as, viewing
from sv_common.db.pool import Pool
from sv_common.db.shares import ShareInUseError
from sv_common.guild_sync.core.language import language

PATIENCE_S: Final = 5.0
"""How long somebody waits for an answer that another one is having drawn, before they have it drawn themselves."""

NOT_TO_BE_KEPT: Final = "is_not_to_be_kept"
"""What `request.state` holds where an answer is not what was asked for, though it says 200."""

SHOWN_BESIDE: Final = 20
"""Guilds before and after the one that is shown, to choose from."""

_KEPT = re.compile(
    rf"{INBOX.href}(?:/[0-9]{{1,18}})?|{DATA_QUALITY.href}(?:/issues/[0-9]{{1,18}})?|{PEOPLE.href}"
    r"|/api/v1/admin/data-quality/issues(?:/[0-9]{1,18})?"
)
"""The addresses whose answers are kept: lists and pages of issues, that read nothing but the rows of their guild."""

_READ = (HTMX_HEADER, "HX-Target", UNATTENDED_HEADER, LANGUAGE_HEADER)
"""The headers on which an answer depends."""

SHORT: Final = 1000
"""Bytes up to which an answer is not packed."""

_LONGEST_QUERY = 300
_OK = 200


@dataclass(frozen=True, slots=True)
class Asked:
    """What is asked for, at which time of this process and which moment of the database, and how many guilds are shown beside."""

    key: Hashable
    at: float
    moment: str | None
    guild_id: int | None
    beside: int
    form_token: bytes
    cursor: str
    takes_gzip: bool

    def text_of(self, parts: Sequence[Part]) -> bytes:
        return Answer.of(parts).text(self.form_token, self.cursor, datetime.now(UTC))


class KeepAnswers:
    """Stands behind the guard, and before the places: what is kept costs nobody anything."""

    def __init__(self, app: ASGIApp, pool: Pool, answers: KeptAnswers) -> None:
        self._app = app
        self._states = States(pool)
        self._answers = answers
        self._drawn: dict[Hashable, asyncio.Event] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        asked = _asked(scope)
        if asked is None:
            await self._app(scope, receive, send)
            return
        patient_until = time.monotonic() + PATIENCE_S
        while (kept := await self._kept(asked)) is None:
            drawn = self._drawn.get(asked.key)
            if drawn is None or time.monotonic() >= patient_until:
                await self._draw(scope, receive, send, asked)
                return
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(patient_until - time.monotonic()):
                    await drawn.wait()
        scope["route"] = kept.route  # metrics count by it
        await _give(send, asked, kept)

    async def _kept(self, asked: Asked) -> Kept | None:
        """Return the answer if it shows what was committed when it was asked for."""
        kept = self._answers.get(asked.key, _minute())
        if kept is None:
            return None
        if asked.moment is not None and kept.state.moment == asked.moment:
            return kept
        if kept.state.as_of >= asked.at:
            return kept
        if asked.guild_id is None or kept.state.state is None:
            return None
        now = await self._states.state(asked.guild_id, asked.beside, since=asked.at, moment=asked.moment)
        if now.state != kept.state.state:
            return None
        kept.state = now
        return kept

    async def _draw(self, scope: Scope, receive: Receive, send: Send, asked: Asked) -> None:
        """Have an answer drawn, and keep it if nothing that it shows was written meanwhile."""
        self._drawn[asked.key] = is_drawn = asyncio.Event()
        try:
            minute, before = _minute(), await self._state(asked)

            async def keep(drawing: _Drawing) -> None:
                if drawing.is_whole(scope) and (state := await self._state_after(before, asked)) is not None:
                    kept = Kept(Answer.of(drawing.parts), drawing.headers, scope.get("route"), state, minute)
                    self._answers.keep(asked.key, kept)

            drawing = _Drawing(asked, send, keep)
            with _left_open(scope):
                await self._app(scope, receive, drawing.send)
        finally:
            if self._drawn.get(asked.key) is is_drawn:
                del self._drawn[asked.key]
            is_drawn.set()

    async def _state(self, asked: Asked) -> State:
        if asked.guild_id is None:
            return await self._states.moment()
        return await self._states.state(asked.guild_id, asked.beside, since=time.monotonic())

    async def _state_after(self, before: State, asked: Asked) -> State | None:
        """Return the state of now where it is the one of before; None where it is another one, or cannot be told."""
        try:
            after = await self._state(asked)
        except (psycopg.Error, ShareInUseError):  # the answer is whole all the same
            return None
        is_same = before.moment is not None and before.moment == after.moment
        return after if is_same or (before.state is not None and before.state == after.state) else None


@dataclass(slots=True)
class _Drawing:
    """An answer on its way, with the marks filled in, and with them to be kept."""

    asked: Asked
    out: Send
    keep: Callable[[_Drawing], Awaitable[None]]
    start: Message | None = None
    status: int = 0
    headers: list[tuple[bytes, bytes]] = field(default_factory=list)
    parts: list[Part] = field(default_factory=list)

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.start, self.status = message, message["status"]
            self.headers = [(name, value) for name, value in message["headers"] if name.lower() != b"content-length"]
            return
        body, is_more = message.get("body", b""), message.get("more_body", False)
        parts = parts_of(body)
        self.parts += parts
        text = self.asked.text_of(parts)
        if not is_more:
            await self.keep(self)
        if self.start is not None:
            length = [] if is_more else [(b"content-length", str(len(text)).encode())]
            start, self.start = {**self.start, "headers": [*self.headers, *length]}, None
            await self.out(start)
        await self.out({**message, "body": text})

    def is_whole(self, scope: Scope) -> bool:
        """Whether this is what was asked for, and holds nothing for one request alone."""
        return (
            self.status == _OK
            and not scope["state"].get(NOT_TO_BE_KEPT)
            and not any(name.lower() == b"set-cookie" for name, _ in self.headers)
        )


def _asked(scope: Scope) -> Asked | None:
    """Return what is asked for; None for what is not kept."""
    if scope["type"] != "http" or scope["method"] != "GET" or _KEPT.fullmatch(scope["path"]) is None:
        return None
    state, headers, query = scope.get("state", {}), Headers(scope=scope), scope["query_string"]
    caller: Caller | None = state.get("caller")
    if (
        caller is None
        or len(query) > _LONGEST_QUERY
        or "content-type" in headers
        or COOKIE in headers.get("cookie", "")
    ):
        return None
    viewer = replace(caller, session_id=None)
    how = tuple(headers.get(each) for each in _READ)
    guild_id = caller.guild_id or guild_asked_for(query)
    return Asked(
        (viewer, scope["path"], query, language(), how),
        time.monotonic(),
        state.get("moment"),
        guild_id,
        0 if caller.guild_id else SHOWN_BESIDE,
        viewing().form_token.encode(),
        state.get("live_cursor") or "",
        "gzip" in headers.get("accept-encoding", ""),
    )


@contextlib.contextmanager
def _left_open(scope: Scope) -> Iterator[None]:
    """Let marks stand for what differs each time, while the block draws."""
    mine, cursor = viewing(), scope["state"].get("live_cursor")
    look_as(Viewing(mine.role, marks.FORM_TOKEN if mine.form_token else "", is_kept=True))
    scope["state"]["live_cursor"] = marks.CURSOR if cursor else None
    try:
        yield
    finally:
        look_as(mine)
        scope["state"]["live_cursor"] = cursor


async def _give(send: Send, asked: Asked, kept: Kept) -> None:
    """Give an answer again, packed like all that are not short."""
    give = kept.answer.gzip if asked.takes_gzip and kept.answer.size >= SHORT else kept.answer.text
    body = give(asked.form_token, asked.cursor, datetime.now(UTC))
    headers = [*kept.headers, (b"content-length", str(len(body)).encode())]
    if give == kept.answer.gzip:
        headers += [(b"content-encoding", b"gzip"), (b"vary", b"Accept-Encoding")]
    await send({"type": "http.response.start", "status": _OK, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def _minute() -> int:
    return int(time.time() // 60)
