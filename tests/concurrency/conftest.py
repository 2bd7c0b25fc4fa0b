"""Two pools on one database: two processes, as far as the database can tell."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from sv_common.db.pool import Pool, make_pool


@pytest.fixture
async def other_pool(database_url: str) -> AsyncIterator[Pool]:
    """A second open pool on the test's database."""
    async with make_pool(database_url) as opened:
        await opened.wait()
        yield opened
