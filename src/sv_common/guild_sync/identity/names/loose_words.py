"""The words of a Discord name that may be a name, each with how much it is to be trusted. For suggestions only."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from itertools import pairwise
from typing import Final

from sv_common.guild_sync.core.names import name_key
from sv_common.guild_sync.identity.names.discord_names import PRONOUNS, plain_letters
from sv_common.guild_sync.notes import Category, Vocabulary, fold_accents
from sv_common.guild_sync.notes.words.tokens import is_unspaced

SHORTEST: Final = 3
SHORTEST_UNSPACED: Final = 2

_WORD: Final = re.compile(r"[^\W_]+")
_BRACKETED: Final = re.compile(r"\(.*?\)|\[.*?\]|\{.*?\}|<.*?>")
_CAMEL: Final = re.compile(r"[A-Z]?[a-z]{2,}|[A-Z]{3,}(?![a-z])")
_LEET: Final = str.maketrans("0134578", "oieastb")
_FRILLS: Final = re.compile(
    r"^(?:xx+|iam|im|its|itz|the|thereal|real|just|only|mr|mrs|sir|lord|lady|big|lil|og|ya)?(?P<name>.{3,}?)"
    r"(?:xx+|tv|ttv|wow|gaming|games|gamer|plays|playz|live|alt|main|bank|backup|exe|gg|yt|official|online|eu|us)?$"
)
"""What people glue to their name when it is taken already."""

_COMMON: Final = frozenset(
    word
    for words in (
        "the and of on in at to my for till until from with away back might great first house wife dad mom mum phone mobile",
        "der die das und von el la los las le les de du des",
        "sir lord lady captain king queen mister uncle papa big old saint general just brother exe tia herr don dr mr mrs",
    )
    for word in words.split(" ")
)
"""Words around a name, and titles before it."""

_WHOLE: Final = 1.0
_PLAIN: Final = 0.95
_IN_BRACKETS: Final = 0.85
_TAKEN_APART: Final = 0.88
_EVERYDAY: Final = 0.7
_ONLY_FRILLS_OFF: Final = 0.9
_OF_ANOTHER: Final = 0.75
"""Of a name that says something about its word: "Zork's dad", "Not Zork"."""

_REMEMBERED: Final = 16384


@lru_cache(maxsize=_REMEMBERED)
def loose_words(name: str, vocabulary: Vocabulary) -> dict[str, float]:
    """The words of a name, as keys without accents: taken apart where it is put together, without what decorates it."""
    plain = plain_letters(name)
    trust: dict[str, float] = {}
    said = _OF_ANOTHER if _is_about_another(plain, vocabulary) else 1.0
    bare = _BRACKETED.sub(" ", plain)
    for text, share in ((bare, _PLAIN), (plain, _IN_BRACKETS)):
        words = _WORD.findall(text)
        is_one = len(words) == 1
        for word in words:
            for key, part in _forms_of(word):
                category = vocabulary.categories.get(key)
                if key in _COMMON or key in PRONOUNS or (category and Category.ORDINARY not in category):
                    continue
                value = part * (_WHOLE if is_one else share) * (_EVERYDAY if category and not is_one else 1.0)
                trust[key] = max(trust.get(key, 0.0), value * said)
        for first, second in pairwise(words):
            joined = fold_accents(name_key(first + second))
            trust.setdefault(joined, _TAKEN_APART * share * said)
        letters = fold_accents(name_key("".join(words)))
        trust.setdefault(letters, _TAKEN_APART * share * said)
    return {key: value for key, value in trust.items() if _is_long_enough(key)}


def _is_long_enough(key: str) -> bool:
    return bool(key) and len(key) >= (SHORTEST_UNSPACED if is_unspaced(key[0]) else SHORTEST)


def _is_about_another(plain: str, vocabulary: Vocabulary) -> bool:
    words = [name_key(word) for word in _WORD.findall(plain)]
    is_denied = any(Category.NEGATION in vocabulary.categories.get(word, ()) for word in words)
    return is_denied or re.search(r"['’`´]s?\b\s+\w", plain) is not None


def _forms_of(word: str) -> Iterator[tuple[str, float]]:
    """A word, its letters for digits, without digits at an end, its parts by capitals, and without what is glued to it."""
    key = fold_accents(name_key(word))
    yield key, 1.0
    forms = {key}
    if any(letter.isdigit() for letter in key) and any(letter.isalpha() for letter in key):
        bare = key.strip("0123456789")
        forms |= {bare, bare.translate(_LEET), key.translate(_LEET)}
    for part in _CAMEL.findall(word):
        if part != word and len(part) >= SHORTEST:
            yield fold_accents(name_key(part)), _TAKEN_APART
    for form in forms - {key}:
        yield form, _ONLY_FRILLS_OFF
    for form in forms:
        if (match := _FRILLS.fullmatch(form)) is not None and match["name"] != form:
            yield match["name"], _TAKEN_APART
