"""A worker beside the application, as `patt serve` has one."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

from patt.bootstrap import Services
from patt.worker.worker import work_until_stopped


@contextlib.asynccontextmanager
async def at_work(services: Services) -> AsyncIterator[None]:
    """Let a worker do the jobs of the services' queue while the block runs."""
    working = asyncio.create_task(work_until_stopped(services))
    try:
        yield
    finally:
        working.cancel()
        await asyncio.gather(working, return_exceptions=True)
