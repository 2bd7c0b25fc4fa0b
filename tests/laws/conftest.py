"""A database for each test of the laws; its examples empty it instead of taking a new one."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import psycopg
import pytest
import structlog
from psycopg import sql

from sv_common.db.pool import Pool, make_pool

_FAULTS = {"detector_failed", "fix_failed"}
"""What the log says when an error was caught that nobody expected."""


@pytest.fixture(autouse=True)
def no_hidden_faults() -> Iterator[None]:
    """Keep the log of thousands of runs off the screen, and fail a test in which an unexpected error was swallowed."""
    with structlog.testing.capture_logs() as log:
        yield
    assert [entry for entry in log if entry["event"] in _FAULTS] == []


@pytest.fixture
async def pool(database_url: str) -> AsyncIterator[Pool]:
    """An open pool on a database that does not wait for its disk: no law here is about a crash."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        name = sql.Identifier(connection.info.dbname)
        connection.execute(sql.SQL("alter database {} set synchronous_commit = off").format(name))
    async with make_pool(database_url) as opened:
        await opened.wait()
        yield opened
