"""A clean note in pieces: each word with what the vocabulary knows of it and how it hangs on the piece before."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import lru_cache
from typing import Final

from sv_common.guild_sync.core.names import name_key
from sv_common.guild_sync.notes.words.vocabulary import (
    ELISION,
    LETTER,
    NO_CATEGORY,
    WORD,
    Categories,
    Category,
    Vocabulary,
    categories_of,
    is_day,
)


class Gap(StrEnum):
    """What parts a piece from the one before it."""

    SPACE = "blank or nothing"
    HYPHEN = "a hyphen without blanks, as in Name-Realm"
    LIST = "a mark that parts the members of a list"
    LABEL = "a mark that announces what follows"
    BREAK = "any other punctuation"


class Shape(StrEnum):
    """What a piece looks like."""

    WORD = "word"
    LETTER = "a single letter of an alphabet"
    NUMBER = "number, or number with a unit"
    DATE = "numeric date"


FREE: Final = categories_of(
    "ordinary link copula article contrast again doubt and identity see possessive second_name relation relation_behind "
    "company negation owner"
)
"""Words of sentences. Beside a name they make free text of a note, where words of other categories are a mere tail."""
_EVERYDAY: Final = frozenset({Category.ORDINARY})


@dataclass(slots=True)
class Token:
    """A piece of a note.

    `text` and `key` leave out a possessive ending; `start` and `end` are places in the clean note. `used`: a form has
    read it. `stem` is what is left of a word without blanks when a word for a character ("佐克法师"), or a particle, is
    cut off its end; empty where nothing can be. `is_joined`: an "and" stood before it.

    Each piece is one of three: `is_unknown`, a possible name that no vocabulary explains; `is_free`, a word of a sentence;
    `is_tail`, which may follow a name without casting doubt on it: numbers, single letters, words about characters.
    """

    text: str
    key: str
    before: str
    gap: Gap
    shape: Shape
    categories: Categories
    start: int
    end: int
    ending: str = ""
    stem: str = ""
    is_joined: bool = False
    used: bool = False
    is_unknown: bool = field(init=False)
    is_free: bool = field(init=False)
    is_tail: bool = field(init=False)

    def __post_init__(self) -> None:
        is_word = self.shape is Shape.WORD
        self.is_unknown = is_word and not self.categories
        self.is_free = is_word and not self.is_unknown and self.categories <= FREE
        self.is_tail = not (self.is_unknown or self.is_free)

    @property
    def is_everyday(self) -> bool:
        """Whether this is but an everyday word, which someone may be called by all the same ("Sleepy")."""
        return self.is_free and self.categories == _EVERYDAY

    @property
    def is_possessive(self) -> bool:
        """Whether the word was written with a possessive apostrophe; `ending` holds it."""
        return self.ending != ""

    def has(self, category: Category) -> bool:
        return category in self.categories


_PIECE: Final = re.compile(
    r"(?P<number>\d{4}[년年] ?\d\d?[월月](?: ?\d\d?[일日])?"
    rf"|\d+(?:[.,:/-]\d+)*(?!'?{LETTER}|\d))"
    rf"|(?P<word>{WORD}'?)"
    rf"|(?P<mixed>\d(?:{LETTER}|\d|'(?={LETTER}))*)"
)
_DATE: Final = re.compile(
    r"(?:19|20)\d\d[-/.](?:0?[1-9]|1[0-2])(?:[-/.]\d\d?)?"  # 2018-03-12, 2018/3
    r"|\d\d?[-/.]\d\d?[-/.](?:(?:19|20)\d\d|\d\d)"  # 12.03.2018, 3/12/18
    r"|(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])"  # 20180312
    r"|\d{4}[년年].*"
)
_WORD_AND_DIGITS: Final = re.compile(rf"(\d*)((?:{LETTER}|')+)(\d*)")
_SHORTEST_NAME_BEFORE_DIGITS: Final = 3


def tokenize(text: str, vocabulary: Vocabulary) -> list[Token]:
    """Cut a clean text into its pieces, with the phrases of the vocabulary put together."""
    tokens: list[Token] = []
    end = 0
    for match in _PIECE.finditer(text):
        start = match.start()
        before = text[end:start]
        end = match.end()
        if match.lastgroup == "number":
            tokens.append(_number(match[0], before, start))
        elif match[0][0].isalnum():
            tokens += _words(match[0], before, start, vocabulary)
    if any(token.key in vocabulary.phrases for token in tokens):
        tokens = _with_phrases(tokens, text, vocabulary)
    if "-" in text and any(token.shape is Shape.LETTER for token in tokens):
        tokens = list(_with_initials(tokens, text))
    if any(token.has(Category.AND) for token in tokens):
        tokens = _without_conjunctions(tokens)
    return tokens


def _without_conjunctions(tokens: list[Token]) -> list[Token]:
    """Make an "and" between two words that may be names a mark that parts the members of a list."""
    kept: list[Token] = []
    for place, token in enumerate(tokens):
        following = tokens[place + 1] if place + 1 < len(tokens) else None
        if token.has(Category.AND) and kept and kept[-1].is_unknown and following is not None and following.is_unknown:
            following.gap = Gap.LIST
            following.is_joined = True
        else:
            kept.append(token)
    return kept


def _number(text: str, before: str, start: int) -> Token:
    shape = Shape.DATE if _DATE.fullmatch(text) else Shape.NUMBER
    return Token(text, text, before, gap_of(before), shape, NO_CATEGORY, start, start + len(text))


def _words(text: str, before: str, start: int, vocabulary: Vocabulary) -> Iterable[Token]:
    """One token, or several where an elided article or a word of a script without blanks is glued on."""
    has_apostrophe = "'" in text
    if has_apostrophe or is_unspaced(text[0]) or is_unspaced(text[-1]):
        key = name_key(text)
        if key not in vocabulary.categories and key not in vocabulary.phrases and not is_day(key):
            cut = _unelided if has_apostrophe else _unglued
            return cut(text, before, start, vocabulary)
    return (_word(text, before, start, vocabulary),)


def _unelided(text: str, before: str, start: int, vocabulary: Vocabulary) -> Iterator[Token]:
    """`d'Opal` as two words."""
    elision = ELISION.match(text)
    if elision:
        yield _word(elision[1], before, start, vocabulary)
        before, start, text = "", start + elision.end(), text[elision.end() :]
    yield _word(text, before, start, vocabulary)


def _word(text: str, before: str, start: int, vocabulary: Vocabulary) -> Token:
    key = name_key(text)
    categories = vocabulary.categories.get(key, NO_CATEGORY)
    if not categories and is_unspaced(key[0]) and is_day(key):
        categories = frozenset({Category.DATE})
    endings = ("'s", "'") if "'" in key and not categories else ()
    ending = next((ending for ending in endings if key.endswith(ending)), "")
    if ending:
        text = text[: -len(ending)]
        key = name_key(text)
        categories = vocabulary.categories.get(key, NO_CATEGORY)
    shape, categories = _shape(key, categories, vocabulary)
    stem = _stem(key, vocabulary) if not categories and is_unspaced(key[-1]) else ""
    return Token(text, key, before, gap_of(before), shape, categories, start, start + len(text), ending, stem)


def _shape(key: str, categories: Categories, vocabulary: Vocabulary) -> tuple[Shape, Categories]:
    if key.isalpha() or categories:
        single = len(key) == 1 and not is_unspaced(key)
        return (Shape.LETTER if single else Shape.WORD), categories
    mixed = _WORD_AND_DIGITS.fullmatch(key)
    if mixed is None or not (mixed[1] or mixed[3]):
        return Shape.WORD, categories
    unit = vocabulary.categories.get(mixed[2], NO_CATEGORY)
    is_name = not unit and len(mixed[2]) >= _SHORTEST_NAME_BEFORE_DIGITS
    is_word = not mixed[1] and (is_name or unit & _NUMBERED)
    return (Shape.WORD if is_word else Shape.NUMBER), unit


_NUMBERED: Final = frozenset({Category.ALT, Category.BANK, Category.CHARACTER, Category.MAIN})
"""Words that keep their meaning with a number glued on: "alt2", where "alch300" is but a profession's tail."""


