"""What a guild may set of a rule."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class RuleSettings:
    """A guild's settings of one rule, defaults filled in."""

    issue_type: str
    is_enabled: bool
    auto_mitigate: bool
    severity: str
    parameters: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class RuleWishes:
    """What a guild has said of one rule itself; None, or a threshold that is not there: the rule's default."""

    is_enabled: bool = True
    auto_mitigate: bool | None = None
    severity: str | None = None
    parameters: Mapping[str, int] = field(default_factory=dict)
