"""What the API takes and gives, and which routes there are, is changed on purpose alone: by writing these files anew.

`PATT_WRITE_SNAPSHOTS=1 python -m pytest tests/proofs/test_api_snapshot.py` writes them; the difference is for a reader.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import cast

import pytest
from fastapi import FastAPI

from proofs.api_snapshot import described
from sv_common.db.pool import Pool
from web.helpers import application
from web.test_web_routes import all_ways

SNAPSHOTS = Path(__file__).parent / "snapshots"
IS_WRITING = os.environ.get("PATT_WRITE_SNAPSHOTS") == "1"


@pytest.fixture
def app() -> FastAPI:
    """The application as it describes itself; for that it needs no database."""
    return application(cast("Pool", None))


def _compare(name: str, text: str) -> None:
    file = SNAPSHOTS / name
    if IS_WRITING:
        file.write_text(text, encoding="utf-8")
        pytest.skip(f"{name} is written anew")
    assert text.splitlines() == file.read_text(encoding="utf-8").splitlines()


def test_the_api_is_described_as_it_was(app: FastAPI) -> None:
    _compare("openapi.txt", described(app.openapi()))


def test_the_routes_are_those_that_there_were(app: FastAPI) -> None:
    ways = sorted((way.path, way.method, " ".join(sorted(way.audiences))) for way in all_ways(app))
    _compare("routes.txt", "".join(f"{method} {path} ({audience})\n" for path, method, audience in ways))
