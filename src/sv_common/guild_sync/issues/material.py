"""On what a dismissal rests: the parts of a finding that, when they change, make it another finding.

Each rule declares its own (`RuleDefinition.material`). A part is compared by its value, which holds ids and texts of the game,
so that renaming a role or a player changes nothing; its words are for people.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from sv_common.guild_sync.core.language import tr

Details: TypeAlias = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Material:
    """One part; `what` names it: “its note”. `at` and `now` are sentences with a gap: “at “{}””, “the note says “{}””.

    `words` fills the gap.
    """

    name: str
    what: str
    at: str
    now: str
    value: Callable[[Details], Any]
    words: Callable[[Details], str]


def evidence_of(material: Sequence[Material], details: Details) -> dict[str, dict[str, Any]]:
    """Return the material part of a finding, by name: its value, how it is told, and its place among the others."""
    return {
        each.name: {
            "value": each.value(details),
            "at": tr(each.at).format(words := each.words(details)),
            "now": tr(each.now).format(words),
            "place": place,
        }
        for place, each in enumerate(material)
    }
