"""Moments in the middle of something: before the n-th statement to the database, or request to a source."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from psycopg.conninfo import conninfo_to_dict
from starlette.types import ASGIApp, Receive, Scope, Send

from cuts.proxy import CuttingProxy


@dataclass
class Moments(CuttingProxy):
    """Counts what goes through it to the database, and what the sources are asked; at one of these something is done first."""

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await super()._serve(reader, writer)
        except OSError:  # the server is away
            writer.transport.abort()

    def wait_for(self, number: int, deed: Callable[[], Awaitable[object]]) -> None:
        """Do something once, before the statement or request with this number, counted from 1 and from now on."""
        self.begin(number, before=deed)

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
