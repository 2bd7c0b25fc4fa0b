"""How far a long job has come, reported by the engine as it goes."""

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


OnProgress: TypeAlias = Callable[[Progress], None]
"""It must not wait: it is called in the middle of the job, which may hold locks."""


def ignore_progress(progress: Progress) -> None:
    pass


@dataclass(slots=True)
class Count:
    """How many issues are settled so far."""

    total: int
    on_progress: OnProgress = ignore_progress
    done: int = 0

    def add(self, issues: int, doing: str) -> None:
        """Count issues that are settled, and report what comes next."""
        self.done = min(self.done + issues, self.total)
        self.report(doing)

    def report(self, doing: str) -> None:
        self.on_progress(Progress(self.done, self.total, doing))
