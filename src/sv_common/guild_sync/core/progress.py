"""Progress of long jobs, reported by the engine."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Progress:
    """So much is done of so much, and what is being done now, in words for an officer."""

    done: int
    total: int
    doing: str


Watch: TypeAlias = Callable[[Progress], None]
"""Hears of progress. It must not wait: it is called in the middle of the work, which may hold locks."""


def unwatched(progress: Progress) -> None:
    """Hear of progress and do nothing with it."""


@dataclass(slots=True)
class Count:
    """How many issues are settled so far, for whoever watches."""

    total: int
    watch: Watch = unwatched
    done: int = 0

    def add(self, issues: int, doing: str) -> None:
        """Count issues that are settled, and say what comes next."""
        self.done = min(self.done + issues, self.total)
        self.tell(doing)

    def tell(self, doing: str) -> None:
        """Say what is being done."""
        self.watch(Progress(self.done, self.total, doing))
