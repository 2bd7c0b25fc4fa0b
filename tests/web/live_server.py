"""The application on the product's own server, and somebody who reads its stream of events."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any, cast

import httpx2
import uvicorn
from fastapi import FastAPI

from patt.live.hub import Hub
from patt.server import Server

LIVE = "/api/v1/admin/live"
LOOPBACK = "127.0.0.1"


class _QuietServer(Server):
    """The product's server, which says when it has started and leaves signals to the tests."""

    def __init__(self, config: uvicorn.Config) -> None:
        hub: Hub = cast("FastAPI", config.app).state.live
        super().__init__(config, hub.close)
        self.has_started = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.has_started.set()

    @contextlib.contextmanager
    def capture_signals(self) -> Any:
        yield


@contextlib.asynccontextmanager
async def served(app: FastAPI) -> AsyncIterator[str]:
    """Serve the application as the product does; give its address. Ending it waits for nobody's stream."""
    config = uvicorn.Config(app, log_config=None, access_log=False, proxy_headers=False, timeout_graceful_shutdown=5)
    async with served_by(config) as base_url:
        yield base_url


@contextlib.asynccontextmanager
async def served_by(config: uvicorn.Config) -> AsyncIterator[str]:
    """Serve in a way of one's own; give the address."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.bind((LOOPBACK, 0))
    server = _QuietServer(config)
    serving = asyncio.create_task(server.serve([listener]))
    starting = asyncio.create_task(server.has_started.wait())
    await asyncio.wait({serving, starting}, return_when=asyncio.FIRST_COMPLETED)
    if serving.done():
        starting.cancel()
        raise RuntimeError("The server ended before it had started.") from serving.exception()
    try:
        yield f"http://{LOOPBACK}:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        await serving


@dataclass(frozen=True)
class Told:
    """One event of a stream."""

    name: str
    cursor: str
    data: dict[str, Any]


class Stream:
    """An open stream of events."""

    def __init__(self, response: httpx2.Response) -> None:
        self.response = response
        self._lines = response.aiter_lines()

    async def next(self) -> Told | None:
        """Return the next event, or None for the end; heartbeats are passed over."""
        fields: dict[str, str] = {}
        async for line in self._lines:
            name, _, value = line.partition(": ")
            if line and name:
                fields[name] = value
            elif "event" in fields:
                return Told(fields["event"], fields.get("id", ""), json.loads(fields["data"]))
            else:
                fields = {}
        return None

    async def until(self, name: str, **values: Any) -> Told:
        """Return the next event of a name whose data holds these values."""
        while (told := await self.next()) is not None:
            if told.name == name and values.items() <= told.data.items():
                return told
        raise AssertionError(f"the stream has ended before {name} {values}")

    async def until_told_of(self, who: str) -> str:
        """Return what is told of changes until somebody is named; what the guild was set up with may be told before it."""
        told = ""
        while who not in told:
            told += (await self.until("change")).data["sentence"]
        return told


@contextlib.asynccontextmanager
async def streaming(client: httpx2.AsyncClient, base_url: str, **params: Any) -> AsyncIterator[Stream]:
    """Open a stream; it has told what is so now."""
    headers = dict(params.pop("headers", {}))
    if "last_event_id" in params:
        headers["Last-Event-ID"] = params.pop("last_event_id")
    async with client.stream("GET", f"{base_url}{LIVE}", params=params, headers=headers, timeout=30) as response:
        assert response.status_code == httpx2.codes.OK, await response.aread()
        yield Stream(response)
