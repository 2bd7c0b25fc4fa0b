"""What a run did: the typed results of syncs, checks, fixes and pipelines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from sv_common.guild_sync.changes.changeset import Changeset
from sv_common.guild_sync.changes.describe import sentences


@dataclass(frozen=True, slots=True)
class SyncReport:
    """What one sync of one source changed, in counts; `notices` are sentences that an officer should read.

    `as_of` is of when the source's news are now, where that is not the present. With `is_superseded`, all of it was known
    from newer news, and nothing was changed.
    `is_partial`: so much of it could not be had that nobody should take it for done.
    """

    source: str
    counts: dict[str, int]
    notices: tuple[str, ...] = ()
    as_of: datetime | None = None
    is_superseded: bool = False
    is_partial: bool = False


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """How the open issues of one rule moved."""

    found: int = 0
    opened: int = 0
    reopened: int = 0
    refreshed: int = 0
    resolved: int = 0
    woken: int = 0


@dataclass(frozen=True, slots=True)
class RuleCheck:
    """One rule's part of an integrity check of one guild; `error` says why the rule concluded nothing."""

    guild_id: int
    issue_type: str
    moves: Reconciliation
    duration_ms: int
    error: str | None = None


@dataclass(frozen=True, slots=True)
class CheckReport:
    """What an integrity check found."""

    checks: Sequence[RuleCheck]

    @property
    def errors(self) -> list[str]:
        """One sentence for each rule that could not conclude."""
        return [f"{check.issue_type}: {check.error}" for check in self.checks if check.error]

    def total(self, move: str) -> int:
        """Sum one kind of move, such as "opened", over all rules."""
        return sum(getattr(check.moves, move) for check in self.checks)


class FixOutcome(StrEnum):
    """How an attempt to fix ended. Only FIXED means that the issue is resolved by it.

    UNVERIFIED: Discord was told to change something, and nobody could look whether it did.
    """

    FIXED = "fixed"
    REFUSED = "refused"
    WAITING = "waiting"
    HELD = "held"
    FAILED = "failed"
    UNVERIFIED = "unverified"
    NOTHING_TO_DO = "nothing_to_do"


@dataclass(frozen=True, slots=True)
class FixResult:
    """What became of one issue in a run of fixes. `reason` is a sentence for an officer."""

    issue_id: int
    issue_type: str
    outcome: FixOutcome
    reason: str
    plan: Changeset | None = None
    attempt_id: int | None = None

    @property
    def sentences(self) -> list[str]:
        """What was or would be done, in words."""
        return sentences(self.plan) if self.plan else []


@dataclass(frozen=True, slots=True)
class FixReport:
    """What a run of fixes did."""

    results: Sequence[FixResult] = ()

    def count(self, outcome: FixOutcome) -> int:
        """Return how many issues ended so."""
        return sum(result.outcome is outcome for result in self.results)


@dataclass(frozen=True, slots=True)
class UndoReport:
    """What an undo put back. `left` says of whom a partial undo could not, and why."""

    attempt_id: int
    sentences: Sequence[str]
    left: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class StepReport:
    """One step of a pipeline: its counts, how long it took (milliseconds) and what went wrong."""

    name: str
    duration_ms: int
    counts: dict[str, int] = field(default_factory=dict)
    notices: Sequence[str] = ()
    error: str | None = None

    def as_json(self) -> dict[str, Any]:
        """Return the step as the sync log keeps it."""
        return {
            "name": self.name,
            "duration_ms": self.duration_ms,
            "counts": self.counts,
            "notices": list(self.notices),
            "error": self.error,
        }


@dataclass(frozen=True, slots=True)
class PipelineReport:
    """A whole pipeline run of one guild. `statements` counts the SQL statements that it ran."""

    name: str
    guild_id: int
    run_id: int
    status: str
    steps: Sequence[StepReport]
    statements: int
    seconds: float
    check: CheckReport | None = None
    fixes: FixReport | None = None
