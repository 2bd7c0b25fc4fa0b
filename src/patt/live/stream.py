"""One open stream of events: the current state, then each event, a heartbeat, and its end.

It ends when the session or token it was opened with is no longer valid, when the server stops, and when it falls too far
behind; a browser reconnects automatically in the latter two cases. It holds no database connection.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import psycopg
from fastapi.sse import KEEPALIVE_COMMENT, format_sse_event
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from patt.auth.permissions import Role, includes
from patt.bootstrap import Services
from patt.live.hub import Event, Hub, Subscription
from patt.web.context import Caller
from patt.web.guard import Guard
from sv_common.guild_sync.core.errors import NotFound
from sv_common.guild_sync.core.language import tr

MOST_STREAMS = 8
"""Streams that one session or token may have open: a page in the background closes its own."""

HEARTBEAT_S = 15.0
"""Seconds between two heartbeats, at each of which it is checked whether the stream is still allowed."""

_RETRY_MS = 2000
_CLOSE_TIMEOUT_S = 1.0
_HEADERS = {"X-Accel-Buffering": "no"}
"""Tells nginx, and what understands it, to pass events on at once."""


@dataclass(frozen=True, slots=True)
class Listener:
    """Who listens, in which role, and after which cursor. `is_authorized` checks access again, `read_now` reads the current state."""

    actor: str
    role: Role
    guild_id: int
    holder: str
    after: str | None
    is_authorized: Callable[[], Awaitable[bool]]
    read_now: Callable[[], Awaitable[dict[str, Any]]]


class LiveResponse(Response):
    """Answers with events until there is a reason to end."""

    media_type = "text/event-stream"

    def __init__(self, hub: Hub, listener: Listener, heartbeat_s: float) -> None:
        super().__init__(headers=_HEADERS)
        del self.headers["content-length"]
        self._hub = hub
        self._listener = listener
        self._heartbeat_s = heartbeat_s

    async def __call__(self, _scope: Scope, receive: Receive, send: Send) -> None:
        """Send until the listener disconnects, loses access or falls behind, or the server stops.

        Raises `HTTPException` when the session or token has too many streams open.
        """
        with self._hub.place(self._listener.holder, MOST_STREAMS) as is_free:
            if not is_free:
                sentence = tr(
                    "{n} streams are open already. Close a page, or wait until it is closed.",
                    n=MOST_STREAMS,
                )
                raise HTTPException(429, sentence, {"Retry-After": "30"})
            await self._serve(receive, send)

    async def _serve(self, receive: Receive, send: Send) -> None:
        async with self._hub.subscribe(self._listener.guild_id, self._listener.after) as subscription:
            await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
            sending = asyncio.create_task(self._send(send, subscription))
            leaving = asyncio.create_task(_until_gone(receive))
            ending = asyncio.create_task(subscription.is_over.wait())
            tasks = (sending, leaving, ending)
            try:
                await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
                is_gone = leaving.done()
            finally:
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)
        if not sending.cancelled():
            sending.result()
        if not is_gone:
            with contextlib.suppress(TimeoutError):  # a client that does not read is not waited for
                async with asyncio.timeout(_CLOSE_TIMEOUT_S):
                    await send({"type": "http.response.body", "body": b""})

    async def _send(self, send: Send, subscription: Subscription) -> None:
        async for chunk in self._chunks(subscription):
            await send({"type": "http.response.body", "body": chunk, "more_body": True})

    async def _chunks(self, subscription: Subscription) -> AsyncIterator[bytes]:
        """Yield the current state, then events and heartbeats; it ends when the database is away."""
        with contextlib.suppress(psycopg.OperationalError):
            now = {**await self._listener.read_now(), "is_continued": subscription.is_continued}
            yield format_sse_event(event="hello", data_str=json.dumps(now), id=subscription.start, retry=_RETRY_MS)
            clock = asyncio.get_running_loop().time
            due = clock() + self._heartbeat_s
            while True:
                try:
                    async with asyncio.timeout_at(due):
                        event = await subscription.next()
                except TimeoutError:
                    if not await self._listener.is_authorized():
                        yield format_sse_event(event="bye", data_str="{}")
                        return
                    due = clock() + self._heartbeat_s
                    yield KEEPALIVE_COMMENT
                else:
                    if not event.is_for_officers or includes(self._listener.role, "officer"):
                        yield self._format(event)

    def _format(self, event: Event) -> bytes:
        data = {**event.data, "is_own": self._listener.actor in event.actors, "cursor": event.cursor}
        return format_sse_event(event=event.name, data_str=json.dumps(data), id=event.cursor)


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


class NoteCursor:
    """Notes the hub's cursor at the beginning of each request, as `request.state.live_cursor`."""

    def __init__(self, app: ASGIApp, hub: Hub) -> None:
        self._app = app
        self._hub = hub

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            scope.setdefault("state", {})["live_cursor"] = self._hub.cursor
        await self._app(scope, receive, send)


async def is_authorized(services: Services, scope: Scope, guild_id: int, role: Role) -> bool:
    """Whether the guard would let the request of an open stream in now, for a caller who has this role in this guild."""
    let_in: list[Caller] = []

    async def note(scope: Scope, _receive: Receive, _send: Send) -> None:
        caller = scope["state"].get("caller")
        if isinstance(caller, Caller):
            let_in.append(caller)

    async def receive() -> Message:
        return {"type": "http.disconnect"}

    async def send(_: Message) -> None:
        """Drop what the guard would answer."""

    await Guard(note, services)({**scope, "state": {}}, receive, send)
    return any(_may_see(caller, guild_id, role) for caller in let_in)


def _may_see(caller: Caller, guild_id: int, role: Role) -> bool:
    try:
        return caller.may_act_as(role) and caller.guild_in_reach(guild_id) == guild_id
    except NotFound:
        return False
