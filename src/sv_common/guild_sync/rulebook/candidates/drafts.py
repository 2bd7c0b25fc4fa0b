"""Candidates in the making: what speaks for and against each person, and the order in which an officer sees them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass, field
from enum import Enum

from sv_common.guild_sync.identity.resolver import Resolver
from sv_common.guild_sync.identity.suggestions.clues import Clue, Kind, Weighed, weigh
from sv_common.guild_sync.identity.verdicts import Person
from sv_common.guild_sync.issues.explanation import CandidateKind, WeighedCandidate

MOST = 12

ONLY_SIMILAR = "It is similar to the name, but not the name itself, so it proves nothing."
A_NAME_ALONE = "A name alone proves nothing."

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
        """Return the candidates: those that the fix takes, then by weight; whom officers ruled out last."""
        found = [
            (
                (person not in decided, is_rejected(person), -draft.weighed.weight, resolver.label(person), person.key),
                _candidate(resolver, person, draft, decided, is_rejected(person), person == linked, needs_word),
            )
            for person, draft in self._drafts.items()
        ]
        return tuple(each for _, each in sorted(found, key=lambda pair: pair[0]))[:MOST]

    def _of(self, person: Person) -> _Draft:
        return self._drafts.setdefault(person, _Draft())


def _candidate(
    resolver: Resolver,
    person: Person,
    draft: _Draft,
    decided: Collection[Person],
    is_rejected: bool,
    is_linked: bool,
    needs_word: bool,
) -> WeighedCandidate:
    kind, number = kind_and_number(person)
    return WeighedCandidate(
        kind,
        number,
        resolver.label(person),
        draft.speaks_for,
        tuple(draft.speaks_against),
        draft.weighed.strength,
        is_decided=person in decided,
        is_linked=is_linked,
        is_rejected=is_rejected,
        needs_word=is_linked and needs_word,
    )


def kind_and_number(person: Person) -> tuple[CandidateKind, int]:
    if person.player_id is not None:
        return CandidateKind.PLAYER, person.player_id
    if person.member_id is not None:
        return CandidateKind.MEMBER, person.member_id
    return CandidateKind.CHARACTER, person.character_id or 0
