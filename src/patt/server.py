"""Running the web application in this process, and the worker beside it."""

from __future__ import annotations

import asyncio
import errno
import gc
import socket
from collections.abc import Awaitable, Callable
from typing import cast

import structlog
import uvicorn
from fastapi import FastAPI

from patt.app import create_app
from patt.bootstrap import Services, for_jobs
from patt.live.hub import Hub
from patt.setup.restoring import Restoring
from patt.web.load.connections import BoundedProtocol, tell_of_faults_seldom
from patt.worker.gateway import listen
from patt.worker.worker import work_until_stopped
from sv_common.guild_sync.core.errors import ConfigurationError
from sv_common.guild_sync.core.language import mark, tr
from sv_common.guild_sync.core.plain_text import shown

log = structlog.get_logger(__name__)

GRACE_S = 20
"""Seconds that requests may run on when the server stops; one that hangs does not keep the process alive."""

_BACKLOG = 2048
_REASONS = {
    errno.EADDRINUSE: mark(
        "Another program already uses port {port} on {host}. Stop it, or choose another port: patt serve --port NUMBER"
    ),
    errno.EACCES: mark("You may not use port {port} on {host}. Choose one from 1024 on: patt serve --port NUMBER"),
    errno.EADDRNOTAVAIL: mark(
        "This computer does not have the address {host}. Choose one that it has: patt serve --host ADDRESS"
    ),
}
_CANNOT_LISTEN = mark(
    "PATT cannot listen on {host}, port {port}: {fault}. Choose others: patt serve --host ADDRESS --port NUMBER"
)
_PAUSE_AFTER_A_FAULT_S = 10
_OBJECTS_BEFORE_A_SEARCH = (10_000, 10, 10)


def listening(host: str, port: int) -> socket.socket:
    """Return a socket that listens there; port 0 is any that is free. Raises `ConfigurationError` with what to do."""
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        made = socket.create_server(address[:2], family=family, backlog=_BACKLOG)
    except (OSError, UnicodeError) as error:
        reason = _REASONS.get(error.errno or 0) if isinstance(error, OSError) else None
        fault = (error.strerror if isinstance(error, OSError) else None) or type(error).__name__
        values = {"host": shown(host), "port": port, "fault": fault}
        raise ConfigurationError(tr(reason or _CANNOT_LISTEN, **values)) from error
    # asyncio lets the parts of an answer go at once (TCP_NODELAY) only where the socket says that it is one of TCP.
    return socket.socket(made.family, made.type, socket.IPPROTO_TCP, fileno=made.detach())


async def serve_until_stopped(
    services: Services,
    listener: socket.socket,
    *,
    with_worker: bool = False,
    on_started: Callable[[], None] = lambda: None,
    restoring: Restoring | None = None,
) -> None:
    """Serve pages and API until the process is asked to stop; with a worker, and with Discord's gateway if it is set.

    With `restoring` it also ends where a backup is wanted. The listener stays open, and who comes meanwhile waits.
    """
    host, port = listener.getsockname()[:2]
    config = server_config(services, host, port)
    _spare_the_collector()
    tell_of_faults_seldom(asyncio.get_running_loop())
    app = cast("FastAPI", config.app)
    hub: Hub = app.state.live
    server = Server(config, hub.close, on_started)
    if restoring is not None:
        app.state.restoring = restoring
        restoring.stop = server.end
    async with for_jobs(services) as of_jobs:
        beside = [asyncio.create_task(_keep_running("worker", work_until_stopped, of_jobs))] if with_worker else []
        if services.settings.discord_gateway:
            beside.append(asyncio.create_task(_keep_running("gateway", listen, of_jobs)))
        try:
            await server.serve([listener.dup()])
        finally:
            for task in beside:
                task.cancel()
            await asyncio.gather(*beside, return_exceptions=True)


class Server(uvicorn.Server):
    """A server that says when it answers, and closes the open streams when it is asked to stop: they never end otherwise."""

    def __init__(
        self, config: uvicorn.Config, end_streams: Callable[[], None], on_started: Callable[[], None] = lambda: None
    ) -> None:
        super().__init__(config)
        self._end_streams = end_streams
        self._on_started = on_started

    def end(self) -> None:
        """Stop as if the process was asked to, without ending it."""
        self.should_exit = True

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.started:
            self._on_started()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._end_streams()
        await super().shutdown(sockets)


def server_config(services: Services, host: str, port: int) -> uvicorn.Config:
    return uvicorn.Config(
        create_app(services),
        host=host,
        port=port,
        log_config=None,  # what it logs goes where all logs go, and says no more than they do
        log_level="warning",
        access_log=False,
        http=BoundedProtocol,
        proxy_headers=False,  # the application trusts the proxies of a setting; uvicorn would trust those of this computer
        timeout_graceful_shutdown=GRACE_S,
    )


def _spare_the_collector() -> None:
    """Let no search for garbage look at what the process holds for good, nor at each small thing that a page makes.

    A guild's facts are some ten thousand objects that are made at once. By default that has everything searched several
    times, which takes as long as the page itself.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_OBJECTS_BEFORE_A_SEARCH)


async def _keep_running(name: str, work: Callable[[Services], Awaitable[None]], services: Services) -> None:
    """Restart a part whenever it fails: the pages stay up meanwhile. A wrong setting is logged once, and ends the part."""
    while True:
        try:
            await work(services)
        except ConfigurationError as error:
            log.error("stopped", part=name, reason=str(error))  # noqa: TRY400 -- the sentence says all
            return
        except Exception:
            log.exception("stopped", part=name)
        await asyncio.sleep(_PAUSE_AFTER_A_FAULT_S)
