"""Thresholds of the rules: what each is called, its unit and bounds, and the budget of automatic fixes."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Any, Final

from pydantic import Field

from sv_common.guild_sync.core.errors import BadInput
from sv_common.guild_sync.core.language import mark, number, tr, tr_n
from sv_common.guild_sync.rulebook.translated import translated

SMALLEST_BUDGET: Final = 10
BUDGET_PERCENT: Final = 5
"""How many percent of the roster may be fixed automatically at once, where that is more than the smallest budget."""

_WHOLE_NUMBER: Final = re.compile(r"[+-]?[0-9]{1,9}")


@translated("label", "unit")
@translated("about", filled_with=lambda parameter: parameter.values)
@dataclass(frozen=True, slots=True)
class Parameter:
    """A threshold that a guild may set: a whole number of `unit`, from `least` to `most`.

    `counted` says a number of the unit; `values` stand for the placeholders in `about`.
    """

    name: Annotated[str, Field(examples=["stale_after_days"])]
    label: Annotated[str, Field(examples=["Stale after"])]
    unit: Annotated[str, Field(examples=["days"])]
    least: int
    most: int
    default: Annotated[int | None, Field(description="Null: worked out for each guild, as `about` says.")]
    about: Annotated[str, Field(examples=["Days without a login until a character is found"])]
    counted: Annotated[Callable[[int], str], Field(exclude=True)]
    values: Annotated[Mapping[str, object], Field(exclude=True)] = field(default_factory=dict, hash=False, kw_only=True)

    def read(self, given: object) -> int:
        """Return a number within the bounds. Raises `BadInput` that names the field and says what may be given."""
        text = str(given).strip()
        is_number = not isinstance(given, bool) and _WHOLE_NUMBER.fullmatch(text) is not None
        if not is_number or not self.least <= int(text) <= self.most:
            shown = text if len(text) <= len(str(self.most)) + 8 else f"{text[:12]}…"
            raise BadInput(
                tr(
                    "{label} ({name}): “{given}” is not valid. Use a whole number of {unit} from "
                    "{least} to {most}, or leave it out for the default ({default}).",
                    label=self.label,
                    name=self.name,
                    given=shown,
                    unit=self.unit,
                    least=self.least,
                    most=self.most,
                    default=self.default_in_words,
                )
            )
        return int(text)

    def in_words(self, n: int | None) -> str:
        """Say a value of the threshold: “1 day”, “30 days”. None: worked out for each guild."""
        return self.about if n is None else self.counted(n)

    @property
    def default_in_words(self) -> str:
        return self.in_words(self.default)


AUTOMATIC_FIX_LIMIT: Final = Parameter(
    name="automatic_fix_limit",
    label=mark("Auto-fix limit per run"),
    unit=mark("fixes"),
    least=1,
    most=1000,
    default=None,
    about=mark("{percent} % of the characters in the guild, but at least {smallest}"),
    counted=lambda n: tr_n("{n} fix", "{n} fixes", n),
    values={"percent": BUDGET_PERCENT, "smallest": SMALLEST_BUDGET},
)
"""The parameter of every rule of which some fixes are safe."""


@dataclass(frozen=True, slots=True)
class Budget:
    """How many automatic fixes of a rule may run at once in a guild, and why that many."""

    limit: int
    reason: str

    @property
    def sentence(self) -> str:
        return tr("{n} now: {reason}", n=number(self.limit), reason=self.reason)


def budget_of(parameters: Mapping[str, Any], roster_size: int) -> Budget:
    """`roster_size` counts the characters that are in the guild now."""
    limit = parameters.get(AUTOMATIC_FIX_LIMIT.name)
    if limit is not None:
        return Budget(int(limit), tr("set by an administrator."))
    share = roster_size * BUDGET_PERCENT // 100
    size = number(roster_size)
    if share >= SMALLEST_BUDGET:
        return Budget(share, tr("{percent} % of {n} characters.", percent=BUDGET_PERCENT, n=size))
    reason = tr(
        "{percent} % of {n} characters, but at least {smallest}.",
        percent=BUDGET_PERCENT,
        n=size,
        smallest=SMALLEST_BUDGET,
    )
    return Budget(SMALLEST_BUDGET, reason)


def read_parameters(known: Sequence[Parameter], given: Mapping[str, object]) -> dict[str, int]:
    """Return the thresholds that were given, checked; empty text means the default and is left out.

    Raises `BadInput` with one sentence for each that cannot be used.
    """
    by_name = {parameter.name: parameter for parameter in known}
    problems: list[str] = []
    read: dict[str, int] = {}
    for name, value in given.items():
        if name not in by_name:
            known_names = ", ".join(by_name)
            problems.append(
                tr("This rule has no threshold “{name}”. It has: {names}.", name=name[:60], names=known_names)
                if by_name
                else tr("This rule has no threshold “{name}”. It has: none.", name=name[:60])
            )
        elif value is not None and str(value).strip():
            try:
                read[name] = by_name[name].read(value)
            except BadInput as problem:
                problems.append(str(problem))
    if problems:
        raise BadInput(" ".join(problems), problems)
    return {name: read[name] for name in by_name if name in read}


@dataclass(frozen=True, slots=True)
class RuleSettings:
    issue_type: str
    is_enabled: bool
    auto_mitigate: bool
    severity: str
    parameters: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class RuleOverrides:
    """What a guild has set of one rule; None, or a missing threshold: the rule's default."""

    is_enabled: bool = True
    auto_mitigate: bool | None = None
    severity: str | None = None
    parameters: Mapping[str, int] = field(default_factory=dict)
