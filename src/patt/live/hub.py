"""One connection that listens to PostgreSQL, and the open streams of this process that get its events.

Each event has a cursor: the hub's epoch and a number that counts up. A page has the cursor of the moment before it was read,
and a stream that reconnects has the cursor of its last event; what came after is sent again from the history. From a cursor
of another epoch (another process, a restart, a lost connection), or one older than the history, nothing can be continued:
the page then has to read everything again.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import secrets
from collections import Counter, deque
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import psycopg
import structlog
from psycopg.conninfo import make_conninfo

from patt.worker import jobs as worker_jobs
from sv_common.db.guild import read_for_officers
from sv_common.db.patience import KEEPALIVES
from sv_common.db.pool import Connection, Pool
from sv_common.db.sql import load_sql
from sv_common.guild_sync.core.errors import NotFound
from sv_common.guild_sync.core.language import tr, tr_n
from sv_common.guild_sync.core.text import enumerated, name_of
from sv_common.guild_sync.jobs import requests

log = structlog.get_logger(__name__)

SQL = load_sql(__package__, "hub.sql")

HISTORY = 20_000
"""Events that are kept for streams that reconnect: of thousands of guilds together, those of about an hour, some 10 MB."""

LONGEST_QUEUE = 100
"""Events that wait for one stream; one that falls further behind is closed, and can reconnect."""

_GATHER_S = 0.05
_CONNECT_TIMEOUT_S = 2.0
_PAUSE_AFTER_A_FAULT_S = 1.0
_LISTS = frozenset({"jobs", "matches", "runs"})
_CHANGES = {"attempts": "attempts", "issues": "issue_events", "settings": "settings"}
"""The statements that read who changed what, by the kind of a notice."""

_WORDS: Mapping[str, Callable[[int], str]] = {
    "fixed": lambda n: tr_n("fixed {n} issue", "fixed {n} issues", n),
    "resolved": lambda n: tr_n("closed {n} issue", "closed {n} issues", n),
    "opened": lambda n: tr_n("found {n} new issue", "found {n} new issues", n),
    "recurred": lambda n: tr_n("found {n} issue again", "found {n} issues again", n),
    "refreshed": lambda n: tr_n("updated {n} issue", "updated {n} issues", n),
    "dismissed": lambda n: tr_n("dismissed {n} issue", "dismissed {n} issues", n),
    "reopened": lambda n: tr_n("reopened {n} issue", "reopened {n} issues", n),
    "undone": lambda n: tr_n("undid a change", "undid {n} changes", n),
    "decided": lambda n: tr_n("made {n} decision", "made {n} decisions", n),
    "set": lambda n: tr_n("changed a setting", "changed {n} settings", n),
    "matched": lambda n: tr_n("ran a full match", "ran {n} full matches", n),
}


@dataclass(frozen=True, slots=True)
class Notice:
    """A notice of PostgreSQL: rows `first` to `last` of the kind's table have changed, where those have numbers."""

    guild_id: int
    kind: str
    first: int = 0
    last: int = 0


@dataclass(frozen=True, slots=True)
class Action:
    actor: str
    what: str
    count: int


@dataclass(frozen=True, slots=True)
class Event:
    """An event for the streams of a guild, or of all guilds for None. `actors` are those who caused it.

    One that `is_for_officers` is sent to officers alone.
    """

    cursor: str
    guild_id: int | None
    name: str
    data: dict[str, Any] = field(default_factory=dict)
    actors: frozenset[str] = frozenset()
    is_for_officers: bool = False


