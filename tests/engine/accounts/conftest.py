"""A guild that compares its characters, read with the real client from the simulated Battle.net."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import pytest

from engine.accounts.comparing import ComparingGuild
from sv_common.db.pool import Pool
from sv_common.guild_sync.simulators import GuildSimulator, GuildWorld
from sv_common.guild_sync.sources.http import http_client


@pytest.fixture(scope="module")
def simulator() -> Iterator[GuildSimulator]:
    with GuildSimulator(GuildWorld.seeded(7, 1)) as running:
        yield running


@pytest.fixture
async def guild(pool: Pool, simulator: GuildSimulator) -> AsyncIterator[ComparingGuild]:
    async with http_client(trust_env=False) as http:
        comparing = ComparingGuild(pool, simulator, http)
        await comparing.load(24)
        yield comparing
