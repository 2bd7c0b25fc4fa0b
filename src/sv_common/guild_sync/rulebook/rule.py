"""What a rule is: one kind of issue, how it is found and explained, and the one known way to fix it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol, TypeAlias

from sv_common.db.pool import GuildConnection, Pool
from sv_common.guild_sync.changes.changeset import Changeset
from sv_common.guild_sync.core.language import tr
from sv_common.guild_sync.issues.explanation import Explanation, WeighedCandidate
from sv_common.guild_sync.issues.material import Material
from sv_common.guild_sync.issues.model import Finding, Severity, SubjectKind
from sv_common.guild_sync.rulebook.dependence import Dependence
from sv_common.guild_sync.rulebook.example import Example
from sv_common.guild_sync.rulebook.explain import Known
from sv_common.guild_sync.rulebook.parameter import AUTOMATIC_FIX_LIMIT, Parameter, RuleOverrides, RuleSettings
from sv_common.guild_sync.rulebook.translated import message_in, translated
from sv_common.guild_sync.sources.ports import DiscordSource


@dataclass(frozen=True, slots=True)
class Asked:
    """What a question may use: the subject's name, the details of the finding, and what a fix would do, where one is ready."""

    name: str
    details: Mapping[str, Any]
    plan: Changeset | None = None


class Detector(Protocol):
    """Finds what is wrong in one set-based question; never writes."""

    async def __call__(self, guild: GuildConnection, *, now: datetime | None = None) -> list[Finding]:
        """Return the findings of the guild; `now` defaults to the database's clock."""
        ...


class PartDetector(Protocol):
    """Finds what is wrong with some subjects: exactly what the detector finds of them. Never writes."""

    async def __call__(
        self, guild: GuildConnection, *, now: datetime | None = None, among: Collection[int]
    ) -> list[Finding]:
        """Return the findings about subjects of the rule's kind with these numbers."""
        ...


Planner: TypeAlias = Callable[[GuildConnection, Sequence[Finding]], Awaitable[list[Changeset]]]
"""Makes one plan for each of the findings, which a detector has just reported, in their order; reads only."""

Explainer: TypeAlias = Callable[[Known, Finding], Explanation]
"""Explains why a finding is there. Where it is no longer found, only what each source says is of use."""

ListCandidates: TypeAlias = Callable[[Known, int, Changeset | None], tuple[WeighedCandidate, ...]]
"""Returns who the subject (by its number) could be, with reasons for and against; the plan says whom a fix would take."""

Questioner: TypeAlias = Callable[[Asked], str]
"""Says a finding as a question to an officer, in plain words: “Whose is Velquin?”"""

Mitigation: TypeAlias = Callable[..., Awaitable[bool]]
"""`(pool: Pool, issue_row, ...) -> bool`: True means that the issue is resolved now."""


class AppliesPlan(ABC):
    """A `mitigate_fn` that applies the rule's plan; any other is the rule's own function."""

    @abstractmethod
    async def __call__(self, pool: Pool, issue_row: Any, discord_bot: DiscordSource | None = None) -> bool:
        """Fix one issue; True means that it is resolved by this fix."""


@dataclass(frozen=True, slots=True)
class Remedy:
    """What an officer can do where there is no fix; `reason` is why there is none, where the plan does not say it."""

    advice: str
    reason: str | None = None


RemedyFinder: TypeAlias = Callable[[Known, int], Remedy | None]
"""Returns what an officer can do about a subject (by its number) for which there is no fix."""


def _defaults(rule: RuleDefinition) -> dict[str, int | None]:
    return {each.name: each.default for each in rule.thresholds}


def _in_words(rule: RuleDefinition, chosen: Mapping[str, Any]) -> dict[str, str]:
    return {each.name: each.in_words(chosen[each.name]) for each in rule.thresholds}


