"""How similar a written word is to names: misspelled, shortened, without its accents. Similarity suggests; it never proves."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from enum import StrEnum, auto
from functools import lru_cache
from itertools import chain
from typing import Final, NamedTuple

from rapidfuzz import process
from rapidfuzz.distance import OSA, JaroWinkler, Prefix
from rapidfuzz.fuzz import ratio

from sv_common.guild_sync.core.language import mark, tr
from sv_common.guild_sync.core.names import name_key
from sv_common.guild_sync.identity.names.spellings import folds_of
from sv_common.guild_sync.notes import fold_accents
from sv_common.guild_sync.notes.words.tokens import is_unspaced

SHORTEST_BEGINNING: Final = 3
"""Letters that a word must share with the beginning of a name to be taken for its short form."""

SHORTEST_PART: Final = 4
"""Letters of a short form that is taken from the middle or the end of a name."""

SHORTEST_UNSPACED_BEGINNING: Final = 2
"""The same for a script whose letters are syllables or words."""

_THE_SAME: Final = 1.3
_SAME_BUT_FOR_ACCENTS: Final = 1.2
_LONGEST_PET_ENDING: Final = 2
_PET_NAME: Final = re.compile(
    r"(.{3,}?)(?:chen|lein|tje|pje|ito|ita|inho|inha|ino|ina|eczek|eczka|uszek|uszka|us|usia|unia|ek|ushka|ушка|юшка|очка|ечка|чик|ик)"
)
"""A pet name of a language that makes them by endings: Käthchen, Jaskółeczka, Соловушка."""

_SHORTEST_SKELETON: Final = 4
_LEAST_SKELETON_COVERAGE: Final = 0.5
_MOST_ERRORS: Final = 3
_MOST_NEAR: Final = 50
"""Names that are looked at more closely when a whole guild is called alike."""

_LEAST_SHARE_RIGHT: Final = (1.0, 0.6, 0.6, 0.75)
"""By the number of letters that are wrong: a third one is only believed of a long name."""

_LEAST_SHARE_RIGHT_IN_TEXT: Final = 0.8
_CYRILLIC_IN_LATIN: Final = str.maketrans(
    dict(zip("абвгдезийклмнопрстуфыэ", "abvgdeziyklmnoprstufye", strict=True))
    | {"ё": "yo", "ж": "zh", "х": "h", "ц": "ts", "ч": "ch", "ш": "sh", "щ": "sch", "ю": "yu", "я": "ya"}
    | dict.fromkeys("ъь", "")
)


MISSPELLING_SCORE: Final = 80.0
"""RapidFuzz ratio (0 to 100) from which two folded names are taken for one name, badly written."""

_SHORTEST_ALIKE: Final = 3
_CYRILLIC_ENDINGS: Final = (
    "иного иным ины ина ино ину ин овым овы ова ово ову ов евы ева ев ами ями "
    "ой ей ем ом ою ею ам ям а я ы и у ю е о ь й"
)
_POLISH_ENDINGS: Final = "owego owej owy owa owie emu ego iem em om ami ach owi ie ia iu io y i a e u o"
_CASE_ENDINGS: Final = tuple(f"{_CYRILLIC_ENDINGS} {_POLISH_ENDINGS}".split(" "))
"""What Russian and Polish hang on a name by its case, or to make it a possessive: Вовин is Вова's, Kuby is of Kuba."""

_MOST_COMPARED: Final = 65_536
"""Pairs of a word and a name whose comparison is remembered."""

_LOST_VOWEL: Final = re.compile(r"[eo](?=[ckn]$)")


@lru_cache(maxsize=_MOST_COMPARED)
def is_similar(word: str, name: str) -> bool:
    """Whether a word may be the name, misspelled, shortened or in another case: one slip is enough, even in a short name."""
    folded, own = fold_accents(word), fold_accents(name)
    if min(len(folded), len(own)) < (SHORTEST_UNSPACED_BEGINNING if is_unspaced(own[:1]) else _SHORTEST_ALIKE):
        return False
    is_short_form = own.startswith(folded) or folded.startswith(own)
    slips = OSA.distance(folded, own, score_cutoff=1)
    return (
        is_short_form
        or slips <= 1
        or ratio(folded, own) >= MISSPELLING_SCORE
        or not _stems(folded).isdisjoint(_stems(own))
    )


def _stems(word: str) -> set[str]:
    stems = {word[: -len(ending)] for ending in _CASE_ENDINGS if word.endswith(ending)}
    return {_LOST_VOWEL.sub("", word)} | {_LOST_VOWEL.sub("", stem) for stem in stems if len(stem) >= _SHORTEST_ALIKE}


_MOST_REMEMBERED: Final = 20_000
"""Searches that an index remembers: a guild has far fewer names and words."""


