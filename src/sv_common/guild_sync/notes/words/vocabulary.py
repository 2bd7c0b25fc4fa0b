"""The words of guild notes that are not names: professions, roles, dates, and the words that introduce a name.

The words are data, in the `vocabulary*.toml` beside this module; a guild may add words and take words away.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from importlib import resources
from typing import Final

from sv_common.guild_sync.core.errors import BadInput
from sv_common.guild_sync.core.names import name_key
from sv_common.guild_sync.notes.words.simplified import in_both_scripts
from sv_common.guild_sync.notes.words.text import clean, fold_accents


class Category(StrEnum):
    """What a word of the vocabulary is. The values are the tables of `vocabulary*.toml`."""

    PROFESSION = "profession"
    SPEC = "spec"
    CLASS = "class"
    ROLE = "role"
    MEASURE = "measure"
    BANK = "bank"
    ALT = "alt"
    MAIN = "main"
    MAIN_BEFORE = "main_before"
    CHARACTER = "character"
    IDENTITY = "identity"
    SEE = "see"
    POSSESSIVE = "possessive"
    MOOD = "mood"
    OWNER = "owner"
    DISCORD = "discord"
    SECOND_NAME = "second_name"
    RELATION = "relation"
    RELATION_BEHIND = "relation_behind"
    COMPANY = "company"
    COMPANY_BEFORE = "company_before"
    NEGATION = "negation"
    DATE = "date"
    DITTO = "ditto"
    STATUS = "status"
    LINK = "link"
    COPULA = "copula"
    ARTICLE = "article"
    CONTRAST = "contrast"
    AGAIN = "again"
    DOUBT = "doubt"
    AND = "and"
    ORDINARY = "ordinary"


Categories = frozenset[Category]
NO_CATEGORY: Final[Categories] = frozenset()


def categories_of(names: str) -> Categories:
    """Return the categories with these names, parted by blanks."""
    return frozenset(map(Category, names.split()))


TRADES: Final = categories_of("profession spec class role")
"""What a character can do."""

_ABOUT_PEOPLE: Final = frozenset({Category.SECOND_NAME, Category.RELATION, Category.COMPANY, Category.NEGATION})
"""Without their accents these count only where no other word is spelled so: Swedish "vän" is no Dutch "van"."""

_SPELT: Final = frozenset({Category.ORDINARY, Category.DATE})

LETTER: Final = r"[^\d\x00-@\[-`{-\x7f]"
"""A letter or mark of a clean text: whatever is neither ASCII punctuation, blank nor digit."""
WORD: Final = rf"{LETTER}(?:{LETTER}|\d|'(?={LETTER}))*"
ELISION: Final = re.compile(r"(d|l|dell|dall|all|nell|sull|qu|un)'(?=\w)", re.IGNORECASE)
"""An article or preposition that has lost its vowel before the next word, as in "d'Opal"."""
_TERM_PIECE: Final = re.compile(rf"{WORD}|\d+")


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Words and phrases, each with what it is. Hashable, so that parsing can remember notes for each vocabulary.

    `categories` finds a word or phrase, with and without its accents (everyday words and dates only as they are spelled,
    lest "grâce" hide a Grace); `phrases` lists, under its first word, the words of each longer term, longest first.
    """

    entries: frozenset[tuple[str, Category]]
    categories: Mapping[str, Categories] = field(init=False, repr=False, compare=False)
    phrases: Mapping[str, tuple[tuple[str, ...], ...]] = field(init=False, repr=False, compare=False)
    _hash: int = field(init=False, repr=False, compare=False)

    def __hash__(self) -> int:
        """Taken once: each look for a remembered note asks for it."""
        return self._hash

    def __post_init__(self) -> None:
        categories = _categories_by_term(self.entries)
        object.__setattr__(self, "_hash", hash(self.entries))
        object.__setattr__(self, "categories", categories)
        object.__setattr__(self, "phrases", _phrases_by_first_word(categories))

    def with_changes(self, add: Mapping[str, Iterable[str]], remove: Iterable[str]) -> Vocabulary:
        """Make a vocabulary with the words of `add`, by category, and without the words of `remove` in any category.

        A word that is both added and removed ends up added only. Raises BadInput for a category that does not exist
        and for a word without any letter.
        """
        gone = {term + stop for term in map(_term, remove) for stop in ("", ".")}
        kept = {entry for entry in self.entries if entry[0] not in gone}
        added = {(_usable_term(word), _category(name)) for name, words in add.items() for word in words}
        return Vocabulary(frozenset(kept | added))


