"""Pages of an application with a queue of jobs, looked at in a real browser."""

from __future__ import annotations

import pytest
from fastapi import FastAPI

from patt.bootstrap import Services
from web.helpers import made


@pytest.fixture
def app(services: Services) -> FastAPI:
    """The application with a queue of jobs."""
    return made(services)
