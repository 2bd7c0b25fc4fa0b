"""Doing all that waits of a guild, as a worker does it one job after another."""

from __future__ import annotations

from patt.bootstrap import Services
from patt.worker.running import run_next_job
from patt.worker.uploads import process_next_upload


async def process_uploads(services: Services, guild_id: int) -> None:
    """Process the waiting uploads of a guild."""
    while await process_next_upload(services, guild_id):
        pass


async def run_jobs(services: Services, guild_id: int) -> None:
    """Run the scans and fixes of a guild that may be tried by now."""
    while await run_next_job(services, guild_id):
        pass
