"""What the planner would have done, as tests ask for it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from laws.sources import AnnouncerInMemory
from patt.bootstrap import Services
from patt.config import Settings
from patt.queue.tasks import Task
from patt.worker.worker import enqueue_due
from sv_common.db.pool import Pool
from sv_common.guild_sync.sources.ports import Sources


async def guilds_with_news(pool: Pool) -> list[int]:
    """The guilds for which a digest is enqueued."""
    values: dict[str, Any] = {"_env_file": None}
    services = Services(Settings(**values), pool, Sources(announcer=AnnouncerInMemory()))
    return [guild_id for task, guild_id in await enqueue_due(services, datetime.now(UTC)) if task is Task.DIGEST]