class How(StrEnum):
    """How a word is similar to a name."""

    NAME = auto()
    ACCENTS = auto()
    BEGINNING = auto()
    ENDING = auto()
    LONGER = auto()
    PART = auto()
    SPELLING = auto()
    SKELETON = auto()

    def sentence(self, word: str, name: str) -> str:
        """Say that a word is similar to a name, in the language of the task."""
        return tr(_SENTENCES[self], word=word, name=name)


_SENTENCES: Final = {
    How.NAME: mark("“{word}” is the name of {name}."),
    How.ACCENTS: mark("“{word}” matches, without accents, {name}."),
    How.BEGINNING: mark("“{word}” matches the start of {name}."),
    How.ENDING: mark("“{word}” has the same first letters as {name}."),
    How.LONGER: mark("“{word}” begins with {name}."),
    How.PART: mark("“{word}” is part of {name}."),
    How.SPELLING: mark("“{word}” is spelled like {name}."),
    How.SKELETON: mark("“{word}” looks short for {name}."),
}


class Similarity(NamedTuple):
    """A name that a word is similar to, by its place among the names. A higher score is more similar."""

    place: int
    score: float
    how: How


@lru_cache(maxsize=16)
def remembered_names(names: tuple[str, ...]) -> SimilarNames:
    """Return the index of these names; the last ones are kept, since links change far more often than names."""
    return SimilarNames(names)


class KnownNames:
    """Whole names, of which an unknown one may be a misspelling."""

    def __init__(self, names: Sequence[str]) -> None:
        self._folded = {name: fold_accents(name_key(name)) for name in names}
        self._nearest: dict[str, str | None] = {}

    def nearest(self, word: str) -> str | None:
        """Return the name that a word is most like, if it may be that name; what was searched once is remembered."""
        if word not in self._nearest:
            if len(self._nearest) >= _MOST_REMEMBERED:
                self._nearest.clear()
            found = process.extractOne(
                fold_accents(name_key(word)), self._folded, scorer=ratio, score_cutoff=MISSPELLING_SCORE
            )
            self._nearest[word] = found[2] if found else None
        return self._nearest[word]


@lru_cache(maxsize=16)
def remembered_known_names(names: tuple[str, ...]) -> KnownNames:
    """Return the index of these names; the last ones are kept, as with `remembered_names`."""
    return KnownNames(names)


