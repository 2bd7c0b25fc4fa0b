"""What a rule is: one kind of issue, how it is found, and the one known way to mend it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol, TypeAlias

from sv_common.db.pool import Connection, Pool
from sv_common.guild_sync.domain.errors import Refused
from sv_common.guild_sync.domain.issue import Finding, Severity, SubjectKind
from sv_common.guild_sync.domain.material import Material
from sv_common.guild_sync.domain.parameter import AUTOMATIC_FIX_LIMIT, Parameter
from sv_common.guild_sync.domain.plan import Plan


class Detector(Protocol):
    """Reads in one set-based question and reports what is wrong; never writes."""

    async def __call__(
        self, conn: Connection, *, guild_id: int | None = None, now: datetime | None = None
    ) -> list[Finding]:
        """Return the findings of one guild, or of every guild; `now` defaults to the database's clock."""
        ...


Planner: TypeAlias = Callable[[Connection, Sequence[Finding]], Awaitable[list[Plan]]]
"""Makes one plan for each of the findings, which a detector has just reported, in their order; reads only."""

Mitigation: TypeAlias = Callable[..., Awaitable[bool]]
"""`(pool: Pool, issue_row, ...) -> bool`: True means that the issue is resolved now."""


@dataclass(frozen=True, slots=True)
class Example:
    """A case in words, for the documentation: what is the case, and what the rule makes of it."""

    given: str
    then: str


@dataclass(frozen=True, slots=True)
class RulePage:
    """One page of the rulebook: all there is to know about one rule.

    `safe` says which of its plans automation may apply where a guild switches it on; None: none of them, so there is
    nothing to switch on. `affects` names the rules whose findings a fix of this one can change: they are looked at again
    in the same transaction. `material` is on what a dismissal rests; without any, it hides whatever is found of its
    subject.
    """

    issue_type: str
    name: str
    description: str
    severity: Severity
    subject: SubjectKind
    auto_mitigate: bool
    detect: Detector
    plan: Planner | None
    why: str
    left_to_a_person: str
    examples: Sequence[Example]
    material: Sequence[Material] = ()
    affects: Sequence[str] = ()
    thresholds: Sequence[Parameter] = ()
    safe: str | None = None

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """All that a guild may set: the rule's own thresholds, and the budget of a rule that may fix by itself."""
        return (*self.thresholds, *([AUTOMATIC_FIX_LIMIT] if self.safe is not None else []))


class MitigationByPlan(ABC):
    """A `mitigate_fn` that plans a fix and lets the engine carry it out. The engine does many of these at once."""

    @abstractmethod
    async def __call__(self, *arguments: Any, **options: Any) -> bool:
        """Fix one issue; True means that it is resolved now."""


async def no_detector(conn: Connection, *, guild_id: int | None = None, now: datetime | None = None) -> list[Finding]:  # noqa: ARG001 -- as every detector
    """Raise `Refused`: a rule without a detector cannot tell what is so."""
    raise Refused("This rule does not look for issues by itself, so what is listed stays until it is fixed or closed.")


@dataclass(frozen=True, slots=True)
class RuleDefinition:
    """A rule as the registry shows it. Its first six fields are enough.

    Without `detect_fn` nothing is concluded of its issues: others open them. Without `plan_fn`, `mitigate_fn` is called
    for each issue; what it does is not shown beforehand and cannot be undone. `page` is what the rulebook says of it.
    """

    issue_type: str
    name: str
    description: str
    severity: Severity
    auto_mitigate: bool
    mitigate_fn: Mitigation | None
    detect_fn: Detector = no_detector
    plan_fn: Planner | None = None
    page: RulePage = None  # type: ignore[assignment]  # __post_init__ writes it

    def __post_init__(self) -> None:
        """Write the page of a rule that has none."""
        given: RulePage | None = self.page
        object.__setattr__(self, "page", given or self._unwritten_page())

    @property
    def has_detector(self) -> bool:
        """Whether the rule looks for its issues by itself."""
        return self.detect_fn is not no_detector

    @property
    def own_fix(self) -> Mitigation | None:
        """The function that fixes one issue where the engine has no plan for it; None where it has one, or nothing is known."""
        return None if isinstance(self.mitigate_fn, MitigationByPlan) else self.mitigate_fn

    @property
    def is_fixable(self) -> bool:
        """Whether the rule knows a fix: it can plan one, or has a function that makes it."""
        return self.plan_fn is not None or self.own_fix is not None

    def _unwritten_page(self) -> RulePage:
        return RulePage(
            issue_type=self.issue_type,
            name=self.name,
            description=self.description,
            severity=Severity(self.severity),
            subject=SubjectKind.CHARACTER,
            auto_mitigate=self.auto_mitigate,
            detect=self.detect_fn,
            plan=self.plan_fn,
            why="",
            left_to_a_person="",
            examples=(),
            safe="What its own function fixes." if self.auto_mitigate and self.mitigate_fn is not None else None,
        )


@dataclass(frozen=True, slots=True)
class RuleSettings:
    """A guild's wishes about one rule, defaults filled in."""

    issue_type: str
    is_enabled: bool
    auto_mitigate: bool
    severity: str
    parameters: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class RuleWishes:
    """What a guild has said of one rule itself; None, or a threshold that is not there: as the rulebook says."""

    is_enabled: bool = True
    auto_mitigate: bool | None = None
    severity: str | None = None
    parameters: Mapping[str, int] = field(default_factory=dict)

    def merged_with(self, page: RulePage) -> RuleSettings:
        """Return the settings that follow, defaults filled in."""
        defaults = {each.name: each.default for each in page.thresholds}
        return RuleSettings(
            page.issue_type,
            self.is_enabled,
            page.auto_mitigate if self.auto_mitigate is None else self.auto_mitigate,
            self.severity or page.severity,
            {**defaults, **self.parameters},
        )


__all__ = [
    "Detector",
    "Example",
    "Mitigation",
    "MitigationByPlan",
    "Parameter",
    "Planner",
    "Pool",
    "RuleDefinition",
    "RulePage",
    "RuleSettings",
    "RuleWishes",
    "no_detector",
]
