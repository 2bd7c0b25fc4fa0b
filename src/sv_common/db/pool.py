"""Connections to PostgreSQL, taken from a pool and given back: used at once, committed or told, and shared fairly."""

from __future__ import annotations

import contextlib
import selectors
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, TypeAlias, TypeVar
from weakref import WeakKeyDictionary

import psycopg
from psycopg import AsyncCursor, IsolationLevel
from psycopg.pq import TransactionStatus
from psycopg_pool import AsyncConnectionPool

from sv_common.db.counting import CountingCursor, counting_statements
from sv_common.db.guild import Connection, GuildConnection, bind, lock, reads_for_officers, unbind
from sv_common.db.holding import held_connections, holding
from sv_common.db.lost import check_can_commit
from sv_common.db.patience import COMMANDS, KEEPALIVES, PROBES, Patience
from sv_common.db.pooler import PoolerConnection, is_pooled, recognize_pooler, set_for_transaction
from sv_common.db.pulse import Pulse
from sv_common.db.shares import Shares

__all__ = ["Connection", "GuildConnection", "Pool", "counting_statements", "hold_lock", "make_pool"]

_Result = TypeVar("_Result")
_Pool = TypeVar("_Pool", bound="LivePool")

MOST_LOCKS = 20
"""Guilds for which pipelines may run, or wait for another process, at once; further ones wait their turn."""

LONGEST_WAIT_S = 600
"""Seconds after which a pipeline that waits for its turn among many guilds gives up."""

_MOST_PROBES = 3
_FRESH_S = 20.0
"""Seconds for which a connection that nothing was heard of counts as alive without being asked."""


class LivePool(AsyncConnectionPool[Connection]):
    """A pool that gives no connection that ended while it lay there. psycopg's own `check` waits longer after each that has."""

    async def getconn(self, timeout: float | None = None) -> Connection:  # noqa: ASYNC109 -- the signature of psycopg_pool
        deadline = time.monotonic() + (self.timeout if timeout is None else timeout)
        while True:
            conn = await super().getconn(deadline - time.monotonic())
            try:
                if await _is_alive(conn):
                    return conn
            except BaseException:
                await self.putconn(conn)
                raise
            await conn.close()
            await self.putconn(conn)


