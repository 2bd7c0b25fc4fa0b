"""A law that every test holds: nobody outside is asked by whoever holds a connection of a pool.

An answer can take a minute. Meanwhile the connection, and often the guild's lock, would be kept from everybody else.
"""

from __future__ import annotations

import contextlib
import traceback
from collections.abc import Iterator
from typing import Any

import httpx2

from sv_common.db.holding import held_connections

_FRAMES = 12
_asked: list[str] = []


def note_if_holding(who: str) -> None:
    """Note that somebody outside is asked now, if whoever asks holds a connection."""
    if not held_connections():
        return
    frames = [frame for frame in traceback.extract_stack() if "/src/" in frame.filename]
    _asked.append(f"{who} was asked while a connection was held:\n{''.join(traceback.format_list(frames[-_FRAMES:]))}")


@contextlib.contextmanager
def held_to_the_law() -> Iterator[None]:
    """Raise `AssertionError` at the end of the block if the law was broken in it."""
    _asked.clear()
    yield
    assert _asked == [], "\n".join(_asked)


def watch_http() -> None:
    """Look at every request that goes over the network, from now on."""
    usual = httpx2.AsyncHTTPTransport.handle_async_request

    async def watched(self: Any, request: httpx2.Request) -> httpx2.Response:
        note_if_holding(str(request.url))
        return await usual(self, request)

    httpx2.AsyncHTTPTransport.handle_async_request = watched  # type: ignore[method-assign]
