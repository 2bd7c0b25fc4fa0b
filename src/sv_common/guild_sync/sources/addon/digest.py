"""A digest of the entries of an export as they were given: equal digests mean equal entries, in the same order."""

from __future__ import annotations

import hashlib
import marshal
from dataclasses import fields
from operator import attrgetter
from typing import Any, Final

from sv_common.guild_sync.sources.models import AddonCharacter

_FORM: Final = 2
"""The form in which equal values are written alike, wherever they lie in memory; later ones write references."""

_of_character = attrgetter(*(each.name for each in fields(AddonCharacter)))


def digest_of(rows: object) -> bytes | None:
    """Return the digest of a list of entries; None where it is no list, or holds what has no plain form.

    The entries may be checked or not, but all of them alike. It is of this process: another Python may write values otherwise.
    """
    if not isinstance(rows, list | tuple):
        return None
    kinds = set(map(type, rows))
    if kinds == {AddonCharacter}:
        content: list[Any] = list(map(_of_character, rows))
    elif kinds == {dict}:
        content = list(rows)
    else:
        return None
    try:
        return hashlib.blake2b(marshal.dumps(content, _FORM), digest_size=32).digest()
    except ValueError:  # it holds a value of some other type
        return None
