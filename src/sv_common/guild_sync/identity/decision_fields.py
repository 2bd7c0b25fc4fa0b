"""An officer's decision, and what its fields hold, described once for the API, the command line and the pages' forms."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Annotated, TypeAlias

from pydantic import AfterValidator, Field, StringConstraints

from sv_common.guild_sync.changes.changeset import Changeset
from sv_common.guild_sync.core.plain_text import fault_of_text
from sv_common.guild_sync.identity.resolver import Resolver

LONGEST_NAME = 100
LONGEST_REASON = 500
LONGEST_DAY = 10
MOST_CHARACTERS = 100
"""The most characters one new player can get at once."""


def _usable(text: str) -> str:
    fault = fault_of_text(text)
    if fault is not None:
        raise ValueError(fault)
    return text


_CHARACTER = "Name-Realm, a name that only one character has, or the character's number as #12."
_MEMBER = "User name, display name or number (#12 or the Discord id) of the Discord member."
_PLAYER = "Display name of the player, or its number as #12. A bare number is tried as a name first."
_OTHER = f"The player merged into the other. {_PLAYER} A name that both have means this one."
_Name: TypeAlias = Annotated[
    str, StringConstraints(strip_whitespace=True, min_length=1, max_length=LONGEST_NAME), AfterValidator(_usable)
]
CharacterName: TypeAlias = Annotated[_Name, Field(description=_CHARACTER, examples=["Grimalt-Area 52"])]
PlayerName: TypeAlias = Annotated[_Name, Field(description=_PLAYER, examples=["Mito"])]
StayingPlayer: TypeAlias = Annotated[_Name, Field(description=f"The player to keep. {_PLAYER}", examples=["#12"])]
OtherPlayer: TypeAlias = Annotated[_Name, Field(description=_OTHER, examples=["Mito"])]
MemberName: TypeAlias = Annotated[_Name, Field(description=_MEMBER, examples=["mito_plays"])]
Alias: TypeAlias = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=LONGEST_NAME),
    Field(description="A name as written in notes.", examples=["Mit"]),
]
Reason: TypeAlias = Annotated[
    str,
    StringConstraints(strip_whitespace=True, max_length=LONGEST_REASON),
    AfterValidator(_usable),
    Field(description="The reason, in a few words."),
]
RememberNote: TypeAlias = Annotated[bool, Field(description="Also add the name in its note as an alias.")]
CharacterNames: TypeAlias = Annotated[
    Sequence[_Name],
    Field(
        min_length=1,
        max_length=MOST_CHARACTERS,
        description=f"Each: {_CHARACTER}",
        examples=[["Grimalt-Area 52", "Grimwell-Area 52"]],
    ),
]
NewName: TypeAlias = Annotated[
    _Name | None,
    Field(
        description="The player's name. By default the name in the notes, else the main's.",
        examples=["Odo"],
    ),
]
AwayUntil: TypeAlias = Annotated[
    Annotated[str, StringConstraints(strip_whitespace=True, max_length=LONGEST_DAY)] | None,
    Field(
        description="The day (UTC) on which the player is back, as year-month-day; by default no day is known.",
        examples=["2099-12-24"],
    ),
]
OptionalMemberName: TypeAlias = Annotated[_Name | None, Field(description=_MEMBER, examples=["mito_plays"])]
PlanKey: TypeAlias = Annotated[
    str | None,
    Field(max_length=64, description="Key of the previewed plan. Refused (409) if the plan is another one by now."),
]


@dataclass(frozen=True, slots=True)
class ManualDecision(ABC):
    """An officer's decision. Its fields are the request of the API, the form of a page and the command's arguments."""

    plan_key: PlanKey = field(default=None, kw_only=True)

    @property
    def why(self) -> str:
        """The reason that the officer gave; a decision that cannot overrule anything takes none."""
        return str(getattr(self, "reason", ""))

    def overrules(self, resolver: Resolver) -> str | None:  # noqa: ARG002 -- what most decisions overrule, their rows tell
        """Return what a Battle.net sign-in has proven and the decision sets aside, whatever rows it changes."""
        return None

    @abstractmethod
    def plan(self, resolver: Resolver) -> Changeset:
        """Return what it changes. Raises `NotFound` and `Refused`, also where there is nothing to do."""
