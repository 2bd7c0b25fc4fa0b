"""Moments in the middle of something: before the n-th statement to the database, or request to a source."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from psycopg.conninfo import conninfo_to_dict
from starlette.types import ASGIApp, Receive, Scope, Send

from cuts.proxy import CuttingProxy

_NO_WORK = ("BEGIN", "COMMIT", "ROLLBACK", "LISTEN", "UNLISTEN", "select 1")
_OF_THE_QUEUE = "procrastinate"


class _Work(list[str]):
    """Statements and requests without those that come while nothing is done, too: of the queue, of probes, and around others."""

    def append(self, statement: str) -> None:
        if statement and not statement.startswith(_NO_WORK) and _OF_THE_QUEUE not in statement:
            super().append(statement)


@dataclass
class Moments(CuttingProxy):
    """Counts what goes through it to the database, and what the sources are asked; at one of these something is done first."""

    def begin(self, cut_at: int | None = None, *, before: Callable[[], Awaitable[object]] | None = None) -> None:
        super().begin(cut_at, before=before)
        self.statements = _Work()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await super()._serve(reader, writer)
        except OSError:  # the server is away
            writer.transport.abort()

    def wait_for(self, number: int, deed: Callable[[], Awaitable[object]]) -> None:
        """Do something once, before the statement or request with this number, counted from 1 and from now on."""
        is_due = True

        async def once() -> None:
            nonlocal is_due
            if is_due:
                is_due = False
                await deed()

        self.begin(number, before=once)

    def watching(self, app: ASGIApp) -> ASGIApp:
        """Count the requests to an application, too."""

        async def watched(scope: Scope, receive: Receive, send: Send) -> None:
            self.statements.append(f"{scope['method']} {scope['path']}")
            if len(self.statements) == self._cut_at and self._before is not None:
                await self._before()
            await app(scope, receive, send)

        return watched


def address_of(conninfo: str) -> str:
    """Return the address of a database on loopback, as a setting holds it."""
    where = conninfo_to_dict(conninfo)
    return f"postgresql://{where['user']}@{where['host']}:{where['port']}/{where['dbname']}?sslmode=disable&gssencmode=disable"
