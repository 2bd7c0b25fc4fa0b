"""Why a finding is there, as a person reads it: what each source says, what does not fit, and who could be meant."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Source(StrEnum):
    """Where something is said."""

    ROSTER = "roster"
    NOTE = "note"
    DISCORD = "discord"
    RANKS = "ranks"
    RECORD = "record"
    OFFICER = "officer"


@dataclass(frozen=True, slots=True)
class Saying:
    """What one source says, in a sentence."""

    source: Source
    sentence: str


@dataclass(frozen=True, slots=True)
class Story:
    """What each source says about the subject of a finding, and what therefore does not fit."""

    sayings: tuple[Saying, ...]
    conclusion: str


class PossibleKind(StrEnum):
    """What somebody is whom a finding may be about."""

    PLAYER = "player"
    MEMBER = "member"
    CHARACTER = "character"


@dataclass(frozen=True, slots=True)
class Possibility:
    """Somebody who could be meant: what speaks for it and what against.

    `is_decided`: the fix would link to them. `is_linked`: they are linked to the subject now. `is_rejected`: an officer has
    said that it is not so. `needs_word`: choosing them settles the finding only if the note's name means them from now on.
    """

    kind: PossibleKind
    id: int
    label: str
    speaks_for: tuple[str, ...] = ()
    speaks_against: tuple[str, ...] = ()
    is_decided: bool = False
    is_linked: bool = False
    is_rejected: bool = False
    needs_word: bool = False
