"""A connection bound to one guild: its statements know the guild, and PostgreSQL shows them no row of another one."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator, Callable, Iterator
from contextvars import ContextVar
from typing import Any, LiteralString, TypeAlias, TypeVar

import psycopg
from psycopg import AsyncConnection, AsyncCursor, sql
from psycopg.rows import TupleRow, kwargs_row

from sv_common.guild_sync.core.errors import Busy, ConfigurationError, NotFound
from sv_common.guild_sync.core.language import mark, speak, tr

Connection: TypeAlias = AsyncConnection[TupleRow]
Statement: TypeAlias = LiteralString | sql.Composed
_Row = TypeVar("_Row")

ROLE = "patt_guild"
"""The role in force on a bound connection. The policies of row-level security are made for it."""

BUSY = mark("Another change for this guild is in progress. Try again in a moment.")

_BIND: LiteralString = (
    "select language, set_config('app.guild_id', id::text, true), set_config('role', 'patt_guild', true), "
    "set_config('app.audience', %(audience)s, true) "
    "from guild_identity.guilds where id = %(guild_id)s"
)
_LANGUAGE: LiteralString = "select language from guild_identity.guilds where id = %(guild_id)s"
_UNBIND: LiteralString = "select set_config('app.guild_id', '', true), set_config('role', 'none', true)"
_AUDIENCE: LiteralString = "select set_config('app.audience', %(audience)s, true)"
_LOCK: LiteralString = (
    "select language, pg_advisory_xact_lock(7283, id), "
    "set_config('app.guild_id', id::text, true), set_config('role', 'patt_guild', true), "
    "set_config('app.audience', %(audience)s, true) "
    "from guild_identity.guilds where id = %(guild_id)s"
)

_is_for_officers: ContextVar[bool] = ContextVar("is_for_officers", default=True)


def read_for_officers(is_for_officers: bool) -> None:
    """Say who will see what this task reads from here on: a guild's officers, or others.

    The database withholds what rests on account evidence from others (`sees_accounts` in the schema): from whatever reads or
    rehearses, never from what writes.
    """
    _is_for_officers.set(is_for_officers)


def reads_for_officers() -> bool:
    """Whether what is read in this task may be shown to officers alone. It may unless something else was said."""
    return _is_for_officers.get()


class GuildConnection:
    """A connection and its guild. Each statement gets the parameter `guild_id` besides its own.

    `kept` is where what was read can be kept, by name: there in a snapshot and in `keeping`, where it stays the same, and None elsewhere.
    """

    __slots__ = ("conn", "id", "kept")

    def __init__(self, conn: Connection, guild_id: int, kept: dict[str, Any] | None = None) -> None:
        self.conn = conn
        self.id = guild_id
        self.kept = kept

    async def all(self, row: Callable[..., _Row], statement: Statement, /, **values: Any) -> list[_Row]:
        """Return all rows, each made by `row` from the columns by their names."""
        async with self.conn.cursor(row_factory=kwargs_row(row)) as cursor:
            return await (await cursor.execute(statement, self._named(values))).fetchall()

    async def one(self, row: Callable[..., _Row], statement: Statement, /, **values: Any) -> _Row | None:
        """Return the first row, made by `row` from the columns by their names; None where there is none."""
        async with self.conn.cursor(row_factory=kwargs_row(row)) as cursor:
            return await (await cursor.execute(statement, self._named(values))).fetchone()

    async def required(self, row: Callable[..., _Row], otherwise: str, statement: Statement, /, **values: Any) -> _Row:
        """Return the first row like `one`. Raises `NotFound` with the sentence `otherwise` where there is none."""
        found = await self.one(row, statement, **values)
        if found is None:
            raise NotFound(otherwise)
        return found

    async def rows(self, statement: Statement, /, **values: Any) -> list[TupleRow]:
        return await (await self.conn.execute(statement, self._named(values))).fetchall()

    async def row(self, statement: Statement, /, **values: Any) -> TupleRow | None:
        """Return the first row as a tuple; None where there is none."""
        return await (await self.conn.execute(statement, self._named(values))).fetchone()

    async def value(self, statement: Statement, /, **values: Any) -> Any:
        """Return the first column of the first row; None where there is no row."""
        row = await self.row(statement, **values)
        return row[0] if row else None

    async def run(self, statement: Statement, /, **values: Any) -> int:
        """Run a statement; return how many rows it changed."""
        return (await self.conn.execute(statement, self._named(values))).rowcount

    @contextlib.asynccontextmanager
    async def for_others(self) -> AsyncIterator[None]:
        """Read as others than officers do while the block runs, for what leaves the product."""
        await _read_as(self.conn, is_for_officers=False)
        yield
        await _read_as(self.conn, is_for_officers=True)

    @contextlib.asynccontextmanager
    async def savepoint(self) -> AsyncIterator[None]:
        """Undo what the block has written if it raises, and nothing that was written before it."""
        async with self.conn.transaction():
            yield

    @contextlib.contextmanager
    def keeping(self, kept: dict[str, Any]) -> Iterator[None]:
        """Read once what the block reads, and not again what is in `kept`: the caller has the lock, and writes nothing of it meanwhile."""
        before = self.kept
        self.kept = kept if before is None else before
        try:
            yield
        finally:
            self.kept = before

    def _named(self, values: dict[str, Any]) -> dict[str, Any]:
        return {"guild_id": self.id, **values}


async def bind(conn: Connection, guild_id: int, *, is_for_officers: bool = True) -> None:
    """Bind a transaction to a guild: one that begins in the same round trip, one that runs in one more; neither is counted.

    What is said from here on is in the guild's language. Raises `NotFound`, and `ConfigurationError` where the role cannot be taken.
    """
    with _role_needed():
        async with conn.pipeline():
            found = await AsyncCursor(conn).execute(_BIND, _bound(guild_id, is_for_officers=is_for_officers))
    await _speak_of(guild_id, found)


async def unbind(conn: Connection) -> None:
    """Let the running transaction see all guilds again; not counted, like `bind`."""
    await AsyncCursor(conn).execute(_UNBIND)


async def lock(conn: Connection, guild_id: int, *, is_for_officers: bool = True) -> None:
    """Bind the transaction to a guild, and let it be the only one that changes the guild's data.

    Every writer takes the lock first, so there is no deadlock. What is said from here on is in the guild's language, even that
    another one has the lock. Raises `NotFound`, `ConfigurationError` like `bind`, and
    `Busy` where another transaction holds the lock for longer than the connection waits.
    """
    async with conn.pipeline():  # begins in the same round trip; not counted
        asked = await AsyncCursor(conn).execute(_LANGUAGE, {"guild_id": guild_id})
    await _speak_of(guild_id, asked)
    try:
        with _role_needed():
            found = await conn.execute(_LOCK, _bound(guild_id, is_for_officers=is_for_officers))
    except psycopg.errors.LockNotAvailable as error:
        raise Busy(tr(BUSY)) from error
    await _speak_of(guild_id, found)


def _bound(guild_id: int, *, is_for_officers: bool) -> dict[str, Any]:
    return {"guild_id": guild_id, "audience": _audience(is_for_officers=is_for_officers)}


def _audience(*, is_for_officers: bool) -> str:
    return "officers" if is_for_officers else "others"


async def _read_as(conn: Connection, *, is_for_officers: bool) -> None:
    await AsyncCursor(conn).execute(_AUDIENCE, {"audience": _audience(is_for_officers=is_for_officers)})


async def _speak_of(guild_id: int, found: AsyncCursor[TupleRow]) -> None:
    """Say what follows in the language that was found. Raises `NotFound` where no guild was."""
    row = await found.fetchone()
    if row is None:
        raise NotFound(tr("Guild {number} does not exist.", number=guild_id))
    speak(row[0])


@contextlib.contextmanager
def _role_needed() -> Iterator[None]:
    try:
        yield
    except (psycopg.errors.InvalidParameterValue, psycopg.errors.InsufficientPrivilege) as error:
        raise ConfigurationError(
            tr(
                "The database login may not act as the role {role}, which keeps guilds apart. As an administrator of the "
                "database server run: create role {role} nologin (if there is none), then: grant {role} to the login in "
                "PATT_DATABASE_URL. The page “Operating PATT” of the documents says more.",
                role=ROLE,
            )
        ) from error
