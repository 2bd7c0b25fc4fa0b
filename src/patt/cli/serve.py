"""`patt serve`: the web pages and the API."""

from __future__ import annotations

from typing import Annotated

import typer

from patt.bootstrap import open_services, run
from patt.config import load_settings
from patt.server import serve_until_stopped


def serve(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port to listen on.")] = 8000,
) -> None:
    """Serve the admin page and the API on the configured database."""

    async def work() -> None:
        async with open_services(load_settings()) as services:
            await serve_until_stopped(services, host, port)

    run(work())
