"""One connection that listens to PostgreSQL, and everybody in this process who looks at a page.

Each event has a mark: the hub's epoch and a number that counts up. A page carries the mark of the moment before it was
read, and a stream that comes back carries the mark of the last event it had; what came after is given again from the
history. A mark of another epoch (another process, a restart, a lost connection) or older than the history cannot be
continued: the stream is then told to look at everything anew.
"""

from __future__ import annotations

import asyncio
import contextlib
import secrets
from collections import Counter, deque
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from typing import Any

import psycopg
import structlog
from psycopg.conninfo import make_conninfo

from patt.live import news
from patt.live.notices import Notice, gathered, read_notice
from patt.worker import jobs as worker_jobs
from sv_common.db.patience import KEEPALIVES
from sv_common.db.pool import Connection, Pool
from sv_common.guild_sync.jobs import requests

log = structlog.get_logger(__name__)

HISTORY = 500
"""Events that are kept for streams that come back."""

LONGEST_QUEUE = 100
"""Events that wait for one stream; one that falls further behind is dropped, and comes back when it can."""

_GATHER_S = 0.05
_PATIENCE_S = 2.0
_PAUSE_AFTER_A_FAULT_S = 1.0
_PARTS = frozenset({"jobs", "matches", "runs"})
_TELLING = {"attempts": "deeds", "issues": "moves", "settings": "settings"}
"""The statements that say what rows of a kind mean."""


@dataclass(frozen=True, slots=True)
class Event:
    """Something that streams of a guild are told. `actors` are those who did it; guild None is for everybody."""

    mark: str
    guild_id: int | None
    name: str
    data: dict[str, Any] = field(default_factory=dict)
    actors: frozenset[str] = frozenset()


class Subscription:
    """The events for one stream, in a queue that does not grow without bounds.

    `start` is the mark before its first event; `is_continued` says whether nothing is missing before that.
    """

    def __init__(self, guild_id: int, start: str, *, is_continued: bool) -> None:
        self.guild_id = guild_id
        self.start = start
        self.is_continued = is_continued
        self.is_over = asyncio.Event()
        self._events: asyncio.Queue[Event] = asyncio.Queue(LONGEST_QUEUE)

    def put(self, event: Event) -> None:
        """Add an event, or end the subscription where there is no room."""
        try:
            self._events.put_nowait(event)
        except asyncio.QueueFull:
            self.is_over.set()

    async def next(self) -> Event:
        """Wait for the next event."""
        return await self._events.get()


