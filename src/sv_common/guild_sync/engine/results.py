"""The results of fixes and undos."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

from pydantic import Field, computed_field

from sv_common.guild_sync.changes.changeset import Changeset
from sv_common.guild_sync.changes.describe import sentences
from sv_common.guild_sync.core.language import mark, number, tr, tr_n
from sv_common.guild_sync.core.undo_offer import UndoOffer, undo_of_attempts


class FixOutcome(StrEnum):
    """How an attempt to fix ended. Only FIXED means that it resolved the issue.

    UNVERIFIED: Discord was told to change something, and the result could not be seen.
    """

    FIXED = "fixed"
    REFUSED = "refused"
    WAITING = "waiting"
    HELD = "held"
    FAILED = "failed"
    UNVERIFIED = "unverified"
    NOTHING_TO_DO = "nothing_to_do"


_COUNTED = {
    FixOutcome.FIXED: mark("{n} fixed"),
    FixOutcome.REFUSED: mark("{n} refused"),
    FixOutcome.WAITING: mark("{n} waiting"),
    FixOutcome.HELD: mark("{n} held"),
    FixOutcome.FAILED: mark("{n} failed"),
    FixOutcome.UNVERIFIED: mark("{n} not verified"),
    FixOutcome.NOTHING_TO_DO: mark("{n} with nothing to do"),
}


@dataclass(frozen=True, slots=True)
class FixResult:
    """What became of one issue in a run of fixes."""

    issue_id: int
    issue_type: str
    outcome: FixOutcome
    reason: Annotated[str, Field(description="Why it ended so.")]
    plan: Annotated[Changeset | None, Field(exclude=True)] = None
    attempt_id: Annotated[int | None, Field(description="What to undo, if something was changed.")] = None

    @computed_field(description="How to undo it; null where nothing was changed.")
    @property
    def undo(self) -> UndoOffer | None:
        """How to undo it, if something was changed."""
        return undo_of_attempts(undoable_in([self]))

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
                return " ".join([tr("Fixed."), *self.steps])
            case FixOutcome.NOTHING_TO_DO:
                return self.reason
            case FixOutcome.UNVERIFIED:
                return tr("Not verified: {reason}", reason=self.reason)
            case _:
                return tr("Not fixed: {reason}", reason=self.reason)


def undoable_in(results: Sequence[FixResult]) -> list[int]:
    """Return the attempts of these results that changed something, or may have."""
    done = (FixOutcome.FIXED, FixOutcome.UNVERIFIED)
    return [each.attempt_id for each in results if each.outcome in done and each.attempt_id is not None]


def _counted(outcome: FixOutcome, about: str | None = None) -> property:
    def count(report: FixReport) -> int:
        return report.count(outcome)

    return computed_field(description=about, return_type=int)(property(count))


@dataclass(frozen=True, slots=True)
class FixReport:
    """The results of a run of fixes, in all and one by one."""

    results: Annotated[Sequence[FixResult], Field(serialization_alias="issues")] = ()

    fixed = _counted(FixOutcome.FIXED)
    refused = _counted(FixOutcome.REFUSED)
    waiting = _counted(FixOutcome.WAITING)
    held = _counted(FixOutcome.HELD)
    failed = _counted(FixOutcome.FAILED)
    unverified = _counted(
        FixOutcome.UNVERIFIED,
        "Discord was told to change something, but the result is unknown. PATT checks again later.",
    )
    nothing_to_do = _counted(FixOutcome.NOTHING_TO_DO)

    @computed_field(description="How to undo all of it at once; null where nothing was changed.")
    @property
    def undo(self) -> UndoOffer | None:
        """How to undo all of it at once, if something was changed."""
        return undo_of_attempts(undoable_in(self.results))

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
            return tr("No open issues. Nothing was changed.")
        counts = [tr(_COUNTED[each], n=number(count)) for each in FixOutcome if (count := self.count(each))]
        return tr_n("Of {n} issue: {counts}.", "Of {n} issues: {counts}.", self.found, counts=", ".join(counts))

    def count(self, outcome: FixOutcome) -> int:
        return sum(result.outcome is outcome for result in self.results)


@dataclass(frozen=True, slots=True)
class UndoReport:
    """What was undone, and what was not."""

    attempt_ids: Annotated[Sequence[int], Field(description="The attempts that are undone, or in part.")]
    sentences: Annotated[Sequence[str], Field(serialization_alias="undone")]
    left: Annotated[
        Sequence[str],
        Field(
            description="What could not be undone, and why.",
            examples=[["Mito: The player of Grimalt was changed since, so this can no longer be undone as a whole."]],
        ),
    ] = ()
    is_stopped: Annotated[
        bool, Field(description="Discord stopped it half-way: what is undone stays undone, and the rest is as it was.")
    ] = False

    @computed_field
    @property
    def sentence(self) -> str:
        """What was undone and what is left, for an officer."""
        left = [tr("Not undone; you can undo these later:"), *self.left] if self.left else []
        if len(self.attempt_ids) > 1:
            done = tr_n("{n} change is undone.", "{n} changes are undone.", len(self.attempt_ids))
            return " ".join([done, *([tr("It stopped there.")] if self.is_stopped else []), *left])
        (number_of,) = self.attempt_ids
        done = (
            tr("Attempt {attempt} is undone in part.", attempt=number_of)
            if self.left
            else tr("Attempt {attempt} is undone.", attempt=number_of)
        )
        return " ".join([done, *self.sentences, *left])
