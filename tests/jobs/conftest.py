"""What tests of jobs share: services with a queue, and a guild."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest

from guild_builder import GuildBuilder
from patt.bootstrap import Services
from patt.config import Settings
from patt.queue.tasks import open_queue
from sv_common.db.pool import Pool
from sv_common.guild_sync.sources.ports import Sources


@pytest.fixture
async def services(pool: Pool, database_url: str) -> AsyncIterator[Services]:
    """Services with a queue and without any source."""
    values: dict[str, Any] = {"_env_file": None}
    async with open_queue(database_url) as queue:
        yield Services(Settings(**values), pool, Sources(), queue)


@pytest.fixture
async def guild(pool: Pool) -> GuildBuilder:
    """A guild whose character Mito waits for its note."""
    builder = await GuildBuilder.create(pool)
    await builder.character("Mito")
    return builder
