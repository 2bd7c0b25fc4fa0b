"""Which connections the running task holds: no one outside may be asked while there is one."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from contextvars import ContextVar
from dataclasses import dataclass


@dataclass(slots=True)
class _Hold:
    is_over: bool = False


_holds: ContextVar[tuple[_Hold, ...]] = ContextVar("held_connections", default=())


@contextlib.contextmanager
def holding() -> Iterator[None]:
    """Count a connection as held while the block runs, also for tasks that are begun in it."""
    hold = _Hold()
    _holds.set((*_holds.get(), hold))
    try:
        yield
    finally:
        hold.is_over = True
        _holds.set(tuple(each for each in _holds.get() if not each.is_over))


def held_connections() -> int:
    """Return how many connections of pools this task, or the one that began it, holds now."""
    return sum(not each.is_over for each in _holds.get())
