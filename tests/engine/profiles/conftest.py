"""A guild whose profiles can be read."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest

from engine.profiles.installation import Installation
from sv_common.db.pool import Pool
from sv_common.guild_sync.simulators import GuildSimulator, GuildWorld
from sv_common.guild_sync.sources.http import http_client


@pytest.fixture(scope="module")
def simulator() -> Iterator[GuildSimulator]:
    with GuildSimulator(GuildWorld.seeded(7, 1)) as running:
        yield running


@pytest.fixture
async def installed(pool: Pool, simulator: GuildSimulator) -> AsyncIterator[Installation]:
    async with http_client(trust_env=False) as http:
        installation = Installation(pool, simulator, http)
        await installation.load(12)
        yield installation
