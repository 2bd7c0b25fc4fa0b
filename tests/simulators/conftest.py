"""A simulated guild, served over HTTP on loopback, and a plain HTTP client to look at its answers with."""

from collections.abc import Iterator

import httpx2
import pytest

from simulated_guild import NOW_MS, served, simulator, world

__all__ = ["NOW_MS", "served", "simulator", "world"]


@pytest.fixture(scope="session")
def http() -> Iterator[httpx2.Client]:
    with httpx2.Client(trust_env=False) as client:
        yield client