def is_unspaced(letter: str) -> bool:
    """Whether the letter is of a script whose words are written together, or whose particles are glued to words."""
    return any(first <= letter <= last for first, last in _UNSPACED)


_UNSPACED: Final = (
    ("\u1100", "\u11ff"),
    ("\u2e80", "\u303f"),
    ("\u3100", "\ua4cf"),
    ("\uac00", "\ud7ff"),
    ("\uf900", "\ufaff"),
    ("\U00020000", "\U0003ffff"),
)


_GLUED_BEFORE: Final = categories_of("alt main bank identity owner doubt second_name relation company negation")
_GLUED_AFTER: Final = _GLUED_BEFORE | categories_of("link character article again mood")
WITH: Final = ("이랑", "와", "과", "랑")
"""Korean particles for "with", which leave the name only before "the same"."""

_OF_CHARACTERS: Final = categories_of("class spec role profession character status")
_PARTICLES: Final = (*WITH, "네", "가", "이", "은", "는", "도")
_MAY_BE_OF_A_NAME: Final = categories_of("second_name relation company negation article mood")
"""Words of these categories that are one letter long are as often the end of a name: 强哥 is called so."""

_SHORTEST_HANGUL_NAME: Final = 2
_GROUPS: Final = frozenset("团團队隊")
"""Letters behind a name that make it a group of people's: the raid team or party of whom it names."""
_SHORTEST_NAME_OF_A_GROUP: Final = 2