@translated("name", "why", "safe", "left_to_officer")
@translated("description", filled_with=lambda rule: _in_words(rule, _defaults(rule)))
@dataclass(frozen=True, slots=True)
class RuleDefinition:
    """All there is to know about one rule. The first six fields are enough for a rule that brings its own fix.

    `detect` None: no scan looks for it, its issues come from elsewhere. `plan` makes fixes that are previewed, verified and
    undone; a fix by `mitigate_fn` alone cannot be previewed or undone. `question` is what the Inbox asks; without one it shows the
    summary. `safe` says which plans automation may apply where a
    guild switches it on; None: none of them. `affects` names the rules whose findings a fix of this one can change: they are
    scanned again in the same transaction. `detect_among` looks at some subjects instead of all; with `is_local`, what is found
    of a subject rests on its own rows, on those of its player and of the player's accounts, and on the guild's settings, and a
    fix that changed none of them changes no finding about it. `depends_on` says on what the findings depend, so that a look at
    a guild in which none of it was written asks the rule not again; None: on anything, and the rule is always asked.
    `material` is what a dismissal rests
    on; without any, it hides every finding about its subject. `is_on`: whether scans use it where a guild has not said so.
    `is_for_officers`: others see nothing of it, nor does what leaves the product; the database withholds its rows.

    Its texts are marked, and read in the language of the task. In the `description`, `{stale_after_days}` stands for what is set of
    the threshold of that name.
    """

    issue_type: str
    name: str
    description: str
    severity: Severity | str
    auto_mitigate: bool
    mitigate_fn: Mitigation | None = None
    detect: Detector | None = None
    detect_among: PartDetector | None = None
    is_local: bool = False
    depends_on: frozenset[Dependence] | None = None
    plan: Planner | None = None
    explain: Explainer | None = None
    question: Questioner | None = None
    candidates: ListCandidates | None = None
    remedy: RemedyFinder | None = None
    subject: SubjectKind = SubjectKind.CHARACTER
    why: str = ""
    safe: str | None = None
    left_to_officer: str = ""
    material: Sequence[Material] = ()
    affects: Sequence[str] = ()
    thresholds: Sequence[Parameter] = ()
    examples: Sequence[Example] = ()
    is_on: bool = True
    is_for_officers: bool = False

    @property
    def unset(self) -> RuleOverrides:
        """How the rule is set where a guild has set nothing."""
        return RuleOverrides(is_enabled=self.is_on)

    @property
    def is_fixable(self) -> bool:
        return self.plan is not None or self.mitigate_fn is not None

    @property
    def own_function(self) -> Mitigation | None:
        """The function that fixes instead of a plan."""
        return None if isinstance(self.mitigate_fn, AppliesPlan) else self.mitigate_fn

    @property
    def may_be_automatic(self) -> bool:
        """Whether automation may apply any of its fixes: the safe plans, or a function of an automatic rule."""
        return self.safe is not None or (self.own_function is not None and self.auto_mitigate)

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """All that a guild may set: the rule's own thresholds, and the budget of a rule with automatic fixes."""
        return (*self.thresholds, *([AUTOMATIC_FIX_LIMIT] if self.may_be_automatic else []))

    def description_with(self, chosen: Mapping[str, Any]) -> str:
        """Return the description with a guild's own thresholds in the place of the defaults."""
        return tr(message_in(self, "description"), **_in_words(self, chosen))

    async def findings(
        self, guild: GuildConnection, *, now: datetime | None = None, among: Collection[int] | None = None
    ) -> list[Finding]:
        """Return what the detector finds, `among` some subjects of the rule's kind at least, or of all; nothing without one.

        Raises `Refused` where it cannot tell.
        """
        if among is not None and self.detect_among is not None:
            return await self.detect_among(guild, now=now, among=among)
        return [] if self.detect is None else await self.detect(guild, now=now)

    def settings(self, overrides: RuleOverrides) -> RuleSettings:
        defaults = _defaults(self)
        return RuleSettings(
            self.issue_type,
            overrides.is_enabled,
            self.auto_mitigate if overrides.auto_mitigate is None else overrides.auto_mitigate,
            overrides.severity or self.severity,
            {**defaults, **overrides.parameters},
        )