class Hub:
    """Hears notices while anybody listens, and gives each stream the events of its guild."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._epoch = ""
        self._number = 0
        self._history: deque[Event] = deque(maxlen=HISTORY)
        self._subscriptions: set[Subscription] = set()
        self._places: Counter[str] = Counter()
        self._holders = 0
        self._listening: asyncio.Task[None] | None = None
        self._is_heard = asyncio.Event()

    @property
    def mark(self) -> str | None:
        """The mark of this moment; None while nobody listens."""
        return self._mark if self._is_heard.is_set() else None

    @property
    def streams(self) -> int:
        """How many streams are open."""
        return len(self._subscriptions)

    @property
    def _mark(self) -> str:
        return f"{self._epoch}.{self._number}"

    @contextlib.contextmanager
    def place(self, holder: str, most: int) -> Iterator[bool]:
        """Take one of the streams that somebody may have open; give whether there was one left.

        It is counted at once: whoever asks for many at the same moment gets no more.
        """
        is_free = self._places[holder] < most
        self._places[holder] += is_free
        try:
            yield is_free
        finally:
            self._places[holder] -= is_free
            if not self._places[holder]:
                del self._places[holder]

    @contextlib.asynccontextmanager
    async def listening(self) -> AsyncIterator[None]:
        """Listen while the block runs; the last block to end closes the connection.

        The block begins when the database is listened to, or without it where the database does not answer soon.
        """
        self._holders += 1
        if self._listening is None:
            self._listening = asyncio.create_task(self._listen_on())
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_PATIENCE_S):
                await self._is_heard.wait()
        try:
            yield
        finally:
            self._holders -= 1
            if not self._holders:
                await self._stop_listening()

    @contextlib.asynccontextmanager
    async def subscribe(self, guild_id: int, after: str | None) -> AsyncIterator[Subscription]:
        """Give the events of a guild, from a mark on where that can be continued."""
        async with self.listening():
            await self._is_heard.wait()
            missed = self._since(after)
            start = after if after is not None and missed is not None else self._mark
            subscription = Subscription(guild_id, start, is_continued=missed is not None)
            for event in missed or ():
                self._give(event, subscription)
            self._subscriptions.add(subscription)
            try:
                yield subscription
            finally:
                self._subscriptions.discard(subscription)

    def close(self) -> None:
        """End all streams: the server is about to stop."""
        for subscription in self._subscriptions:
            subscription.is_over.set()

    def publish(
        self, guild_id: int | None, name: str, data: dict[str, Any], actors: frozenset[str] = frozenset()
    ) -> None:
        """Tell an event to the streams of a guild, or for None to all."""
        self._number += 1
        event = Event(self._mark, guild_id, name, data, actors)
        self._history.append(event)
        for subscription in self._subscriptions:
            self._give(event, subscription)

    def _give(self, event: Event, subscription: Subscription) -> None:
        if event.guild_id in (None, subscription.guild_id):
            subscription.put(event)

    def _since(self, mark: str | None) -> list[Event] | None:
        """What was told after a mark; None where that cannot be said."""
        epoch, _, digits = (mark or "").partition(".")
        if epoch != self._epoch or not digits.isdecimal() or int(digits) > self._number:
            return None
        count = self._number - int(digits)
        return list(self._history)[len(self._history) - count :] if count <= len(self._history) else None

    async def _stop_listening(self) -> None:
        listening, self._listening = self._listening, None
        self._is_heard.clear()
        if listening is not None:
            listening.cancel()
            await asyncio.gather(listening, return_exceptions=True)

    async def _listen_on(self) -> None:
        """Listen for ever; a lost connection is taken up again, and everybody is told to look anew."""
        while True:
            try:
                await self._listen()
            except psycopg.Error as error:
                log.warning("live_connection_lost", error=type(error).__name__)
            except Exception:  # whatever one notice was, the next ones are to be heard
                log.exception("live_notices_not_told")
            await asyncio.sleep(_PAUSE_AFTER_A_FAULT_S)

    async def _listen(self) -> None:
        """Listen on a connection of its own, which is no part of a pool: it is held for as long as the process runs."""
        address = make_conninfo(str(self._pool.conninfo), **KEEPALIVES)
        async with await psycopg.AsyncConnection.connect(address, autocommit=True) as conn:
            await conn.execute(news.SQL["listen"])
            self._begin_epoch()
            while True:
                heard = [read_notice(notify.payload) async for notify in conn.notifies(stop_after=1)]
                heard += [read_notice(notify.payload) async for notify in conn.notifies(timeout=_GATHER_S)]
                await self._tell(gathered(heard))

    def _begin_epoch(self) -> None:
        """What happened before this moment is not known."""
        self._epoch, self._number = secrets.token_hex(4), 0
        self._history.clear()
        self._is_heard.set()
        self.publish(None, "reset", {})

    async def _tell(self, notices: list[Notice]) -> None:
        """Read what the notices mean, once for all streams, and tell it."""
        watched = {subscription.guild_id for subscription in self._subscriptions}
        async with self._pool.snapshot() as conn:
            for guild_id in dict.fromkeys(notice.guild_id for notice in notices):
                theirs = [notice for notice in notices if notice.guild_id == guild_id]
                if guild_id in watched:
                    await self._tell_work(conn, [notice for notice in theirs if notice.kind == "work"])
                await self._tell_changes(conn, guild_id, theirs)

    async def _tell_work(self, conn: Connection, notices: list[Notice]) -> None:
        has_worker = bool(notices) and await worker_jobs.has_worker(conn)
        for notice in notices:
            for request in await requests.by_number(conn, notice.guild_id, notice.first, notice.last):
                told = worker_jobs.as_event(worker_jobs.job_of(request, has_worker=has_worker))
                self.publish(notice.guild_id, "job", told, frozenset({request.actor}))

    async def _tell_changes(self, conn: Connection, guild_id: int, notices: list[Notice]) -> None:
        deeds: list[news.Deed] = []
        for notice in notices:
            if (statement := _TELLING.get(notice.kind)) is not None:
                deeds += await news.of_rows(conn, statement, guild_id, notice.first, notice.last)
        kinds = {notice.kind for notice in notices}
        if (told := news.in_words(deeds)) is not None:
            self.publish(guild_id, "change", {"sentence": told.sentence}, told.actors)
        for kind in sorted(_PARTS & kinds):
            self.publish(guild_id, "part", {"kind": kind})
