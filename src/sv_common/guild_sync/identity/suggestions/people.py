"""Who could play a character, or be a Discord member, by names alone: similar, put together alike, short forms.

Weak reasons, the day of joining and the rank, only support. Every weight comes from the two who are compared and from those who
share the same letters, so people who have nothing to do with either change no order.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Final

from rapidfuzz.distance import Prefix

from sv_common.guild_sync.core.language import day, tr, tr_n
from sv_common.guild_sync.core.text import enumerated
from sv_common.guild_sync.identity.facts import KnownCharacter, KnownMember
from sv_common.guild_sync.identity.names.nicknames import other_forms_of
from sv_common.guild_sync.identity.names.people import OwnName, words_of_member
from sv_common.guild_sync.identity.names.similarity import How
from sv_common.guild_sync.identity.resolver import Resolver
from sv_common.guild_sync.identity.suggestions.clues import LEAST, Clue, Kind, Weighed, weigh
from sv_common.guild_sync.identity.verdicts import Person
from sv_common.guild_sync.notes import fold_accents

_BASE: Final = {
    How.NAME: 0.9, How.ACCENTS: 0.88, How.BEGINNING: 0.45, How.LONGER: 0.45, How.PART: 0.35, How.ENDING: 0.38, How.SKELETON: 0.3,
}  # fmt: skip
_BY_COVERAGE: Final = 0.38
_SPELLING: Final = 0.12
"""What is taken from the score of a misspelling: one slip in a long name is likely, two in a short one are not."""

_SHORT_FORM: Final = 0.68
_SHORT_FORM_BEGINS: Final = 0.58
_PART: Final = 0.14
_PART_BY_COVERAGE: Final = 0.55
_PART_IS_A_NAME: Final = 0.12
_PART_OF_MORE: Final = 0.1
_MOST_MORE: Final = 2
_PART_OF_OTHERS: Final = 0.07
_LONG_PART: Final = 4
_SHORT_PART: Final = 0.1
_PART_IS_A_WORD: Final = 0.5
_WITHOUT_PLAYER: Final = 0.92
_JOINED: Final = 0.3
_JOINED_TOO: Final = 0.12
_SAME_RANK: Final = 0.04
_MOST_NAMED: Final = 3

Clues = dict[Person, list[Clue]]


class SuggestedPeople:
    def __init__(self, resolver: Resolver) -> None:
        self._resolver = resolver
        self._people = resolver.people

    def owners(self, character: KnownCharacter) -> dict[Person, Weighed]:
        """Return who could play a character by its name; not what its note says."""
        own = self._people.owner(character)
        words = {fold_accents(character.name_key): 1.0}
        clues = self._by_names(words, own, is_character=True)
        self._supported(clues, own, character.first_seen)
        for person in clues:
            if (sentence := self._same_rank(character, person)) is not None:
                clues[person].append(Clue(Kind.RANK, _SAME_RANK, sentence))
        return _weighed(clues)

    def of_member(self, member: KnownMember) -> dict[Person, Weighed]:
        """Return the players, and characters without a player, that a Discord member could be by name."""
        own = self._people.person_of(member)
        words = words_of_member(member, self._resolver.vocabulary)
        clues = {
            person: found
            for person, found in self._by_names(words, own, is_character=False).items()
            if person.member_id is None
        }
        self._supported(clues, own, member.first_seen)
        return _weighed({person: found for person, found in clues.items() if person.member_id is None})

    def _by_names(self, words: Mapping[str, float], own: Person, *, is_character: bool) -> Clues:
        clues: Clues = defaultdict(list)
        for word, trust in sorted(words.items()):
            found = [*self._similar(word, trust), *self._short_forms(word, trust)]
            found += self._parts(word, trust, own)
            for person, clue in found:
                if person != own and (is_character or person.member_id is None):
                    clues[person].append(clue)
        return dict(clues)

    def _similar(self, word: str, trust: float) -> Iterator[tuple[Person, Clue]]:
        for key, how, score, names in self._people.like(word):
            weight = _weight_of(word, key, how, score)
            for name in names:
                yield self._clue(name, weight * trust, how.sentence(word.capitalize(), self._whose(name)))

    def _short_forms(self, word: str, trust: float) -> Iterator[tuple[Person, Clue]]:
        for form in sorted(other_forms_of(word)):
            for name in self._people.called(form):
                sentence = tr(
                    "“{word}” and “{form}” are one given name: {name}.",
                    word=word.capitalize(),
                    form=form.capitalize(),
                    name=self._whose(name),
                )
                yield self._clue(name, _SHORT_FORM * trust, sentence)
            for name in self._people.beginning_with(form):
                sentence = tr(
                    "“{word}” and “{form}” are one given name, and {name} begins so.",
                    word=word.capitalize(),
                    form=form.capitalize(),
                    name=name.label,
                )
                yield self._clue(name, _SHORT_FORM_BEGINS * trust, sentence)

    def _clue(self, name: OwnName, weight: float, sentence: str) -> tuple[Person, Clue]:
        share = name.trust * (_WITHOUT_PLAYER if name.person.character_id is not None else 1.0)
        return name.person, Clue(Kind.NAME, weight * share, sentence)

    def _parts(self, word: str, trust: float, own: Person) -> Iterator[tuple[Person, Clue]]:
        """Yield the people whose characters are named with a part of this name: Moonzork beside Zork and Sunzork."""
        best: dict[Person, tuple[float, str, list[OwnName]]] = {}
        words = self._resolver.vocabulary.categories
        for part, holders in self._people.sharing(word, own).items():
            share = _PART_IS_A_WORD if part in words else 1.0
            for person, names in holders.items():
                weight = _weight_of_part(word, part, names, len(holders) - 1) * share
                if weight > best.get(person, (0.0,))[0]:
                    best[person] = weight, part, names
        for person, (weight, part, names) in best.items():
            labels = sorted({name.label for name in names})
            told = enumerated(labels[:_MOST_NAMED])
            if person.player_id is None:
                sentence = tr("“{part}” is also in {names}.", part=part.capitalize(), names=told)
            else:
                sentence = tr_n(
                    "“{part}” is also in {names}, a character of {player}.",
                    "“{part}” is also in {names}, characters of {player}.",
                    len(labels),
                    part=part.capitalize(),
                    names=told,
                    player=self._resolver.label(person),
                )
            yield self._clue(names[0], weight * trust, sentence)

    def _whose(self, name: OwnName) -> str:
        label = self._resolver.label(name.person)
        if name.person.character_id is not None or name.label == label:
            return name.label
        if name.is_character:
            return tr("{character}, a character of {player}", character=name.label, player=label)
        return tr("{name}, a name of {person}", name=name.label, person=label)

    def _supported(self, clues: Clues, own: Person, joined: date | None) -> None:
        for person, when in self._people.newcomers_with(own, joined).items():
            weight = _JOINED_TOO if person in clues else _JOINED
            label = self._resolver.label(person)
            sentence = (
                tr("{person} was first seen on the same day ({day}).", person=label, day=day(when))
                if when == joined
                else tr("{person} was first seen within a day ({day}).", person=label, day=day(when))
            )
            clues.setdefault(person, []).append(Clue(Kind.JOINED, weight, sentence))

    def _same_rank(self, character: KnownCharacter, person: Person) -> str | None:
        if person.player_id is None or character.rank not in self._people.ranks_of_few:
            return None
        same = [each.label for each in self._resolver.characters_of(person.player_id) if each.rank == character.rank]
        return tr("{character} has the same rank.", character=min(same)) if same else None


def _weighed(clues: Clues) -> dict[Person, Weighed]:
    found = {person: weigh(each) for person, each in clues.items()}
    return {person: weighed for person, weighed in found.items() if weighed.weight >= LEAST}


def _weight_of(word: str, key: str, how: How, score: float) -> float:
    if how is How.SPELLING:
        return score - _SPELLING
    if how in (How.NAME, How.ACCENTS):
        return _BASE[how]
    coverage = min(len(word), len(key)) / max(len(word), len(key))
    if how is How.ENDING:
        coverage = Prefix.similarity(word, key) / max(len(word), len(key))
    return _BASE[how] + _BY_COVERAGE * coverage


def _weight_of_part(word: str, part: str, names: list[OwnName], others: int) -> float:
    more = min(len({name.label for name in names}) - 1, _MOST_MORE)
    weight = _PART + _PART_BY_COVERAGE * len(part) / len(word) + _PART_OF_MORE * more - _PART_OF_OTHERS * others
    if len(part) < _LONG_PART:
        return weight - _SHORT_PART if more and not others else 0.0
    return weight + _PART_IS_A_NAME * any(name.key == part for name in names)
