"""Why a finding is there, as a person reads it: what each source says, what does not fit, and who could be meant."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

from pydantic import Field


class Source(StrEnum):
    """Where something is said."""

    ROSTER = "roster"
    NOTE = "note"
    ACCOUNT = "account"
    DISCORD = "discord"
    RANKS = "ranks"
    RECORD = "record"
    OFFICER = "officer"


@dataclass(frozen=True, slots=True)
class Evidence:
    """What one source says, in a sentence."""

    source: Annotated[Source, Field(description="Where it is said.", examples=["note"])]
    sentence: Annotated[str, Field(examples=["“Mito” is a character of Mito. So it means the player Mito."])]


@dataclass(frozen=True, slots=True)
class Explanation:
    """What each source says about the subject of a finding, and what therefore does not fit."""

    evidence: tuple[Evidence, ...]
    conclusion: Annotated[
        str,
        Field(
            description="What therefore does not fit.",
            examples=["The note means Mito, but the character is linked to Elrek. One of the two is out of date."],
        ),
    ]


class CandidateKind(StrEnum):
    """What someone is that a finding may be about."""

    PLAYER = "player"
    MEMBER = "member"
    CHARACTER = "character"


class Strength(StrEnum):
    """How much speaks for a candidate. None of them is proof, and nothing is done because of it."""

    STRONG = "strong"
    LIKELY = "likely"
    WEAK = "weak"


@dataclass(frozen=True, slots=True)
class WeighedCandidate:
    """Someone who could be meant: what speaks for it, how much, and what against.

    `needs_word`: choosing them settles the finding only if the note's name means them from now on.
    """

    kind: CandidateKind
    id: Annotated[int, Field(description="Number of the player, the Discord member or the character, by `kind`.")]
    label: Annotated[str, Field(examples=["Mito"])]
    speaks_for: Annotated[tuple[str, ...], Field(examples=[["“Mito” is a character of Mito."]])] = ()
    speaks_against: Annotated[tuple[str, ...], Field(examples=[["“Mito” could also mean Mitola."]])] = ()
    strength: Annotated[
        Strength, Field(description="How much speaks for it. It is a suggestion: nothing is done because of it.")
    ] = Strength.WEAK
    is_decided: Annotated[bool, Field(description="Whether the fix would link to them.")] = False
    is_linked: Annotated[bool, Field(description="Whether they are linked to the subject now.")] = False
    is_rejected: Annotated[bool, Field(description="Whether an officer has said that it is not so.")] = False
    needs_word: Annotated[bool, Field(exclude=True)] = False