class CheckedPool(LivePool):
    """A pool whose blocks have committed when they end well."""

    shares: Shares | None = None
    settings: Mapping[str, str] = {}

    @contextlib.asynccontextmanager
    async def connection(self, timeout: float | None = None) -> AsyncIterator[Connection]:  # noqa: ASYNC109 -- as above
        """Give a connection; a block that ends well has been committed when it is left, and else it raises.

        Raises `ShareInUseError` where the guild on whose account this is has all the connections that it may have.
        """
        async with self._transaction(timeout=timeout) as conn:
            yield conn

    @contextlib.asynccontextmanager
    async def _transaction(
        self,
        level: IsolationLevel | None = None,
        *,
        read_only: bool | None = None,
        timeout: float | None = None,  # noqa: ASYNC109 -- as above
    ) -> AsyncIterator[Connection]:
        async with self._turn(), super().connection(timeout) as conn:
            await _set_isolation(conn, level, read_only=read_only)
            await set_for_transaction(conn, self.settings)
            with holding():
                yield conn
                check_can_commit(conn)

    @contextlib.asynccontextmanager
    async def reading(self, guild_id: int) -> AsyncIterator[GuildConnection]:
        """Give a connection for reading one guild: all its statements see the database as it was at one moment.

        Within such a block, a further one of the same task reads on the same connection, and sees the same moment. What is for
        officers alone is withheld from others (`read_for_officers`). Raises
        `NotFound`, and `ConfigurationError` where the role `patt_guild` cannot be taken.
        """
        async with self._one_moment(guild_id) as around:
            yield GuildConnection(around.connection, guild_id, around.kept[guild_id])

    @contextlib.asynccontextmanager
    async def writing(self, guild_id: int, *, alone: bool = True) -> AsyncIterator[GuildConnection]:
        """Give a connection for changing one guild in a transaction, which holds the guild's lock from the beginning.

        `alone=False` is for rows that say what goes on (runs, jobs and their progress, uploads, announcements): others see
        them while a pipeline holds the lock. Raises like `reading`, and `Busy` because of the lock.
        """
        async with self.connection() as conn:
            await (lock if alone else bind)(conn, guild_id)
            yield GuildConnection(conn, guild_id)

    async def rehearse(
        self, guild_id: int, work: Callable[[GuildConnection], Awaitable[_Result]], *, alone: bool = False
    ) -> _Result:
        """Return what work on one guild comes to, of which nothing stays; it sees one moment, and no more, like `reading`.

        It is done once more where someone else has written to the same rows meanwhile. Raises like `writing`.
        """
        try:
            return await self._rehearse(guild_id, work, alone=alone)
        except psycopg.errors.SerializationFailure:
            return await self._rehearse(guild_id, work, alone=alone)

    async def _rehearse(
        self, guild_id: int, work: Callable[[GuildConnection], Awaitable[_Result]], *, alone: bool
    ) -> _Result:
        async with self._transaction(IsolationLevel.REPEATABLE_READ) as conn:
            await (lock if alone else bind)(conn, guild_id, is_for_officers=reads_for_officers())
            result = await work(GuildConnection(conn, guild_id))
            check_can_commit(conn)
            await conn.rollback()
            return result

    @contextlib.asynccontextmanager
    async def installation(self) -> AsyncIterator[Connection]:
        """Give a connection that is bound to no guild, for what is about all of them.

        That is guilds, accounts, sessions, sign-ins, tokens, realms, a worker's next job, and the figures of monitoring. Nothing
        keeps guilds apart on it but the statements themselves.
        """
        async with self.connection() as conn:
            yield conn

    @contextlib.asynccontextmanager
    async def at_once(self) -> AsyncIterator[Connection]:
        """Give the same, with each statement as a transaction of its own: it takes one round trip instead of three.

        Behind a pooler, the block is one transaction as elsewhere.
        """
        async with self._turn(), super().connection() as conn:
            if is_pooled(conn):
                await _set_isolation(conn, None)
                await set_for_transaction(conn, self.settings)
            else:
                await conn.set_autocommit(True)
            try:
                with holding():
                    yield conn
                    check_can_commit(conn)
            finally:
                await _begin_transactions_again(conn)

    @contextlib.asynccontextmanager
    async def snapshot(self) -> AsyncIterator[Connection]:
        """Give the same for reading, at one moment and nested like `reading`."""
        async with self._one_moment(None) as around:
            yield around.connection

    async def narrow(self, guild_id: int) -> GuildConnection:
        """Bind the snapshot of the block around to a guild that a page has chosen, until that block ends. Raises `NotFound`."""
        around = _reading.get()
        if around is None or around.pool is not self or around.is_over:
            raise RuntimeError("Only a snapshot can be narrowed to a guild.")
        await _bind_again(around, guild_id)
        return GuildConnection(around.connection, guild_id, around.kept[guild_id])

    @contextlib.asynccontextmanager
    async def _one_moment(self, guild_id: int | None) -> AsyncIterator[_Reading]:
        around = _reading.get()
        if around is None or around.pool is not self or around.is_over:
            async with self._transaction(IsolationLevel.REPEATABLE_READ, read_only=True) as conn:
                if guild_id is not None:
                    await bind(conn, guild_id, is_for_officers=reads_for_officers())
                reading = _Reading(self, conn, guild_id)
                _reading.set(reading)
                try:
                    yield reading
                finally:
                    reading.is_over = True
                    _reading.set(around)
        else:
            async with _bound_to(around, guild_id):
                yield around

    @contextlib.asynccontextmanager
    async def _turn(self) -> AsyncIterator[None]:
        """Wait for a place in the guild's share; who has one already needs no other."""
        if self.shares is None or held_connections():
            yield
            return
        async with self.shares.turn():
            yield


class PoolWithLocks(CheckedPool):
    """A pool, and beside it one for locks that are held while this one is at work, and one for what watches over it.

    Held on this pool, a lock could starve the very work that it protects.
    """

    locks: LivePool
    probes: CheckedPool
    pulse: Pulse
    database_url: str
    listen_url: str

    async def open(self, wait: bool = False, timeout: float = 30.0) -> None:  # noqa: ASYNC109 -- as above
        await super().open(wait, timeout)
        await self.locks.open()
        await self.probes.open()

    async def close(self, timeout: float = 5.0) -> None:  # noqa: ASYNC109 -- as above
        self.pulse.close()
        await self.probes.close(timeout)
        await self.locks.close(timeout)
        await super().close(timeout)


Pool: TypeAlias = PoolWithLocks


