"""Words whose meaning hangs on what stands beside them.

- An abbreviation with its full stop ("dawn. Zork") gives a former name, where the same letters without it may be a name.
- A word of relation in the genitive ("Zorks frus alt") is still one, though the vocabulary has its nominative only.
- "Kind" behind a genitive ("Zorks Kind") is a relative, and "рейд" before a name ("рейд Зорка") a group of people.
- A pronoun behind a name ("Zork z'n tank", "Zork sin") makes the name an owner.
- A mood beside a name ("Zork drunk", "angry Zork") is no tail that leaves the name as it is.
- "No" with the accents of emphasis ("géén") denies all the same.
- A word for a character with a pet ending ("Zork's tankje") is known behind an owner.
- A capital and a possessive make a name of a short word that is only a link elsewhere ("Vel's mage").
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from sv_common.guild_sync.notes.words.text import fold_accents
from sv_common.guild_sync.notes.words.tokens import WITH, Gap, Shape, Token
from sv_common.guild_sync.notes.words.vocabulary import (
    NO_CATEGORY,
    TRADES,
    Categories,
    Category,
    Vocabulary,
    categories_of,
)

_JOINED: Final = frozenset({Gap.SPACE, Gap.HYPHEN})
_IN_CONTEXT: Final = frozenset({Category.RELATION_BEHIND, Category.COMPANY_BEFORE, Category.MAIN_BEFORE, Category.MOOD})
_BEHIND: Final = frozenset({Category.RELATION, Category.RELATION_BEHIND})
_OWN: Final = TRADES | {Category.ALT, Category.BANK, Category.CHARACTER, Category.MAIN, Category.MEASURE}
_EVERYDAY: Final = frozenset({Category.ORDINARY})
_NEGATION: Final = frozenset({Category.NEGATION})
_MAIN: Final = frozenset({Category.MAIN})
_MERE_LINKS: Final = categories_of("second_name link copula article and contrast again possessive see mood identity")
_EVERYDAY_ALONE: Final = categories_of("ordinary doubt again see mood possessive article")
"""What an everyday word says beside a name only."""

_PET_ENDINGS: Final = re.findall(
    r"\w+",
    "tje pje kje je jes chen lein ito ita cito cita inho inha zinho zinha ino ina etto etta ik ek ka czyk eczka en et "
    "чик ик ок ка очка",
)
"""Endings of small and dear things, and Nordic articles, in languages that hang them on a word: tankje, maguinho, kowalik."""

_IN_COMPOUNDS: Final = frozenset({Category.ALT, Category.BANK, Category.CHARACTER, Category.CLASS, Category.ROLE})
_CYRILLIC: Final = re.compile(r"[а-яё]")
_LOST_VOWELS: Final = "aoeа"
_GENITIVES: Final = ("s", "es")
_ENDS_OF_OWNERS: Final = ("s", "x", "z", "ß")
_SHORTEST_NOMINATIVE: Final = 3


def in_context(tokens: Sequence[Token], text: str, vocabulary: Vocabulary) -> list[Token]:
    """Give each word the categories that it has where it stands."""
    known: list[Token] = []
    for place, token in enumerate(tokens):
        following = tokens[place + 1] if place + 1 < len(tokens) else None
        if _owns_by_pronoun(known, token):
            known[-1] = replace(known[-1], ending=f" {token.text}")
        categories = _categories(known, token, following, text, vocabulary)
        stem = "" if _is_beside_somebody(token, following) else token.stem
        is_as_before = (categories, stem) == (token.categories, token.stem)
        known.append(token if is_as_before else replace(token, categories=categories, stem=stem))
    return known


def _is_beside_somebody(token: Token, following: Token | None) -> bool:
    """Whether a Korean word says "with Zork" and no more: what follows does not say that it is the same person."""
    is_with = token.stem != "" and token.key[len(token.stem) :] in WITH
    return is_with and not (following is not None and following.has(Category.AGAIN))


def _owns_by_pronoun(earlier: Sequence[Token], token: Token) -> bool:
    """Whether the word is a pronoun that makes the name before it an owner: "Zork z'n tank"."""
    is_pronoun = Category.POSSESSIVE in token.categories and token.gap is Gap.SPACE
    return is_pronoun and bool(earlier) and earlier[-1].is_unknown and not earlier[-1].is_possessive


def _categories(
    earlier: Sequence[Token], token: Token, following: Token | None, text: str, vocabulary: Vocabulary
) -> Categories:
    if token.shape is not Shape.WORD:
        return token.categories
    abbreviated = _of_abbreviation(earlier, token, following, text, vocabulary)
    if abbreviated:
        return abbreviated
    if not token.categories:
        return _of_unknown(earlier, token, following, vocabulary)
    if _is_name_of_owner(token):
        return NO_CATEGORY
    categories = token.categories
    if not earlier and following is None and Category.ORDINARY in categories and categories <= _EVERYDAY_ALONE:
        return _EVERYDAY
    if Category.MOOD in categories and _is_beside_name(earlier, token, following):
        return _EVERYDAY
    if Category.RELATION_BEHIND in categories and _follows_owner(earlier, token) and _ends_there(token, following):
        categories |= {Category.RELATION}
    if Category.MAIN_BEFORE in categories and not earlier and _precedes_name(earlier, token, following):
        return _MAIN
    if Category.COMPANY_BEFORE in categories and _precedes_name(earlier, token, following):
        categories |= {Category.COMPANY}
    return (categories - _IN_CONTEXT) or _EVERYDAY


def _of_unknown(earlier: Sequence[Token], token: Token, following: Token | None, vocabulary: Vocabulary) -> Categories:
    """What a word that the vocabulary does not hold may be all the same."""
    if not token.key.isascii() and (following is not None or earlier):
        folded = vocabulary.categories.get(fold_accents(token.key), NO_CATEGORY)
        if Category.NEGATION in folded:
            return _NEGATION
    if not (_follows_owner(earlier, token) or _precedes_owner(earlier, token, following)):
        return NO_CATEGORY
    return _of_genitive(earlier, token, vocabulary) or _of_derived_form(token, vocabulary)


def _is_name_of_owner(token: Token) -> bool:
    is_name_like = token.is_possessive and token.text[:1] != token.key[:1] and len(token.key) >= _SHORTEST_NOMINATIVE
    return is_name_like and token.categories <= _MERE_LINKS


def _is_beside_name(earlier: Sequence[Token], token: Token, following: Token | None) -> bool:
    """Whether a word hangs on a name before it, or on one behind it at the beginning of a clause."""
    if earlier and token.gap is Gap.SPACE and earlier[-1].is_unknown and not earlier[-1].is_possessive:
        return True
    begins = not earlier or token.gap not in _JOINED
    return begins and following is not None and following.is_unknown and following.gap is Gap.SPACE


def _precedes_owner(earlier: Sequence[Token], token: Token, following: Token | None) -> bool:
    """Whether a word stands before "of" and a name, or before a name that may be in the genitive: "brujita de Zork"."""
    if following is None or following.gap is not Gap.SPACE or (earlier and not earlier[-1].categories & _MERE_LINKS):
        return False
    return following.has(Category.LINK) or (following.is_unknown and _CYRILLIC.match(token.key) is not None)


def _of_derived_form(token: Token, vocabulary: Vocabulary) -> Categories:
    """What "tankje" and "Farmchar" are: a word for a character, with an ending of its own or with more before it."""
    for start in range(_SHORTEST_NOMINATIVE, len(token.key) - _SHORTEST_NOMINATIVE):
        if known := vocabulary.categories.get(token.key[start:], NO_CATEGORY) & _IN_COMPOUNDS:
            return known
    for ending in _PET_ENDINGS:
        stem = token.key.removesuffix(ending)
        if len(stem) < _SHORTEST_NOMINATIVE or stem == token.key:
            continue
        for word in (stem, *(stem + vowel for vowel in _LOST_VOWELS)):
            if known := vocabulary.categories.get(word, NO_CATEGORY) & _OWN:
                return known
    return NO_CATEGORY


def _of_abbreviation(
    earlier: Sequence[Token], token: Token, following: Token | None, text: str, vocabulary: Vocabulary
) -> Categories:
    """What an abbreviation is with its full stop; alone ("Dawn.") it is rather an everyday word, or a name."""
    abbreviated = vocabulary.categories.get(f"{token.key}.", NO_CATEGORY) if text.startswith(".", token.end) else None
    if not abbreviated:
        return NO_CATEGORY
    if following is not None or (token.before.endswith("(") and text.startswith(".)", token.end)):
        return abbreviated
    return NO_CATEGORY if earlier or token.categories else _EVERYDAY


def _of_genitive(earlier: Sequence[Token], token: Token, vocabulary: Vocabulary) -> Categories:
    """RELATION for "frus" in "Zorks frus alt": behind an owner, and before what is hers."""
    if not _follows_owner(earlier, token):
        return NO_CATEGORY
    nominatives = (token.key.removesuffix(ending) for ending in _GENITIVES if token.key.endswith(ending))
    is_relation = any(
        len(word) >= _SHORTEST_NOMINATIVE and vocabulary.categories.get(word, NO_CATEGORY) & _BEHIND
        for word in nominatives
    )
    return frozenset({Category.RELATION}) if is_relation else NO_CATEGORY


def _follows_owner(earlier: Sequence[Token], token: Token) -> bool:
    """Whether an earlier word of the same clause may be a genitive ("Zorks", "Zork's", or "Max", which takes no s)."""
    gap = token.gap
    for before in reversed(earlier):
        if gap not in _JOINED:
            return False
        if before.is_possessive or (before.is_unknown and before.key.endswith(_ENDS_OF_OWNERS)):
            return True
        gap = before.gap
    return False


def _ends_there(token: Token, following: Token | None) -> bool:
    """Whether a word of relation is not rather a word about a character that follows ("Zorks kleine Magierin")."""
    if token.is_possessive or following is None or following.gap not in _JOINED:
        return True
    return not following.is_unknown and not following.categories & _OWN


def _precedes_name(earlier: Sequence[Token], token: Token, following: Token | None) -> bool:
    is_first = not earlier or not earlier[-1].is_unknown or token.gap not in _JOINED
    return is_first and following is not None and following.is_unknown and following.gap is Gap.SPACE
