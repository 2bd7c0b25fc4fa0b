"""The names that one written word can stand for."""

from __future__ import annotations

from typing import Final

from sv_common.guild_sync.notes.mentions import Reading
from sv_common.guild_sync.notes.tokens import Token

_SHORTEST_STEM: Final = 2
_CYRILLIC_GENITIVES: Final = {"а": ("",), "я": ("й", "ь"), "ы": ("а",), "и": ("я", "а", "ь")}
"""What a Russian ending can have been before it was put into the genitive ("твинк Маши" is of Маша)."""


def readings_of(token: Token, *, belongs: bool = False, may_be_genitive: bool = True) -> tuple[Reading, ...]:
    """All readings of a word, as written first.

    A final "s" is never cut blindly: the word as written and the word without it are both readings. `belongs` says that
    the form makes a possessive as likely as a name in "s" ("Brightmanes alt"); and who is called Jangles is often written
    "Jangle's". `may_be_genitive` is False where what follows would not be a character of that person ("Brightmanes recruit").
    """
    key = token.key
    alternatives: list[Reading] = []
    if (stem := _without_plural(token)) and (may_be_genitive or token.is_possessive):
        doubtful = token.is_possessive or not belongs or stem.endswith("s")
        alternatives.append(Reading(stem, 1 if doubtful else 0))
    if token.ending == "'s" and not key.endswith("s"):
        alternatives.append(Reading(f"{key}s", 1))
    if belongs and not token.is_possessive:
        alternatives += [Reading(nominative, 1) for nominative in _nominatives(key)]
    if token.stem:
        alternatives.append(Reading(token.stem, 1))
    if (letters := key.rstrip("0123456789")) != key and letters:
        alternatives.append(Reading(letters, 1))
    return (Reading(key, 0), *alternatives)


def _without_plural(token: Token) -> str | None:
    """`Brightmanes` without its "s"; None where there is none, or where an apostrophe has already parted it."""
    stem = token.key[:-1]
    can_be_cut = token.key.endswith("s") and token.ending != "'s"
    return stem if can_be_cut and len(stem) >= _SHORTEST_STEM and stem.isalpha() else None


def _nominatives(key: str) -> list[str]:
    endings = _CYRILLIC_GENITIVES.get(key[-1], ())
    return [key[:-1] + ending for ending in endings if len(key) > _SHORTEST_STEM]
