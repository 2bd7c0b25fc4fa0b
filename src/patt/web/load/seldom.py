"""Log lines of what can happen thousands of times a second: one in a while, with how often it was."""

from __future__ import annotations

import time
from collections import Counter
from typing import Any

import structlog

log = structlog.get_logger(__name__)

PAUSE_S = 10.0

_said_at: dict[str, float] = {}
_unsaid: Counter[str] = Counter()


def warn_seldom(event: str, **values: Any) -> None:
    """Log an event, and then the same one only after a pause, with how many there were meanwhile."""
    now = time.monotonic()
    if now - _said_at.get(event, -PAUSE_S) < PAUSE_S:
        _unsaid[event] += 1
        return
    _said_at[event] = now
    log.warning(event, times=_unsaid.pop(event, 0) + 1, **values)
