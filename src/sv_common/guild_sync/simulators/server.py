"""Serves an ASGI app over real HTTP on a free port of the loopback interface, and nowhere else."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import AsyncIterator, Callable, Generator, Iterator
from contextlib import asynccontextmanager, contextmanager

import uvicorn
from starlette.types import ASGIApp

LOOPBACK = "127.0.0.1"
GRACE = 1
"""Whole seconds that open requests get to end when the server stops."""


class _Config(uvicorn.Config):
    def configure_logging(self) -> None:
        """Leave logging to the process: the product may run its own server beside this one."""


class _Server(uvicorn.Server):
    """A server that says when it has started, and leaves signals to the process that it runs in."""

    def __init__(self, app: ASGIApp, on_started: Callable[[], None]) -> None:
        super().__init__(_Config(app, interface="asgi3", lifespan="off", ws="none", timeout_graceful_shutdown=GRACE))
        self._on_started = on_started

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._on_started()

    @contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        yield


@asynccontextmanager
async def serve(app: ASGIApp) -> AsyncIterator[str]:
    """Serve `app` in the running event loop; give its base address, such as `http://127.0.0.1:40123`."""
    started = asyncio.Event()
    listener, base_url = _listen()
    server = _Server(app, started.set)
    serving = asyncio.create_task(server.serve([listener]))
    await started.wait()
    try:
        yield base_url
    finally:
        server.should_exit = True
        await serving


@contextmanager
def running(app: ASGIApp) -> Iterator[str]:
    """Serve `app` in a thread with an event loop of its own; give its base address."""
    started = threading.Event()
    listener, base_url = _listen()
    server = _Server(app, started.set)
    thread = threading.Thread(target=lambda: asyncio.run(server.serve([listener])), name="simulators", daemon=True)
    thread.start()
    started.wait()
    try:
        yield base_url
    finally:
        server.should_exit = True
        thread.join()


def _listen() -> tuple[socket.socket, str]:
    # With the protocol named, asyncio switches Nagle's delay off; without, every answer would wait 40 ms.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.bind((LOOPBACK, 0))
    return listener, f"http://{LOOPBACK}:{listener.getsockname()[1]}"