def _unglued(text: str, before: str, start: int, vocabulary: Vocabulary) -> Iterator[Token]:
    """Cut a word such as "佐克的小号", whose vocabulary is written without blanks."""
    for part in (known := _known_words(text, vocabulary)):
        yield _word(part, before, start, vocabulary)
        before, start = "", start + len(part)
    if known:
        return
    categories = _GLUED_BEFORE
    while head := _affix_length(text, vocabulary, categories, at_start=True):
        yield _word(text[:head], before, start, vocabulary)
        before, start, text = "", start + head, text[head:]
        categories = _GLUED_BEFORE | {Category.COPULA}
    tails: list[str] = []
    while tail := _affix_length(text, vocabulary, _GLUED_AFTER, at_start=False):
        tails.append(text[-tail:])
        text = text[:-tail]
    text, parts = _cut_at_particle(text, vocabulary)
    tails += parts
    for part in (text, *reversed(tails)):
        yield _word(part, before, start, vocabulary)
        before, start = "", start + len(part)


def _known_words(text: str, vocabulary: Vocabulary) -> list[str]:
    """The words for characters of which `text` is made altogether ("裁缝附魔"), longest first; empty where it is not."""
    for length in range(min(len(text), _LONGEST_AFFIX), 0, -1):
        if not vocabulary.categories.get(text[:length], NO_CATEGORY) & _OF_CHARACTERS:
            continue
        if length == len(text):
            return [text]
        if length > 1 and (rest := _known_words(text[length:], vocabulary)):
            return [text[:length], *rest]
    return []


def _stem(key: str, vocabulary: Vocabulary) -> str:
    if _is_hangul(key[-1]):
        cut = next((len(key) - len(each) for each in _PARTICLES if key.endswith(each)), 0)
        return key[:cut] if cut >= _SHORTEST_HANGUL_NAME else ""
    return next((key[:place] for place in range(2, len(key)) if _known_words(key[place:], vocabulary)), "")


def _affix_length(text: str, vocabulary: Vocabulary, categories: frozenset[Category], *, at_start: bool) -> int:
    """Length of the longest vocabulary word at one end of `text` that leaves something of it; 0 when there is none."""
    for length in range(min(len(text) - 1, _LONGEST_AFFIX), 0, -1):
        affix = text[:length] if at_start else text[-length:]
        found = vocabulary.categories.get(affix, NO_CATEGORY) & categories if is_unspaced(affix[0]) else NO_CATEGORY
        if found and not (length == 1 and found <= _MAY_BE_OF_A_NAME and not _is_certain_affix(text, affix, found)):
            return length
    return 0


