"""Running the web application in this process, and the worker beside it."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Awaitable, Callable
from typing import cast

import structlog
import uvicorn
from fastapi import FastAPI

from patt.app import create_app
from patt.bootstrap import Services, for_jobs
from patt.live.hub import Hub
from patt.worker.gateway import listen
from patt.worker.worker import work_until_stopped
from sv_common.guild_sync.core.errors import ConfigurationError

log = structlog.get_logger(__name__)

GRACE_S = 20
"""Seconds that requests get to end when the server stops; one that hangs does not keep the process from ending."""

_PAUSE_AFTER_A_FAULT_S = 10


async def serve_until_stopped(services: Services, host: str, port: int, *, with_worker: bool = False) -> None:
    """Serve pages and API until the process is asked to stop; with a worker, do the jobs of the queue as well.

    Where it is set, listen to Discord's gateway too.
    """
    config = server_config(services, host, port)
    hub: Hub = cast("FastAPI", config.app).state.live
    async with for_jobs(services) as of_jobs:
        beside = [asyncio.create_task(_keep_up("worker", work_until_stopped, of_jobs))] if with_worker else []
        if services.settings.discord_gateway:
            beside.append(asyncio.create_task(_keep_up("gateway", listen, of_jobs)))
        try:
            await Server(config, hub.close).serve()
        finally:
            for task in beside:
                task.cancel()
            await asyncio.gather(*beside, return_exceptions=True)


class Server(uvicorn.Server):
    """A server that ends the open streams when it is asked to stop: by themselves they go on for ever."""

    def __init__(self, config: uvicorn.Config, end_streams: Callable[[], None]) -> None:
        super().__init__(config)
        self._end_streams = end_streams

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop taking requests, and wait for those that there are."""
        self._end_streams()
        await super().shutdown(sockets)


def server_config(services: Services, host: str, port: int) -> uvicorn.Config:
    """Return how the application is served.

    Which proxies are believed is a setting, and the application's own part; uvicorn's usual is to believe this computer's.
    """
    app = create_app(services)
    return uvicorn.Config(
        app,
        host=host,
        port=port,
        log_level="warning",
        access_log=False,
        proxy_headers=False,
        timeout_graceful_shutdown=GRACE_S,
    )


async def _keep_up(name: str, work: Callable[[Services], Awaitable[None]], services: Services) -> None:
    """Work on, whatever befalls: the pages stay up while the database or Discord is away.

    What only an officer can set right is said once, and ends the work.
    """
    while True:
        try:
            await work(services)
        except ConfigurationError as error:
            log.error("stopped", part=name, reason=str(error))  # noqa: TRY400 -- the sentence says all
            return
        except Exception:
            log.exception("stopped", part=name)
        await asyncio.sleep(_PAUSE_AFTER_A_FAULT_S)
