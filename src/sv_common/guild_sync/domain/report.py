"""What a run did: the typed results of syncs, checks, fixes and pipelines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Any

from pydantic import Field, computed_field

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
    """One rule's part of an integrity check of one guild."""

    guild_id: int
    issue_type: str
    moves: Reconciliation
    duration_ms: int
    error: Annotated[str | None, Field(description="Why the rule concluded nothing and changed nothing, if so.")] = None


@dataclass(frozen=True, slots=True)
class CheckReport:
    """What an integrity check found. Nothing was fixed."""

    checks: Annotated[Sequence[RuleCheck], Field(serialization_alias="rules")]

    @computed_field
    @property
    def totals(self) -> Reconciliation:
        """How the open issues of all rules moved."""
        return Reconciliation(*(self.total(each.name) for each in fields(Reconciliation)))

    @computed_field
    @property
    def sentence(self) -> str:
        """What was found, for an officer."""
        if not self.checks:
            return "Nothing was looked at: the rule is switched off, or there is no guild."
        totals = self.totals
        back = f", {totals.reopened} back again" if totals.reopened else ""
        found = f"Scan done: {totals.found} found, {totals.opened} new{back}, {totals.resolved} resolved."
        return " ".join([found, *self.errors])

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


_IN_WORDS = {FixOutcome.UNVERIFIED: "not verified", FixOutcome.NOTHING_TO_DO: "with nothing to do"}


@dataclass(frozen=True, slots=True)
class FixResult:
    """What became of one issue in a run of fixes."""

    issue_id: int
    issue_type: str
    outcome: FixOutcome
    reason: Annotated[str, Field(description="Why it ended so.")]
    plan: Annotated[Changeset | None, Field(exclude=True)] = None
    attempt_id: Annotated[int | None, Field(description="What to undo, if something was changed.")] = None

    @computed_field
    @property
    def resolved(self) -> bool:
        """Whether the issue is resolved now."""
        return self.outcome in (FixOutcome.FIXED, FixOutcome.NOTHING_TO_DO)

    @computed_field
    @property
    def steps(self) -> Sequence[str]:
        """What the plan does, a sentence for each step."""
        return sentences(self.plan) if self.plan else []

    @computed_field
    @property
    def sentence(self) -> str:
        """What came of it, for an officer."""
        match self.outcome:
            case FixOutcome.FIXED:
                return " ".join(["Fixed.", *self.steps])
            case FixOutcome.NOTHING_TO_DO:
                return self.reason
            case FixOutcome.UNVERIFIED:
                return f"Not verified: {self.reason}"
            case _:
                return f"Not fixed: {self.reason}"


def _counted(outcome: FixOutcome, about: str | None = None) -> property:
    def count(report: FixReport) -> int:
        return report.count(outcome)

    return computed_field(description=about, return_type=int)(property(count))


@dataclass(frozen=True, slots=True)
class FixReport:
    """What became of the issues of a run of fixes, in all and one by one."""

    results: Annotated[Sequence[FixResult], Field(serialization_alias="issues")] = ()

    fixed = _counted(FixOutcome.FIXED)
    refused = _counted(FixOutcome.REFUSED)
    waiting = _counted(FixOutcome.WAITING)
    held = _counted(FixOutcome.HELD)
    failed = _counted(FixOutcome.FAILED)
    unverified = _counted(
        FixOutcome.UNVERIFIED,
        "Discord was told to change something, and nobody could look whether it did; looked up again later.",
    )
    nothing_to_do = _counted(FixOutcome.NOTHING_TO_DO)

    @computed_field
    @property
    def found(self) -> int:
        """How many issues the fix was about."""
        return len(self.results)

    @computed_field
    @property
    def sentence(self) -> str:
        """How many issues ended how, for an officer."""
        if not self.results:
            return "Nothing is open, so nothing was changed."
        counts = [f"{count} {_IN_WORDS.get(each, each)}" for each in FixOutcome if (count := self.count(each))]
        return f"Of {self.found} {'issue' if self.found == 1 else 'issues'}: {', '.join(counts)}."

    def count(self, outcome: FixOutcome) -> int:
        """Return how many issues ended so."""
        return sum(result.outcome is outcome for result in self.results)


@dataclass(frozen=True, slots=True)
class UndoReport:
    """What an undo put back."""

    attempt_id: int
    sentences: Annotated[Sequence[str], Field(serialization_alias="undone")]
    left: Annotated[
        Sequence[str],
        Field(
            description="Of whom a partial undo could not put anything back, and why.",
            examples=[["Mito: The player of Grimalt was changed since, so this can no longer be undone as a whole."]],
        ),
    ] = ()

    @computed_field
    @property
    def sentence(self) -> str:
        """What was undone and what is left, for an officer."""
        done = f"Attempt {self.attempt_id} is undone{' in part' if self.left else ''}."
        left = ["Left as it is, and can be undone later:", *self.left] if self.left else []
        return " ".join([done, *self.sentences, *left])


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
