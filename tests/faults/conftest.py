"""One simulator for all fault tests, and one database that was synced once, which each test finds as it was then."""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import AsyncIterator, Iterator
from typing import TypeAlias

import httpx2
import pytest
import structlog

from cuts.kept_state import KeptState
from faults.installation import Installation, seeded_world
from faults.sentences import holds_a_secret
from kept_pool import KeptPool
from sv_common.db import embedded, migrate
from sv_common.db.pool import make_pool
from sv_common.guild_sync.simulators import GuildSimulator
from sv_common.guild_sync.sources.http import http_client

SYNCED = "patt_template_synced"
IMPATIENCE_S = 0.25
"""Seconds; shorter than `LATE_S`, with which the simulators are slow."""

Synced: TypeAlias = tuple[embedded.EmbeddedServer, int]
_numbers = itertools.count()


@pytest.fixture(autouse=True)
def no_secret_in_the_log() -> Iterator[None]:
    """Keep the log off the screen, and fail a test in which it held a secret."""
    with structlog.testing.capture_logs() as log:
        yield
    assert not [entry for entry in log if any(holds_a_secret(str(value)) for value in entry.values())]


@pytest.fixture(scope="session")
def served() -> Iterator[GuildSimulator]:
    with GuildSimulator(seeded_world()) as simulator:
        yield simulator


@pytest.fixture(scope="session")
async def http() -> AsyncIterator[httpx2.AsyncClient]:
    async with http_client(trust_env=False) as client:
        yield client


@pytest.fixture(scope="session")
async def impatient() -> AsyncIterator[httpx2.AsyncClient]:
    """A client that waits only so long for an answer that is slow."""
    async with http_client(IMPATIENCE_S, trust_env=False) as client:
        yield client


@pytest.fixture(scope="session")
async def synced(server: embedded.EmbeddedServer, served: GuildSimulator, http: httpx2.AsyncClient) -> Synced:
    """A template database in which the guild has been synced and matched, and the guild's number in it."""
    url = embedded.recreate_database(server, SYNCED)
    migrate.upgrade(url)
    served.load(seeded_world())
    async with make_pool(url) as pool:
        installation = Installation(pool, served, http)
        await installation.set_up()
    return server, installation.guild_id


@pytest.fixture(scope="session")
async def kept(synced: Synced) -> AsyncIterator[tuple[KeptState, KeptPool]]:
    """A copy of it that is brought back to what it was, and the pool that stays on it."""
    server, _ = synced
    url = embedded.clone_database(server, SYNCED, "faults_kept")
    pool = KeptPool(url)
    with KeptState.of(url, await pool.opened()) as state:
        yield state, pool
    await pool.close()


@pytest.fixture
async def installed(
    synced: Synced, kept: tuple[KeptState, KeptPool], served: GuildSimulator, http: httpx2.AsyncClient
) -> AsyncIterator[Installation]:
    """A synced installation of this test's own."""
    state, pool = kept
    state.put_back()
    served.load(seeded_world())
    yield Installation(await pool.opened(), served, http, synced[1])
    await pool.settle()


@pytest.fixture(scope="module")
async def shared(synced: Synced, served: GuildSimulator, http: httpx2.AsyncClient) -> AsyncIterator[Installation]:
    """A synced installation for all tests of a module, each of which leaves the guild as it was."""
    async with _copy(synced, served, http) as installation:
        yield installation


@pytest.fixture
def honest(shared: Installation) -> Installation:
    """The shared installation with fresh clients, and with sources that do what they should until they are told."""
    shared.simulator.faults.clear()
    shared.connect()
    return shared


@contextlib.asynccontextmanager
async def _copy(synced: Synced, served: GuildSimulator, http: httpx2.AsyncClient) -> AsyncIterator[Installation]:
    server, guild_id = synced
    name = f"faults_{next(_numbers)}"
    url = embedded.clone_database(server, SYNCED, name)
    served.load(seeded_world())
    async with make_pool(url) as pool:
        await pool.wait()
        yield Installation(pool, served, http, guild_id)
    embedded.drop_database(server, name)
