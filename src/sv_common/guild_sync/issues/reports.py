"""What came of a scan."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Annotated

from pydantic import Field, computed_field

from sv_common.guild_sync.core.language import number, tr


@dataclass(frozen=True, slots=True)
class Reconciliation:
    """How the open issues of one rule moved."""

    found: int = 0
    opened: int = 0
    recurred: int = 0
    refreshed: int = 0
    resolved: int = 0
    reopened: int = 0


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
            return tr("Nothing was scanned: the rule is switched off, or no guild is set up.")
        totals = self.totals
        found, opened, resolved = number(totals.found), number(totals.opened), number(totals.resolved)
        if totals.recurred:
            said = tr(
                "Scan done: {found} found, {opened} new, {back} back again, {resolved} resolved.",
                found=found,
                opened=opened,
                back=number(totals.recurred),
                resolved=resolved,
            )
        else:
            said = tr(
                "Scan done: {found} found, {opened} new, {resolved} resolved.",
                found=found,
                opened=opened,
                resolved=resolved,
            )
        return " ".join([said, *self.errors])

    @property
    def errors(self) -> list[str]:
        """One sentence for each rule that could not conclude."""
        return [f"{check.issue_type}: {check.error}" for check in self.checks if check.error]

    def total(self, move: str) -> int:
        return sum(getattr(check.moves, move) for check in self.checks)
