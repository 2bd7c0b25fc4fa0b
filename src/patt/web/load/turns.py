"""Who is served at once: each guild in its turn, and no visitor everything.

A process does one thing at a time, so a page that is not begun costs nobody anything, and one that is begun delays all
others. A place is held for as long as a request takes, so what is dear counts for more, and a busy guild uses half of the
places at most.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter, OrderedDict, deque
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from patt.auth.hashing import hashed
from patt.web.context import session_of, speak_as_asked
from patt.web.guard import SAFE_METHODS, bearer_token, upload_key
from patt.web.places import LIVE_PATH
from patt.web.problems import answer
from sv_common.db.shares import ShareInUseError, account
from sv_common.guild_sync.core.language import tr

MOST_AT_ONCE, MOST_OF_ONE = 10, 5
"""Requests that are worked on at once, and those of one guild: as many as there are connections for them."""

MOST_WAITING = 128
"""Requests of one guild that wait for a place; whoever comes then is told to come again."""

PATIENCE_S = 10.0

MOST_UNFINISHED = 32
"""Requests of one session, token or key that may be unanswered; a browser has six for a page."""


class Turns:
    """The places of one process, given to the guilds in turn."""

    def __init__(self) -> None:
        self._working: Counter[str] = Counter()
        self._waiting: OrderedDict[str, deque[asyncio.Future[None]]] = OrderedDict()

    @contextlib.asynccontextmanager
    async def turn(self, key: str) -> AsyncIterator[None]:
        """Hold a place for a guild while the block runs. Raises `ShareInUseError` where too many wait, or for too long."""
        if key in self._waiting or not self._is_free(key):
            await self._wait(key)
        else:
            self._working[key] += 1
        try:
            yield
        finally:
            self._leave(key)

    def _is_free(self, key: str) -> bool:
        return self._working.total() < MOST_AT_ONCE and self._working[key] < MOST_OF_ONE

    async def _wait(self, key: str) -> None:
        queue = self._waiting.setdefault(key, deque())
        if len(queue) >= MOST_WAITING:
            raise ShareInUseError(f"{MOST_WAITING} requests of one guild wait already")
        place: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        queue.append(place)
        try:
            async with asyncio.timeout(PATIENCE_S):
                await asyncio.shield(place)
        except BaseException as error:
            if place.done():  # it came in the same moment, and somebody else may have it
                self._leave(key)
            else:
                self._give_up(key, place)
            if isinstance(error, TimeoutError):
                raise ShareInUseError("no place was free in time") from error
            raise

    def _give_up(self, key: str, place: asyncio.Future[None]) -> None:
        queue = self._waiting[key]
        queue.remove(place)
        if not queue:
            del self._waiting[key]

    def _leave(self, key: str) -> None:
        self._working[key] -= 1
        if not self._working[key]:
            del self._working[key]
        while (following := next((each for each in self._waiting if self._is_free(each)), None)) is not None:
            queue = self._waiting[following]
            self._working[following] += 1
            queue.popleft().set_result(None)
            self._waiting.move_to_end(following)
            if not queue:
                del self._waiting[following]


class TakeTurns:
    """Stands behind the guard, which says for which guild a request is; a stream of events is always open and takes no place."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._turns = Turns()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        key = account() if scope["type"] == "http" and scope["path"] != LIVE_PATH else None
        if key is None or not _is_of_somebody(request := Request(scope)):
            await self._app(scope, receive, send)
            return
        async with contextlib.AsyncExitStack() as held:
            if request.method in SAFE_METHODS:
                try:
                    await held.enter_async_context(self._turns.turn(key))
                except ShareInUseError as error:
                    await (await answer(request, error))(scope, receive, send)
                    return
                await self._app(scope, receive, send)
            else:
                await self._app(scope, _at_its_end(receive, partial(self._take, held, key)), send)

    async def _take(self, held: contextlib.AsyncExitStack, key: str) -> None:
        await held.enter_async_context(self._turns.turn(key))


class LimitUnfinished:
    """Stands before the guard: whoever has too many unanswered requests gets no more looked at, which costs nothing."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._unfinished: Counter[str] = Counter()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        holder = _presented(Request(scope)) if scope["type"] == "http" and scope["path"] != LIVE_PATH else None
        if holder is None:
            await self._app(scope, receive, send)
            return
        if self._unfinished[holder] >= MOST_UNFINISHED:
            request = Request(scope)
            speak_as_asked(request)
            error = HTTPException(429, tr("Too many requests at once."), {"Retry-After": "1"})
            await (await answer(request, error))(scope, receive, send)
            return
        self._unfinished[holder] += 1
        try:
            await self._app(scope, receive, send)
        finally:
            self._unfinished[holder] -= 1
            if not self._unfinished[holder]:
                del self._unfinished[holder]


def _at_its_end(receive: Receive, take: Callable[[], Awaitable[None]]) -> Receive:
    """Return how to read a body whose end takes a place, so that a slow sender holds none."""
    is_taken = False

    async def received() -> Message:
        nonlocal is_taken
        message = await receive()
        if not is_taken and message["type"] == "http.request" and not message.get("more_body", False):
            is_taken = True
            await take()
        return message

    return received


def _is_of_somebody(request: Request) -> bool:
    return bool(getattr(request.state, "caller", None) or getattr(request.state, "uploader", None))


def _presented(request: Request) -> str | None:
    secret = upload_key(request) or bearer_token(request) or session_of(request)
    return hashed(secret) if secret else None
