"""How words that somebody types are found in names and texts: one way, for every search that compares in Python. Pure.

Case and composition are those of the keys of names, whatever language the database was made for. Words without accents
find texts with them; words with accents mean them.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum
from typing import Self, TypeVar

from sv_common.guild_sync.core.names import name_key, realm_key
from sv_common.guild_sync.notes import fold_accents

_Item = TypeVar("_Item")


class Place(IntEnum):
    """Where the words stand in a text, the best place first."""

    WHOLE = 0
    BEGINNING = 1
    WORD = 2  # a later word begins with them
    INSIDE = 3
    SCATTERED = 4  # each of several words begins a word of the text, in any order


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is looked for."""

    key: str
    is_plain: bool
    words: tuple[str, ...]

    @classmethod
    def of(cls, typed: str) -> Self:
        key = name_key(typed)
        return cls(key, key == fold_accents(key), tuple(key.split()))

    def place_in(self, text: str) -> Place | None:
        """Return the best place in a text; None where it does not match. Blank words are the whole of every text."""
        own = self._key_of(text)
        if not self.key or own == self.key:
            return Place.WHOLE
        if own.startswith(self.key):
            return Place.BEGINNING
        if self.key in own:
            return Place.WORD if _begins_a_word(self.key, own) else Place.INSIDE
        if len(self.words) > 1 and all(_begins_a_word(word, own) for word in self.words):
            return Place.SCATTERED
        return None

    def place_in_name(self, label: str) -> Place | None:
        """Do the same for a character's Name-Realm. The realm counts only where the words have a hyphen, too.

        It may be spelled as anywhere in the game: `Name-Area52` is `Name-Area 52`.
        """
        name, _, realm = label.partition("-")
        if "-" not in self.key:
            return self.place_in(name)
        typed_name, _, typed_realm = self.key.partition("-")
        if self._key_of(name) == typed_name and realm_key(realm).startswith(realm_key(typed_realm)):
            return Place.WHOLE if realm_key(realm) == realm_key(typed_realm) else Place.BEGINNING
        return self.place_in(label)

    def place_in_member(self, name: str) -> Place | None:
        """Do the same for a name on Discord, which may be written with its @."""
        rest, own = self.key.removeprefix("@"), self._key_of(name)
        if rest in ("", self.key) or not own.startswith(rest):
            return self.place_in(name)
        return Place.WHOLE if own == rest else Place.BEGINNING

    def best_of(self, items: Iterable[tuple[_Item, Iterable[str | None]]]) -> list[tuple[_Item, str]]:
        """Return the items that one of their texts finds, each with that text; best first, else in their order."""
        found = []
        for item, texts in items:
            places = [(place, text) for text in texts if text and (place := self.place_in(text)) is not None]
            if places:
                found.append((*min(places, key=lambda hit: hit[0]), item))
        found.sort(key=lambda hit: hit[0])
        return [(item, text) for _, text, item in found]

    def _key_of(self, text: str) -> str:
        own = name_key(text)
        return fold_accents(own) if self.is_plain and not own.isascii() else own


def in_order(text: str) -> str:
    """Return the key by which found names are sorted."""
    return fold_accents(name_key(text))


def _begins_a_word(wanted: str, text: str) -> bool:
    at = text.find(wanted)
    while at > 0:
        if unicodedata.category(text[at - 1])[0] not in "LMN":
            return True
        at = text.find(wanted, at + 1)
    return at == 0
