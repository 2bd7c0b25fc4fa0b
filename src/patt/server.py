"""Running the web application in this process, and the worker beside it."""

from __future__ import annotations

import asyncio
import contextlib

import structlog
import uvicorn

from patt.app import create_app
from patt.bootstrap import Services
from patt.worker import work_until_stopped

log = structlog.get_logger(__name__)

_PAUSE_AFTER_A_FAULT_S = 10


async def serve_until_stopped(services: Services, host: str, port: int, *, with_worker: bool = False) -> None:
    """Serve pages and API until the process is asked to stop; with a worker, do the jobs of the queue as well."""
    config = uvicorn.Config(create_app(services), host=host, port=port, log_level="warning", access_log=False)
    worker = asyncio.create_task(_work(services)) if with_worker else None
    try:
        await uvicorn.Server(config).serve()
    finally:
        if worker is not None:
            worker.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await worker


async def _work(services: Services) -> None:
    """Work on, whatever befalls the worker: the pages stay up while the database is away."""
    while True:
        try:
            await work_until_stopped(services)
        except Exception:
            log.exception("worker_stopped")
        await asyncio.sleep(_PAUSE_AFTER_A_FAULT_S)
