"""Fixtures of the engine's tests."""

from __future__ import annotations

import pytest

from guild_builder import GuildBuilder
from sv_common.db.pool import Pool


@pytest.fixture
async def guild(pool: Pool) -> GuildBuilder:
    """A guild with four ranks and nobody in it."""
    return await GuildBuilder.create(pool)
