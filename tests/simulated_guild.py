"""Fixtures: a simulated guild, served over HTTP on loopback, which every test finds as it was seeded."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from sv_common.guild_sync.simulators import GuildSimulator, GuildWorld

NOW_MS = 1_790_000_000_000


@pytest.fixture(scope="session")
def served() -> Iterator[GuildSimulator]:
    with GuildSimulator(GuildWorld.seeded(7, 1, now_ms=NOW_MS)) as simulator:
        yield simulator


@pytest.fixture
def simulator(served: GuildSimulator) -> GuildSimulator:
    served.load(GuildWorld.seeded(7, 12, now_ms=NOW_MS))
    return served


@pytest.fixture
def world(simulator: GuildSimulator) -> GuildWorld:
    return simulator.world
