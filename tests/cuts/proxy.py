"""A proxy on loopback between an application and PostgreSQL: cuts a connection, or does something, before any statement."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field

from psycopg.conninfo import conninfo_to_dict, make_conninfo

_HEADER = 5
_LENGTH = 4
_ENDS_A_STATEMENT = (b"Q", b"S")
"""The messages Query and Sync: what was sent up to them is worked on (PostgreSQL documentation, "Message Formats")."""

_NAMES_A_STATEMENT = (b"Q", b"P")


@dataclass
class CuttingProxy:
    """Counts the statements that go through it, and cuts the connection in the place of one of them.

    The statement itself, and whatever its client sends after it on that connection, never arrives.
    """

    upstream: str
    statements: list[str] = field(default_factory=list)
    was_cut: bool = False
    _cut_at: int | None = None
    _before: Callable[[], Awaitable[object]] | None = None

    def begin(self, cut_at: int | None = None, *, before: Callable[[], Awaitable[object]] | None = None) -> None:
        """Count anew; the statement with this number, counted from 1, is cut off, or `before` is done before it."""
        self.statements, self.was_cut, self._cut_at, self._before = [], False, cut_at, before

    @contextlib.asynccontextmanager
    async def open(self) -> AsyncIterator[str]:
        """Serve while the block runs; gives the address of the database through the proxy."""
        server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        async with server:
            yield make_conninfo(self.upstream, host="127.0.0.1", port=port, sslmode="disable", gssencmode="disable")

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        from_server, to_server = await self._connect()
        back = asyncio.create_task(_copy(from_server, writer))
        try:
            await self._pass_on(reader, to_server)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass  # the client, or the server, has gone
        finally:
            back.cancel()
            await asyncio.gather(back, return_exceptions=True)
            for each in (writer, to_server):
                each.transport.abort()

    async def _connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        where = conninfo_to_dict(self.upstream)
        host, port = str(where["host"]), where.get("port", 5432)
        if host.startswith("/"):
            return await asyncio.open_unix_connection(f"{host}/.s.PGSQL.{port}")
        return await asyncio.open_connection(host, int(str(port)))

    async def _pass_on(self, reader: asyncio.StreamReader, to_server: asyncio.StreamWriter) -> None:
        """Pass on the client's messages statement by statement, until it leaves or is cut off."""
        length = await reader.readexactly(_LENGTH)  # the first message has no type
        to_server.write(length + await reader.readexactly(int.from_bytes(length) - _LENGTH))
        together, name = b"", ""
        while True:
            header = await reader.readexactly(_HEADER)
            kind, body = header[:1], await reader.readexactly(int.from_bytes(header[1:]) - _LENGTH)
            together += header + body
            if kind in _NAMES_A_STATEMENT:
                name = name or body.strip(b"\x00").decode(errors="replace")
            if kind in _ENDS_A_STATEMENT:
                self.statements.append(name)
                if len(self.statements) == self._cut_at:
                    self.was_cut = True
                    if self._before is None:
                        return
                    await self._before()
                name = ""
            if kind in _ENDS_A_STATEMENT or kind not in b"PBDEC":
                to_server.write(together)
                await to_server.drain()
                together = b""


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(ConnectionError):
        while chunk := await reader.read(65536):
            writer.write(chunk)
            await writer.drain()
        writer.close()
