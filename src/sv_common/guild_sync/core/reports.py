"""What a run did: the typed results of syncs, checks, fixes and pipelines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class SyncReport:
    """What one sync of one source changed, in counts; `notices` are sentences that an officer should read.

    `as_of` is of when the source's news are now, where that is not the present. With `is_superseded`, all of it was known
    from newer news, and nothing was changed.
    `is_partial`: so much of it failed that it does not count as done.
    """

    source: str
    counts: dict[str, int]
    notices: tuple[str, ...] = ()
    as_of: datetime | None = None
    is_superseded: bool = False
    is_partial: bool = False


@dataclass(frozen=True, slots=True)
class StepReport:
    """One step of a pipeline: its counts, how long it took (milliseconds) and what went wrong."""

    name: str
    duration_ms: int
    counts: dict[str, int] = field(default_factory=dict)
    notices: Sequence[str] = ()
    error: str | None = None

    def as_json(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "duration_ms": self.duration_ms,
            "counts": self.counts,
            "notices": list(self.notices),
            "error": self.error,
        }