def _term(word: str) -> str:
    """Write the word as notes are cut: in a phrase, unlike in a single word, an elided article is a word of its own."""
    pieces: list[str] = _TERM_PIECE.findall(name_key(clean(word)))
    return pieces[0] if len(pieces) == 1 else ELISION.sub(r"\1 ", " ".join(pieces))


def _usable_term(word: str) -> str:
    term = _term(word)
    if not any(letter.isalpha() for letter in term):
        raise BadInput(f"The vocabulary word {word!r} has no letter.")
    return term


def _category(name: str) -> Category:
    try:
        return Category(name)
    except ValueError:
        known = ", ".join(Category)
        raise BadInput(f"The vocabulary has no category {name!r}; the categories are {known}.") from None


def _categories_by_term(entries: Collection[tuple[str, Category]]) -> dict[str, Categories]:
    found: dict[str, set[Category]] = {}
    terms = {term for term, _ in entries}
    for term, category in entries:
        in_capitals = name_key(term.upper())
        folded = fold_accents(term)
        is_spelt = category in _SPELT or "º" in term or (category in _ABOUT_PEOPLE and folded in terms)
        for spelling in {in_capitals, term if is_spelt else folded, *in_both_scripts(term)}:
            found.setdefault(spelling, set()).add(category)
    return {term: frozenset(categories) for term, categories in found.items()}


def _phrases_by_first_word(terms: Iterable[str]) -> dict[str, tuple[tuple[str, ...], ...]]:
    found: dict[str, list[tuple[str, ...]]] = {}
    for term in terms:
        words = tuple(term.split())
        if len(words) > 1:
            found.setdefault(words[0], []).append(words)
    return {first: tuple(sorted(phrases, key=lambda words: (-len(words), words))) for first, phrases in found.items()}


def _load_default() -> Vocabulary:
    folder = resources.files(__package__)
    files = [file for file in folder.iterdir() if file.name.startswith("vocabulary") and file.name.endswith(".toml")]
    return Vocabulary(frozenset(entry for file in files for entry in _entries(file.read_text(encoding="utf-8"))))


def _entries(source: str) -> Iterator[tuple[str, Category]]:
    tables: dict[str, dict[str, str]] = tomllib.loads(source)
    for category, languages in tables.items():
        for words in languages.values():
            for word in words.split(","):
                written = word.strip()
                # An abbreviation counts only with its full stop: Polish "dawn." is no Dawn.
                stop = "." if written.endswith(".") and written.count(".") == 1 else ""
                if written:
                    yield _usable_term(word) + stop, _category(category)


DEFAULT_VOCABULARY: Final = _load_default()


_CHINESE_WEEK: Final = "星期|礼拜|禮拜|周|週"
_CHINESE: Final = (
    rf"(?:只有|只在|只能|仅在|僅在|仅|僅|只|每个|每個|每|逢|在)*(?:{_CHINESE_WEEK})[一二三四五六日天末]"
    rf"(?:[到至和]?(?:{_CHINESE_WEEK})?[一二三四五六日天末])*"
    r"(?:固定|才|都|会|會|可以|能|来|來|不在|在|玩|上线|上線|有空|休息|早上|上午|中午|下午|晚上|晚|夜里|夜裡|夜|打本)*"
)
_KOREAN: Final = r"(?:매주|매|오직)?(?:[월화수목금토일](?:요일|욜))+(?:에만|마다|에|만|은|날|저녁|밤|아침|새벽|낮|오후|오전|가능|접속)*"
_DAY: Final = re.compile(rf"{_CHINESE}|{_KOREAN}")


def is_day(key: str) -> bool:
    """Whether a word says on which day of the week, and nothing else."""
    return _DAY.fullmatch(key) is not None