class SimilarNames:
    def __init__(self, names: Sequence[str]) -> None:
        self._places: dict[str, list[int]] = defaultdict(list)
        self._places_of_names: dict[str, list[int]] = defaultdict(list)
        for place, name in enumerate(names):
            self._places_of_names[name_key(name)].append(place)
            for spelling in _spellings(name):
                self._places[spelling].append(place)
        self._by_first_letter: dict[str, list[str]] = defaultdict(list)
        self._by_beginning: dict[str, list[str]] = defaultdict(list)
        self._by_letters_inside: dict[str, list[str]] = defaultdict(list)
        self._by_one_letter_less: dict[str, list[str]] = defaultdict(list)
        for spelling in self._places:
            self._by_first_letter[spelling[:1]].append(spelling)
            for length in range(SHORTEST_UNSPACED_BEGINNING, len(spelling) + 1):
                self._by_beginning[spelling[:length]].append(spelling)
            for inside in {spelling[at : at + SHORTEST_PART] for at in range(1, len(spelling) - SHORTEST_PART + 1)}:
                self._by_letters_inside[inside].append(spelling)
            for less in _with_at_most_one_letter_less(spelling):
                self._by_one_letter_less[less].append(spelling)
        self._letters = {spelling: frozenset(spelling) for spelling in self._places}
        self._found: dict[tuple[tuple[str, ...], bool], Sequence[Similarity]] = {}

    def like(self, words: Iterable[str], *, in_text: bool = False) -> Sequence[Similarity]:
        """Return the names that any of the words is similar to, best first; what was searched once is remembered.

        `in_text`: the word stands where no name is expected, so it must be nearly the name itself.
        """
        searched = (tuple(words), in_text)
        if searched not in self._found:
            if len(self._found) >= _MOST_REMEMBERED:
                self._found.clear()
            self._found[searched] = self._search(*searched)
        return self._found[searched]

    def _search(self, words: Iterable[str], in_text: bool) -> list[Similarity]:
        best: dict[int, Similarity] = {}
        for word in words:
            same = self._at(self._places_of_names.get(name_key(word), ()), _THE_SAME, How.NAME)
            alike = (found for spelling in _spellings(word) for found in self._like(spelling, in_text=in_text))
            for found in chain(same, alike):
                if found.place not in best or best[found.place].score < found.score:
                    best[found.place] = found
        return sorted(best.values(), key=lambda found: (-found.score, found.place))

    def _like(self, word: str, *, in_text: bool) -> Iterator[Similarity]:
        yield from self._at(self._places.get(word, ()), _SAME_BUT_FOR_ACCENTS, How.ACCENTS)
        found = [*self._misspelled(word, in_text=in_text)]
        if not in_text:
            found += [*self._shortened(word)]
        for spelling, score, how in found:
            yield from self._at(self._places[spelling], score, how)

    def _short_forms(self, word: str) -> Iterator[tuple[How, list[str]]]:
        """The other names that a word may stand for in each way: those that begin with the same letter, and that it is in."""
        least = SHORTEST_UNSPACED_BEGINNING if is_unspaced(word[0]) else SHORTEST_BEGINNING
        begun = self._by_beginning.get(word, ()) if len(word) >= least else ()
        yield How.BEGINNING, [spelling for spelling in begun if spelling != word]
        alike = self._by_beginning.get(word[:SHORTEST_BEGINNING], ()) if len(word) >= SHORTEST_BEGINNING else ()
        yield How.ENDING, [spelling for spelling in alike if spelling != word and _begins_alike(word, spelling)]
        beginnings = (word[:length] for length in range(SHORTEST_PART, len(word)))
        yield How.LONGER, [beginning for beginning in beginnings if beginning in self._places]
        letters, same_first = frozenset(word), self._by_first_letter.get(word[0], ())
        yield How.SKELETON, [each for each in same_first if letters <= self._letters[each] and _is_skeleton(word, each)]
        inside = self._by_letters_inside.get(word[:SHORTEST_PART], ()) if len(word) >= SHORTEST_PART else ()
        yield How.PART, [spelling for spelling in inside if word in spelling[1:]]

    @staticmethod
    def _at(places: Iterable[int], score: float, how: How) -> Iterator[Similarity]:
        return (Similarity(place, score, how) for place in places)

    def _misspelled(self, word: str, *, in_text: bool) -> Iterator[tuple[str, float, How]]:
        one_error = {
            spelling
            for less in _with_at_most_one_letter_less(word)
            for spelling in self._by_one_letter_less.get(less, ())
        }
        may_be = dict.fromkeys([*self._by_first_letter.get(word[0], ()), *sorted(one_error)])
        near = process.extract(word, list(may_be), scorer=OSA.distance, score_cutoff=_MOST_ERRORS, limit=_MOST_NEAR)
        for spelling, errors, _ in near:
            longest = max(len(word), len(spelling))
            share_right = 1 - errors / longest
            least = _LEAST_SHARE_RIGHT_IN_TEXT if in_text else _LEAST_SHARE_RIGHT[errors]
            if errors and share_right >= least and (errors == 1 or word[0] == spelling[0]):
                similarity = JaroWinkler.similarity(word, spelling)
                yield spelling, 0.5 + 0.3 * share_right + 0.15 * similarity, How.SPELLING

    def _shortened(self, word: str) -> Iterator[tuple[str, float, How]]:
        for how, fitting in self._short_forms(word):
            for spelling in fitting:
                coverage = min(len(word), len(spelling)) / max(len(word), len(spelling))
                yield spelling, _SHORT_FORM_SCORES[how] + 0.1 * coverage + 0.1 / len(fitting), how


def _with_at_most_one_letter_less(word: str) -> set[str]:
    """Two words of which one is the other with one letter wrong, missing, added or swapped share one of these."""
    return {word, *(word[:at] + word[at + 1 :] for at in range(len(word)))}


def _spellings(name: str) -> set[str]:
    spellings = {*folds_of(name), fold_accents(name_key(name).translate(_CYRILLIC_IN_LATIN))}
    return (spellings | {spelling.replace("-", "") for spelling in spellings}) - {""}


def _begins_alike(word: str, name: str) -> bool:
    """Whether the word is a pet name: the beginning of the name with an ending of its own ("Goldie" of Goldenmane)."""
    shared = Prefix.similarity(word, name)
    if pet := _PET_NAME.fullmatch(word):
        return shared >= max(SHORTEST_BEGINNING, len(pet[1]) - _LONGEST_PET_ENDING)
    return shared >= max(SHORTEST_BEGINNING, len(word) - (_LONGEST_PET_ENDING if shared >= SHORTEST_PART else 1))


def _is_skeleton(word: str, name: str) -> bool:
    """Whether the word is the name with letters left out ("Brtmane"), with half of it there."""
    shortest = SHORTEST_UNSPACED_BEGINNING if is_unspaced(word[0]) else _SHORTEST_SKELETON
    if not max(shortest, _LEAST_SKELETON_COVERAGE * len(name)) <= len(word) < len(name):
        return False
    letters = iter(name)
    return all(letter in letters for letter in word)


_SHORT_FORM_SCORES: Final = {How.BEGINNING: 0.78, How.ENDING: 0.62, How.LONGER: 0.72, How.PART: 0.7, How.SKELETON: 0.66}
