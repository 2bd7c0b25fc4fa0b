"""Pages of an application with a queue of jobs, looked at in a real browser."""

from __future__ import annotations

import pytest
from fastapi import FastAPI

from patt.app import create_app
from patt.bootstrap import Services


@pytest.fixture
def app(services: Services) -> FastAPI:
    """The application with a queue of jobs."""
    return create_app(services)
