"""What watches over the product asks the database on a connection and in a thread of its own.

So the answer is about the database and not about this process: neither a pool's queue nor a busy event loop makes a
database that answers look dead.
"""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Mapping
from typing import Any, LiteralString

import psycopg
from psycopg.rows import TupleRow

from sv_common.db.patience import KEEPALIVES, PROBES

_Asked = asyncio.Future[TupleRow | None | Exception]
_CONNECTING: dict[str, Any] = {**KEEPALIVES, "connect_timeout": round(PROBES.connection_s)}


class Pulse:
    """Asks one statement at a time; whoever asks the same meanwhile gets the same answer."""

    def __init__(self, database_url: str) -> None:
        self._database_url = database_url
        self._conn: psycopg.Connection[TupleRow] | None = None
        self._one_at_a_time = threading.Lock()
        self._asked: dict[str, _Asked] = {}
        self._is_closed = False

    async def answer(self, statement: LiteralString, values: Mapping[str, Any] | None = None) -> TupleRow | None:
        """Return the first row. Raises `psycopg.Error`, and `TimeoutError` where the database says nothing in time."""
        if self._is_closed:
            raise psycopg.OperationalError("the pool is closed")
        loop = asyncio.get_running_loop()
        asked = self._asked.get(statement)
        if asked is None or asked.get_loop() is not loop:
            asked = self._asked[statement] = loop.create_future()
            asked.add_done_callback(lambda done: self._forget(statement, done))
            # A thread that hangs on a dead connection must not keep the process from ending.
            threading.Thread(target=self._ask, args=(asked, statement, values), daemon=True).start()
        # What is there when this task is run again counts, however late that is.
        await asyncio.wait({asked}, timeout=PROBES.connection_s)
        if not asked.done():
            raise TimeoutError
        result = asked.result()
        if isinstance(result, Exception):
            raise result
        return result

    def close(self) -> None:
        """End the connection, unless a statement hangs on it: that one ends with the process."""
        self._is_closed = True
        if self._one_at_a_time.acquire(blocking=False):
            self._drop()
            self._one_at_a_time.release()

    def _forget(self, statement: str, asked: _Asked) -> None:
        if self._asked.get(statement) is asked:
            del self._asked[statement]

    def _ask(self, asked: _Asked, statement: LiteralString, values: Mapping[str, Any] | None) -> None:
        with self._one_at_a_time:
            result = self._row(statement, values)
            if self._is_closed:
                self._drop()
        with contextlib.suppress(RuntimeError):  # the loop has ended meanwhile
            asked.get_loop().call_soon_threadsafe(_tell, asked, result)

    def _row(self, statement: LiteralString, values: Mapping[str, Any] | None) -> TupleRow | Exception | None:
        """Return the row, or what was wrong; a connection that ended while nobody asked is replaced."""
        was_open = self._conn is not None
        try:
            if self._conn is None:
                self._conn = psycopg.connect(self._database_url, autocommit=True, prepare_threshold=None, **_CONNECTING)
            return self._conn.execute(statement, values).fetchone()
        except psycopg.OperationalError as error:
            self._drop()
            return self._row(statement, values) if was_open else error
        except psycopg.Error as error:
            return error

    def _drop(self) -> None:
        if self._conn is not None:
            self._conn.close()
            self._conn = None


def _tell(asked: _Asked, result: TupleRow | Exception | None) -> None:
    if not asked.done():
        asked.set_result(result)
