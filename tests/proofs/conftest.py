"""What the proofs need beside the fixtures of the web's own tests: applications with guilds in every condition."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from proofs import hostile, houses
from proofs.houses import House
from sv_common.db import embedded

# The web's fixtures are these tests' too: pytest finds fixtures by their names in this module.
from web.conftest import alice, anonymous, app, guild, troubled

__all__ = ["alice", "anonymous", "app", "guild", "troubled"]


@pytest.fixture(scope="session")
async def lived_in(server: embedded.EmbeddedServer) -> AsyncIterator[House]:
    """A guild to which everything has happened."""
    async with houses.opened(server, "lived_in", houses.furnish_lived_in) as house:
        yield house


@pytest.fixture(scope="session")
async def bare(server: embedded.EmbeddedServer) -> AsyncIterator[House]:
    """A guild with nobody in it."""
    async with houses.opened(server, "bare", houses.furnish_bare, is_lived_in=False) as house:
        yield house


@pytest.fixture(scope="session")
async def deserted(server: embedded.EmbeddedServer) -> AsyncIterator[House]:
    """An installation without a guild."""
    async with houses.opened(server, "deserted", houses.furnish_nothing, is_lived_in=False) as house:
        yield house


@pytest.fixture(scope="session")
async def named_by_somebody_hostile(server: embedded.EmbeddedServer) -> AsyncIterator[House]:
    """Guilds in which every name, note and reason is hostile, and an officer who is called so too."""
    async with houses.opened(server, "hostile", hostile.furnish_hostile, hostile.OFFICER) as house:
        yield house