def _is_certain_affix(text: str, affix: str, found: Categories) -> bool:
    """Whether one letter is no part of the name: a Korean relative behind it ("조크형"), a Chinese "with" before it."""
    if _is_hangul(affix):
        return text.endswith(affix) and len(text) > _SHORTEST_HANGUL_NAME
    is_group = affix in _GROUPS and text.endswith(affix) and len(text) > _SHORTEST_NAME_OF_A_GROUP
    return is_group or (text.startswith(affix) and Category.COMPANY in found)


def _is_hangul(letter: str) -> bool:
    return "\uac00" <= letter <= "\ud7ff"


def _cut_at_particle(text: str, vocabulary: Vocabulary) -> tuple[str, list[str]]:
    """Cut "佐克的牧师" at the particle in its middle, which makes the one before it the owner: last parts first.

    Korean particles are syllables of names too, so what follows them must be a word of the vocabulary.
    """
    for place in range(1, len(text) - 1):
        particle, rest = text[place], text[place + 1 :]
        is_particle = is_unspaced(particle) and Category.LINK in vocabulary.categories.get(particle, NO_CATEGORY)
        if is_particle and (rest in vocabulary.categories or not _is_hangul(particle)):
            return text[:place], [rest, particle]
    return text, []


_LONGEST_AFFIX: Final = 6


@lru_cache(maxsize=512)
def gap_of(before: str) -> Gap:
    """Kind of gap that the characters between two pieces make."""
    if before == "-":
        return Gap.HYPHEN
    marks = before.strip(" _#'")
    if not marks:
        return Gap.SPACE
    if any(mark in "/,;|&+\\" for mark in marks):
        return Gap.LIST
    if marks[0] in ":=" or marks[-1] in ":=":
        return Gap.LABEL
    return Gap.BREAK


_INSIDE_PHRASES: Final = frozenset({" ", "-", ".", ". ", ""})


def _with_phrases(tokens: list[Token], text: str, vocabulary: Vocabulary) -> list[Token]:
    merged: list[Token] = []
    position = 0
    while position < len(tokens):
        length = _phrase_length(tokens, position, vocabulary)
        merged.append(
            tokens[position] if length == 1 else _phrase(tokens[position : position + length], text, vocabulary)
        )
        position += length
    return merged


def _phrase_length(tokens: list[Token], position: int, vocabulary: Vocabulary) -> int:
    for words in vocabulary.phrases.get(tokens[position].key, ()):
        candidates = tokens[position : position + len(words)]
        if tuple(token.key for token in candidates) == words and all(
            token.before in _INSIDE_PHRASES for token in candidates[1:]
        ):
            return len(words)
    return 1


def _with_initials(tokens: Iterable[Token], text: str) -> Iterator[Token]:
    """Put together an initial and the rest of a shortened name, as in "B-mane"; not what says which kind of mage "F-mage" is."""
    initial: Token | None = None
    for token in tokens:
        is_rest = token.gap is Gap.HYPHEN and token.text.islower() and token.shape is Shape.WORD
        if initial is not None and is_rest and (token.is_unknown or token.categories <= _RELATION):
            name = text[initial.start : token.end]
            yield replace(token, text=name, key=name_key(name), before=initial.before, gap=initial.gap,
                          categories=NO_CATEGORY, start=initial.start)  # fmt: skip
            initial = None
            continue
        if initial is not None:
            yield initial
        initial = token if token.shape is Shape.LETTER and token.text.isupper() else None
        if initial is None:
            yield token
    if initial is not None:
        yield initial


_RELATION: Final = frozenset({Category.RELATION, Category.RELATION_BEHIND})


def _phrase(parts: list[Token], text: str, vocabulary: Vocabulary) -> Token:
    first, last = parts[0], parts[-1]
    key = " ".join(part.key for part in parts)
    categories = vocabulary.categories[key]
    written = text[first.start : last.end]
    return Token(written, key, first.before, first.gap, Shape.WORD, categories, first.start, last.end)
