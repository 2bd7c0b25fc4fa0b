"""`patt serve`: the web pages and the API."""

from __future__ import annotations

from typing import Annotated

import typer

from patt.bootstrap import open_services, run
from patt.config import load_settings
from patt.server import serve_until_stopped
from patt.worker import work_until_stopped
from sv_common.db.patience import JOBS, REQUESTS


def serve(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port to listen on.")] = 8000,
    with_worker: Annotated[bool, typer.Option("--worker/--no-worker", help="Also do the jobs of the queue.")] = True,
) -> None:
    """Serve the admin page and the API on the configured database, and do the jobs of the queue."""

    async def work() -> None:
        async with open_services(load_settings(), patience=REQUESTS) as services:
            await serve_until_stopped(services, host, port, with_worker=with_worker)

    run(work())


def worker() -> None:
    """Do the jobs of the queue: take in uploads, sync, sweep once a day. Any number of workers may run, on any machine."""

    async def work() -> None:
        async with open_services(load_settings(), patience=JOBS) as services:
            await work_until_stopped(services)

    run(work())
