"""Discord's document, a recorder, and an installation whose requests it keeps."""

from __future__ import annotations

import json
import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import httpx2
import pytest

from conformance.document import DiscordDocument
from conformance.recorder import Recorder
from faults.installation import Installation, seeded_world
from sv_common.db.pool import Pool
from sv_common.guild_sync.simulators import GuildSimulator
from sv_common.guild_sync.sources.http import http_client


@pytest.fixture(scope="session")
def fixtures() -> Path:
    """The folder of the conformance fixtures."""
    return Path(os.environ["PATT_FIXTURES_DIR"])


@pytest.fixture(scope="session")
def discord_document(fixtures: Path) -> DiscordDocument:
    """Discord's own description of its API."""
    return DiscordDocument(json.loads((fixtures / "discord" / "openapi.json").read_text(encoding="utf-8")))


@pytest.fixture(scope="session")
def served() -> Iterator[GuildSimulator]:
    with GuildSimulator(seeded_world()) as simulator:
        yield simulator


@pytest.fixture
def simulator(served: GuildSimulator) -> GuildSimulator:
    served.load(seeded_world())
    return served


@pytest.fixture
def recorder(simulator: GuildSimulator) -> Recorder:
    """Keeps what is asked of the simulated Discord."""
    return Recorder(simulator.discord_url)


@pytest.fixture
async def http(recorder: Recorder) -> AsyncIterator[httpx2.AsyncClient]:
    async with http_client(trust_env=False) as client:
        recorder.attach(client)
        yield client


@pytest.fixture
def installation(pool: Pool, simulator: GuildSimulator, http: httpx2.AsyncClient) -> Installation:
    """An empty installation with clients whose requests are kept; `set_up` fills it."""
    return Installation(pool, simulator, http)
