"""What every law is held to."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import structlog

_FAULTS = {"detector_failed", "fix_failed"}
"""What the log says when an error was caught that nobody expected."""


@pytest.fixture(autouse=True)
def no_hidden_faults() -> Iterator[None]:
    """Keep the log of thousands of runs off the screen, and fail a test in which an unexpected error was swallowed."""
    with structlog.testing.capture_logs() as log:
        yield
    assert [entry for entry in log if entry["event"] in _FAULTS] == []
