"""A furnished database that is brought back for each try, reached through a proxy that cuts."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, replace

import pytest
import structlog

from cuts.kept_state import KeptState
from cuts.proxy import CuttingProxy
from cuts.world import World
from server_folders import TEMPLATE
from sv_common.db import embedded
from sv_common.db.patience import COMMANDS
from sv_common.db.pool import Pool, make_pool

_numbers = itertools.count()


@dataclass(frozen=True)
class Bench:
    """The furnished guild, its database, and a pool that leads to it through the proxy."""

    world: World
    kept: KeptState
    proxy: CuttingProxy
    pool: Pool
    proxied: str


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """Keep the log off the screen: it tells of each cut at length."""
    with structlog.testing.capture_logs():
        yield


@pytest.fixture(scope="session")
async def bench(server: embedded.EmbeddedServer) -> AsyncIterator[Bench]:
    """The same for all tests here: each brings back what it needs."""
    url = embedded.clone_database(server, TEMPLATE, f"cuts_{next(_numbers)}")
    async with make_pool(url, patience=replace(COMMANDS, lock_s=1)) as straight:
        await straight.wait()
        world = await World.furnish(straight)
        proxy = CuttingProxy(url)
        async with proxy.open() as address, make_pool(address, max_size=4) as pool:
            await pool.wait()
            with KeptState.of(url, straight) as kept:
                yield Bench(world, kept, proxy, pool, address)
