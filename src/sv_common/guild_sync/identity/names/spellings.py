"""One name in several spellings: with and without its accents, its letters written out, Chinese in both scripts."""

from __future__ import annotations

from functools import lru_cache
from typing import Final

from sv_common.guild_sync.core.names import name_key
from sv_common.guild_sync.notes import fold_accents
from sv_common.guild_sync.notes.words.simplified import simplify

_WRITTEN_OUT: Final = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "å": "aa", "ø": "oe"})
_REMEMBERED: Final = 65536


@lru_cache(maxsize=_REMEMBERED)
def folds_of(name: str) -> frozenset[str]:
    """The spellings of a name without accents; two names that share one differ in spelling only. Empty for no name.

    "ö" is an "o" to one and an "oe" to another, so a name may have two.
    """
    key = name_key(name)
    if key.isascii():
        return frozenset({key} - {""})
    simple = simplify(key)
    return frozenset({fold_accents(simple), fold_accents(simple.translate(_WRITTEN_OUT))} - {""})
