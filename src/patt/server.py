"""Running the web application in this process."""

from __future__ import annotations

import uvicorn

from patt.app import create_app
from patt.bootstrap import Services


async def serve_until_stopped(services: Services, host: str, port: int) -> None:
    """Serve pages and API until the process is asked to stop."""
    config = uvicorn.Config(create_app(services), host=host, port=port, log_level="warning", access_log=False)
    await uvicorn.Server(config).serve()
