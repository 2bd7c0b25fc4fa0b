"""Candidates in the making: what speaks for and against each person, and the order in which an officer sees them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from enum import Enum

from sv_common.guild_sync.core.language import mark
from sv_common.guild_sync.identity.names.people import MOST_SHARING
from sv_common.guild_sync.identity.resolver import Resolver
from sv_common.guild_sync.identity.suggestions.clues import Clue, Kind, Weighed, weigh
from sv_common.guild_sync.identity.verdicts import Decision, Person, Verdict
from sv_common.guild_sync.issues.explanation import CandidateKind, Strength, WeighedCandidate

MOST = 12

MOST_GUESSES = 4
"""Candidates that are shown although little speaks for them."""

_STRENGTHS = list(Strength)

ONLY_SIMILAR = mark("Similar, not identical.")
A_NAME_ALONE = mark("Only the name matches.")

_WEAKENED = 0.5


class Weight(float, Enum):
    """How much a reason counts that comes from a note or a whole name."""

    CERTAIN = 0.97
    SAME_NICKNAME = 0.8
    SHARED = 0.72
    LINKED = 0.62
    ONE_WORD = 0.6
    CONTRADICTED = 0.4
    NOT_THEIR_NAME = 0.3


@dataclass(slots=True)
class _Draft:
    clues: dict[Clue, None] = field(default_factory=dict)
    speaks_against: dict[str, None] = field(default_factory=dict)
    share: float = 1.0

    @property
    def weighed(self) -> Weighed:
        return weigh(self.clues).weakened(self.share)

    @property
    def speaks_for(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(clue.sentence for clue in self.clues))


class Drafts:
    def __init__(self) -> None:
        self._drafts: dict[Person, _Draft] = {}

    @property
    def people(self) -> list[Person]:
        return list(self._drafts)

    def speaks_for(self, person: Person, kind: Kind, weight: float, sentence: str) -> None:
        self.add(person, [Clue(kind, weight, sentence)])

    def add(self, person: Person, clues: Iterable[Clue]) -> None:
        known = self._of(person)
        said = {clue.sentence for clue in known.clues}
        known.clues |= dict.fromkeys(clue for clue in clues if clue.sentence not in said)

    def speaks_against(self, person: Person, sentence: str) -> None:
        self._of(person).speaks_against[sentence] = None

    def weaken(self, person: Person) -> None:
        """Something about the person makes everything that speaks for them count less."""
        self._of(person).share = _WEAKENED

    def ordered(
        self,
        resolver: Resolver,
        decided: Collection[Person],
        is_rejected: Callable[[Person], bool],
        linked: Person | None = None,
        needs_word: bool = False,
    ) -> tuple[WeighedCandidate, ...]:
        """Return the candidates: those that the fix takes, then the strongest; those that officers ruled out last."""
        found = []
        for person, draft in self._drafts.items():
            kind, number = kind_and_number(person)
            weighed = draft.weighed
            candidate = WeighedCandidate(
                kind,
                number,
                resolver.label(person),
                draft.speaks_for,
                tuple(draft.speaks_against),
                weighed.strength,
                is_decided=person in decided,
                is_linked=person == linked,
                is_rejected=is_rejected(person),
                needs_word=person == linked and needs_word,
            )
            found.append((weighed.weight, candidate))
        found.sort(key=lambda each: _place(*each))
        return tuple(_shown([candidate for _, candidate in found]))

    def _of(self, person: Person) -> _Draft:
        return self._drafts.setdefault(person, _Draft())


def _place(weight: float, each: WeighedCandidate) -> tuple[bool, bool, int, float, str, str, int]:
    strength = _STRENGTHS.index(each.strength)
    return not each.is_decided, each.is_rejected, strength, -weight, each.label, each.kind, each.id


def _shown(candidates: Iterable[WeighedCandidate]) -> list[WeighedCandidate]:
    """Leave out the last of the weak ones, and no more than that."""
    shown: list[WeighedCandidate] = []
    guesses = 0
    for each in candidates:
        is_guess = each.strength is Strength.WEAK and not (each.is_decided or each.is_linked or each.is_rejected)
        guesses += is_guess
        if not is_guess or guesses <= MOST_GUESSES:
            shown.append(each)
    return shown[:MOST]


def says_nothing(decision: Decision) -> bool:
    """Whether a note has a word that so many share that it says nothing about any of them."""
    return decision.verdict is Verdict.SUGGESTED and len(decision.candidates) > MOST_SHARING


def kind_and_number(person: Person) -> tuple[CandidateKind, int]:
    if person.player_id is not None:
        return CandidateKind.PLAYER, person.player_id
    if person.member_id is not None:
        return CandidateKind.MEMBER, person.member_id
    return CandidateKind.CHARACTER, person.character_id or 0
