"""How names are compared. Display forms are kept as written; keys are compared.

Two names are the same identity when their keys are equal. Keys ignore case and Unicode composition, never accents:
four characters of one realm can differ in accents alone.
"""

from __future__ import annotations

import unicodedata
from functools import lru_cache

from sv_common.guild_sync.core.errors import BadInput
from sv_common.guild_sync.core.language import tr

LONGEST_ALIAS = LONGEST_WORD = 60


def name_key(name: str) -> str:
    """Key of a character, player, Discord or alias name: NFC, lower case, outer blanks dropped.

    `str.lower` and not `str.casefold`, because casefold makes `ß` and `ss` equal, and Weiß and Weiss can be two people.
    """
    if name.isascii():
        return name.strip().lower()
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).strip().lower())


@lru_cache(maxsize=1024)
def realm_key(realm: str) -> str:
    """Key under which a realm's slug, its display name and the addon's normalized name meet.

    `area-52`, `Area 52` and `Area52` give `area52`; `kelthuzad` and `Kel'Thuzad` give `kelthuzad`. Letters and digits
    only, since Blizzard drops blanks, hyphens, full stops, apostrophes and parentheses in one or other of the forms.
    A realm name in another alphabet than its slug needs the realm index; it is not equal to the slug by this key.
    """
    lowered = unicodedata.normalize("NFC", realm).lower()
    return "".join(letter for letter in lowered if unicodedata.category(letter)[0] in "LMN")


def is_alias(word: str) -> bool:
    """Whether a word can be an alias: one line of letters that can be seen, and not too many."""
    return 0 < len(word) <= LONGEST_ALIAS and word.isprintable()


def word_key(word: str) -> str:
    """Return the key of a word of notes. Raises `BadInput` for what is no word."""
    key = name_key(word)
    if not key or len(key) > LONGEST_WORD or not key.isprintable():
        raise BadInput(
            tr(
                "Word: give a word or a short phrase of at most {most} characters, as notes write it.",
                most=LONGEST_WORD,
            )
        )
    return key