class Subscription:
    """The events for one stream, in a queue that does not grow without bounds.

    `start` is the cursor before its first event; `is_continued` says whether nothing is missing before that.
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
        return await self._events.get()


class Hub:
    """Listens while a stream is open or a page needs a cursor, and sends each stream the events of its guild."""

    def __init__(self, pool: Pool) -> None:
        self._pool = pool
        self._epoch = ""
        self._number = 0
        self._history: deque[Event] = deque(maxlen=HISTORY)
        self._subscriptions: set[Subscription] = set()
        self._places: Counter[str] = Counter()
        self._holders = 0
        self._listening: asyncio.Task[None] | None = None
        self._is_connected = asyncio.Event()

    @property
    def cursor(self) -> str | None:
        """The cursor of this moment; None while the database is not listened to."""
        return self._cursor if self._is_connected.is_set() else None

    @property
    def streams(self) -> int:
        return len(self._subscriptions)

    @property
    def _cursor(self) -> str:
        return f"{self._epoch}.{self._number}"

    @contextlib.contextmanager
    def place(self, holder: str, most: int) -> Iterator[bool]:
        """Take one of the streams that a holder may have open, counted at once; yield whether there was one left."""
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
        """Listen while the block runs, which begins when the connection is open, or soon without it; the last block closes it."""
        self._holders += 1
        if self._listening is None:
            self._listening = asyncio.create_task(self._listen_on())
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_CONNECT_TIMEOUT_S):
                await self._is_connected.wait()
        try:
            yield
        finally:
            self._holders -= 1
            if not self._holders:
                listening, self._listening = self._listening, None
                self._is_connected.clear()
                listening.cancel()
                await asyncio.gather(listening, return_exceptions=True)

    @contextlib.asynccontextmanager
    async def subscribe(self, guild_id: int, after: str | None) -> AsyncIterator[Subscription]:
        """Yield the events of a guild, from a cursor on if that can be continued."""
        async with self.listening():
            await self._is_connected.wait()
            missed = self._since(after)
            start = after if after is not None and missed is not None else self._cursor
            subscription = Subscription(guild_id, start, is_continued=missed is not None)
            for event in missed or ():
                self._give(event, subscription)
            self._subscriptions.add(subscription)
            try:
                yield subscription
            finally:
                self._subscriptions.discard(subscription)

    def close(self) -> None:
        for subscription in self._subscriptions:
            subscription.is_over.set()

    def publish(
        self,
        guild_id: int | None,
        name: str,
        data: dict[str, Any],
        actors: frozenset[str] = frozenset(),
        *,
        is_for_officers: bool = False,
    ) -> None:
        self._number += 1
        event = Event(self._cursor, guild_id, name, data, actors, is_for_officers)
        self._history.append(event)
        for subscription in self._subscriptions:
            self._give(event, subscription)

    def _give(self, event: Event, subscription: Subscription) -> None:
        if event.guild_id in (None, subscription.guild_id):
            subscription.put(event)

    def _since(self, cursor: str | None) -> list[Event] | None:
        """Return the events after a cursor; None if they are not known."""
        epoch, _, digits = (cursor or "").partition(".")
        if epoch != self._epoch or not digits.isdecimal() or int(digits) > self._number:
            return None
        count = self._number - int(digits)
        return list(self._history)[len(self._history) - count :] if count <= len(self._history) else None

    async def _listen_on(self) -> None:
        """Listen until cancelled; after a lost connection all streams are told to read everything again.

        It reads for the streams of all, though the request of one of them has begun it.
        """
        read_for_officers(True)
        while True:
            try:
                await self._listen()
            except psycopg.Error as error:
                log.warning("live_connection_lost", error=type(error).__name__)
            except Exception:  # whatever one notice was, the next ones have to be read
                log.exception("live_notices_failed")
            await asyncio.sleep(_PAUSE_AFTER_A_FAULT_S)

    async def _listen(self) -> None:
        """Listen on a connection outside the pool, since it is held for as long as the process runs."""
        address = make_conninfo(self._pool.listen_url, **KEEPALIVES)
        async with await psycopg.AsyncConnection.connect(address, autocommit=True) as conn:
            await conn.execute(SQL["listen"])
            # What happened before this moment is not known.
            self._epoch, self._number = secrets.token_hex(4), 0
            self._history.clear()
            self._is_connected.set()
            self.publish(None, "reset", {})
            while True:
                notices = [read_notice(notify.payload) async for notify in conn.notifies(stop_after=1)]
                notices += [read_notice(notify.payload) async for notify in conn.notifies(timeout=_GATHER_S)]
                await self._send(gathered(notices))

    async def _send(self, notices: list[Notice]) -> None:
        """Read what the notices mean, once for all streams, and publish it."""
        watched = {subscription.guild_id for subscription in self._subscriptions}
        async with self._pool.snapshot():
            for guild_id in dict.fromkeys(notice.guild_id for notice in notices):
                of_guild = [notice for notice in notices if notice.guild_id == guild_id]
                with contextlib.suppress(NotFound):  # a guild that is gone by now, and with it what was done there
                    if guild_id in watched:
                        await self._publish_jobs(guild_id, [notice for notice in of_guild if notice.kind == "work"])
                    await self._publish_changes(guild_id, of_guild)

    async def _publish_jobs(self, guild_id: int, notices: list[Notice]) -> None:
        if not notices:
            return
        async with self._pool.reading(guild_id) as guild:
            has_worker = await worker_jobs.has_worker(guild.conn)
            for notice in notices:
                for stored in await requests.by_number(guild, notice.first, notice.last):
                    job = worker_jobs.job_of(stored, has_worker=has_worker)
                    told, actors = worker_jobs.as_event(job), frozenset({stored.actor})
                    self.publish(guild_id, "job", told, actors, is_for_officers=job.is_for_officers)

    async def _publish_changes(self, guild_id: int, notices: list[Notice]) -> None:
        if any(notice.kind in _CHANGES for notice in notices):
            async with self._pool.reading(guild_id) as guild:
                actions = [action for notice in notices for action in await actions_in(guild.conn, notice)]
                sentence = in_words(actions)
            if actions:
                self.publish(guild_id, "change", {"sentence": sentence}, frozenset(each.actor for each in actions))
        for kind in sorted(_LISTS & {notice.kind for notice in notices}):
            self.publish(guild_id, "part", {"kind": kind})


def read_notice(payload: str) -> Notice:
    sent = json.loads(payload)
    return Notice(int(sent["guild"]), str(sent["kind"]), sent.get("first", 0), sent.get("last", 0))


def gathered(notices: Iterable[Notice]) -> list[Notice]:
    """Join notices of the same kind and guild whose rows follow each other; the order stays.

    Notices with a gap between them are left apart: the rows in the gap are old, or were in earlier notices.
    """
    joined: list[Notice] = []
    for each in notices:
        before = next((place for place, known in enumerate(joined) if _follows(known, each)), None)
        if before is None:
            joined.append(each)
        else:
            joined[before] = replace(joined[before], last=max(joined[before].last, each.last))
    return joined


def _follows(known: Notice, each: Notice) -> bool:
    is_same = (known.guild_id, known.kind) == (each.guild_id, each.kind)
    return is_same and known.first <= each.first <= known.last + 1


async def actions_in(conn: Connection, notice: Notice) -> list[Action]:
    """Return who did what in the rows of a notice; nothing for a kind that changes no data of the guild."""
    if notice.kind not in _CHANGES:
        return []
    values = {"guild_id": notice.guild_id, "first": notice.first, "last": notice.last}
    return [Action(*row) for row in await (await conn.execute(SQL[_CHANGES[notice.kind]], values)).fetchall()]


def in_words(actions: Sequence[Action]) -> str:
    by_actor: dict[str, Counter[str]] = {}
    for action in actions:
        by_actor.setdefault(action.actor, Counter())[action.what] += action.count
    parts = [
        tr(
            "{who} {done}",
            who=name_of(actor, begins=True),
            done=enumerated([_WORDS[what](count) for what, count in done.items()], most=len(done)),
        )
        for actor, done in by_actor.items()
    ]
    return f"{'; '.join(parts)}."