def make_pool(
    database_url: str, *, max_size: int = 10, patience: Patience = COMMANDS, listen_url: str | None = None
) -> Pool:
    """Return a closed pool; open it with `async with`. Times are read and written in UTC.

    `listen_url` is for connections that hear of changes, by default the same; a pooler in transaction mode cannot serve them.
    """
    wait_s, options = patience.connection_s, patience.options
    pool = _closed(PoolWithLocks, database_url, wait_s, least=1, most=max_size, options=options)
    pool.settings = patience.settings
    pool.database_url = database_url
    pool.listen_url = listen_url or database_url
    pool.shares = Shares(max(1, max_size // 2), wait_s)
    pool.probes = _closed(CheckedPool, database_url, PROBES.connection_s, most=_MOST_PROBES, options=PROBES.options)
    pool.probes.settings = PROBES.settings
    pool.pulse = Pulse(database_url)
    pool.locks = _closed(LivePool, database_url, LONGEST_WAIT_S, most=MOST_LOCKS)
    return pool


def _closed(
    kind: type[_Pool],
    database_url: str,
    wait_s: float,
    *,
    most: int,
    least: int = 0,
    **connecting: Any,
) -> _Pool:
    return kind(
        database_url,
        open=False,
        min_size=least,
        max_size=most,
        timeout=wait_s,
        configure=recognize_pooler,
        kwargs={"cursor_factory": CountingCursor, **connecting, **KEEPALIVES},
        connection_class=PoolerConnection,
    )


async def hold_lock(conn: Connection, kind: int, number: int) -> None:
    """Wait for a lock and hold it until the transaction ends, which may be long: idle meanwhile, it holds up nothing else.

    A lock of the session would belong to whatever a pooler does next with the server's connection.
    """
    await conn.execute(
        "select set_config('idle_in_transaction_session_timeout', '0', true), pg_advisory_xact_lock(%s, %s)",
        [kind, number],
    )


@dataclass(slots=True)
class _Reading:
    """The snapshot that a task reads from, the guild that it is bound to now, and what is kept of what was read of each."""

    pool: CheckedPool
    connection: Connection
    guild_id: int | None
    is_over: bool = False
    kept: defaultdict[int, dict[str, Any]] = field(default_factory=lambda: defaultdict(dict))


_reading: ContextVar[_Reading | None] = ContextVar("snapshot", default=None)


@contextlib.asynccontextmanager
async def _bound_to(reading: _Reading, guild_id: int | None) -> AsyncIterator[None]:
    """Bind a snapshot to a guild, or to none, while the block runs."""
    before = reading.guild_id
    await _bind_again(reading, guild_id)
    try:
        yield
    finally:
        if reading.connection.info.transaction_status == TransactionStatus.INTRANS:
            await _bind_again(reading, before)


async def _bind_again(reading: _Reading, guild_id: int | None) -> None:
    if reading.guild_id == guild_id:
        return
    if reading.guild_id is not None:
        await unbind(reading.connection)
        reading.guild_id = None
    if guild_id is not None:
        await bind(reading.connection, guild_id, is_for_officers=reads_for_officers())
        reading.guild_id = guild_id


_seen_alive: WeakKeyDictionary[Connection, float] = WeakKeyDictionary()


async def _is_alive(conn: Connection) -> bool:
    """Whether a connection that lay in a pool still works. Not asked if it was used just now and has sent nothing since."""
    now = time.monotonic()
    try:
        if now - _seen_alive.get(conn, now) > _FRESH_S or _has_sent_something(conn):
            await _ask(conn)
    except psycopg.Error:
        return False
    _seen_alive[conn] = now
    return True


async def _ask(conn: Connection) -> None:
    await conn.set_autocommit(True)
    try:
        await AsyncCursor(conn).execute("")  # counts as no statement of who takes the connection
    finally:
        # Also when who waits is cancelled: the next one would write without a transaction, and could roll nothing back.
        await _begin_transactions_again(conn)


def _has_sent_something(conn: Connection) -> bool:
    with selectors.DefaultSelector() as selector:
        selector.register(conn.fileno(), selectors.EVENT_READ)
        return bool(selector.select(0))


async def _begin_transactions_again(conn: Connection) -> None:
    """Let statements be in transactions as usual; a connection that is in the middle of one is given up."""
    if conn.autocommit and conn.info.transaction_status == TransactionStatus.IDLE:
        await conn.set_autocommit(False)
    elif conn.autocommit:
        await conn.close()


async def _set_isolation(conn: Connection, level: IsolationLevel | None, *, read_only: bool | None = None) -> None:
    """Say how the transaction that is about to begin sees others; nothing is sent before that."""
    if conn.isolation_level != level:
        await conn.set_isolation_level(level)
    if conn.read_only != read_only:
        await conn.set_read_only(read_only)
