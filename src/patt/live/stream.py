"""One open stream of events: what is so now, then each event, a heartbeat, and its end.

It ends when the session or token it was opened with counts no longer, when the server stops, and when it has fallen too
far behind; a browser opens it again by itself in the latter cases. It holds no database connection.
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
from starlette.types import Receive, Scope, Send

from patt.live.hub import Event, Hub, Subscription

MOST_STREAMS = 8
"""Streams that one session or token may have open: a page that nobody looks at closes its own."""

HEARTBEAT_S = 15.0
"""Seconds between two signs of life, at each of which it is asked whether the stream may go on."""

_RETRY_MS = 2000
_PATIENCE_AT_THE_END_S = 1.0
_HEADERS = {"X-Accel-Buffering": "no"}
"""Tells nginx, and what understands it, to hand events on at once."""


@dataclass(frozen=True, slots=True)
class Listener:
    """Whoever listens, from which mark on. `may_listen` says whether they still may, `read_now` what is so now."""

    actor: str
    guild_id: int
    holder: str
    after: str | None
    may_listen: Callable[[], Awaitable[bool]]
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
        """Send until the listener has gone, the subscription is over, or nothing more is to be said.

        Raises `HTTPException` for somebody who has all streams open that they may have.
        """
        with self._hub.place(self._listener.holder, MOST_STREAMS) as is_free:
            if not is_free:
                sentence = f"{MOST_STREAMS} streams are open already. Close a page, or wait until it is closed."
                raise HTTPException(429, sentence, {"Retry-After": "30"})
            await self._tell(receive, send)

    async def _tell(self, receive: Receive, send: Send) -> None:
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
            with contextlib.suppress(TimeoutError):  # who does not read is not waited for
                async with asyncio.timeout(_PATIENCE_AT_THE_END_S):
                    await _finish(send)

    async def _send(self, send: Send, subscription: Subscription) -> None:
        async for chunk in self._chunks(subscription):
            await send({"type": "http.response.body", "body": chunk, "more_body": True})

    async def _chunks(self, subscription: Subscription) -> AsyncIterator[bytes]:
        """Give what is so now, then events and heartbeats. Where the database is away it ends, and is opened again."""
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
                    if not await self._listener.may_listen():
                        yield format_sse_event(event="bye", data_str="{}")
                        return
                    due = clock() + self._heartbeat_s
                    yield KEEPALIVE_COMMENT
                else:
                    yield self._told(event)

    def _told(self, event: Event) -> bytes:
        data = {**event.data, "is_own": self._listener.actor in event.actors, "mark": event.mark}
        return format_sse_event(event=event.name, data_str=json.dumps(data), id=event.mark)


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _finish(send: Send) -> None:
    await send({"type": "http.response.body", "body": b""})
