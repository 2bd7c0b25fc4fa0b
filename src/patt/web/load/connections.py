"""Connections to this server: how long each may take, and how many there may be at once.

Whoever sends half a request, or does not read the answer, would otherwise keep a connection for ever, and each is one of
the files that the process may have open. When those are used up, nobody gets in and the database is out of reach.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import sys
from functools import cache
from typing import Any, Literal

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from patt.web.load.seldom import warn_seldom

if sys.platform != "win32":
    import resource

HEADERS_S = 10.0
"""Seconds from a connection, or from the answer before, until the head of a request must be there."""

BODY_S = 120.0
"""Seconds until the whole of a request must be there: the largest upload at half a megabit a second."""

READING_S = 60.0
"""Seconds for which a client that reads nothing of its answer is waited for."""

_KEPT_FREE = 96
"""Open files beside those of visitors: connections to the database, of web and worker, and what Python opens."""

_LEAST = 16
_MOST = 65_536
_WITHOUT_LIMITS = 400
"""Connections on Windows, whose `select` takes 512."""

_OUT_OF_FILES = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})

_Part = Literal["head", "body"]


@cache
def most_connections() -> int:
    """Let this process have as many files open as it may, and return how many connections of visitors that leaves."""
    if sys.platform == "win32":
        return _WITHOUT_LIMITS
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = _MOST if hard == resource.RLIM_INFINITY else min(hard, _MOST)
    if soft != resource.RLIM_INFINITY and soft < most:
        with contextlib.suppress(ValueError, OSError):  # some systems allow less than they say
            resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))
    allowed = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    return max(_LEAST, (most if allowed == resource.RLIM_INFINITY else min(allowed, most)) - _KEPT_FREE)


class BoundedProtocol(H11Protocol):
    """One connection, which ends when the client takes too long, and at once when there are too many."""

    _awaited: _Part | None = None
    _ending: asyncio.TimerHandle | None = None
    _unread: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        if len(self.connections) > most_connections():
            warn_seldom("connections_refused", most=most_connections())
            transport.abort()
            return
        self._wait_for_the_rest()

    def connection_lost(self, exc: Exception | None) -> None:
        for timer in (self._ending, self._unread):
            if timer is not None:
                timer.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        self._wait_for_the_rest()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        self._wait_for_the_rest()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._unread = self.loop.call_later(READING_S, self.transport.abort)

    def resume_writing(self) -> None:
        super().resume_writing()
        if self._unread is not None:
            self._unread.cancel()
            self._unread = None

    def _wait_for_the_rest(self) -> None:
        """Begin to wait for a part of a request, unless that has begun; further bytes of the same part win no time."""
        awaited = self._part()
        if awaited == self._awaited:
            return
        if self._ending is not None:
            self._ending.cancel()
            self._ending = None
        self._awaited = awaited
        if awaited is not None:
            self._ending = self.loop.call_later(HEADERS_S if awaited == "head" else BODY_S, self.transport.close)

    def _part(self) -> _Part | None:
        """What the client has yet to send."""
        state = self.conn.their_state
        if state is h11.IDLE:
            return "head"
        return "body" if state is h11.SEND_BODY else None


def tell_of_faults_seldom(loop: asyncio.AbstractEventLoop) -> None:
    """Log seldom that no file could be opened for a new connection: asyncio tries thousands of times a second."""

    def handle(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
        error = context.get("exception")
        if isinstance(error, OSError) and error.errno in _OUT_OF_FILES:
            warn_seldom("no_more_open_files", error=errno.errorcode.get(error.errno or 0))
        else:
            loop.default_exception_handler(context)

    loop.set_exception_handler(handle)
