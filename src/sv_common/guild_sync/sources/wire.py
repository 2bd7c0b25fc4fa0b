"""Reads decoded JSON by its documented types, and says exactly where an answer departs from them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from sv_common.guild_sync.core.errors import SourceMalformed
from sv_common.guild_sync.sources.http import Asked

LARGEST_INTEGER = 2**63 - 1
"""No documented number is larger, and no database column holds more."""


@dataclass(frozen=True, slots=True)
class Node:
    """A value of a JSON answer and the place where it stands. Every reader raises SourceMalformed naming the place."""

    value: object
    asked: Asked
    place: str = ""

    def child(self, key: str) -> Node:
        """Go to the value under `key`, None when there is none. This value must be an object."""
        if not isinstance(self.value, dict):
            raise self.malformed("an object")
        return replace(self, value=self.value.get(key), place=f"{self.place}.{key}" if self.place else key)

    def named(self, label: str) -> Node:
        """Add a person's or thing's name to the place, so that a sentence can say who is meant."""
        return replace(self, place=f"{self.place} ({label})")

    def items(self) -> Iterator[Node]:
        """Go through the entries of this list, numbered from 1 in their place."""
        if not isinstance(self.value, list):
            raise self.malformed("a list")
        for number, item in enumerate(self.value, start=1):
            yield replace(self, value=item, place=f"{self.place} entry {number}".strip())

    def text(self) -> str:
        """Read a text that is not blank; NUL and halves of characters, which no database stores, are dropped."""
        if not (text := self.any_text()).strip():
            raise self.malformed("a text that is not blank")
        return text

    def any_text(self) -> str:
        """Read a text that may be blank."""
        if not isinstance(self.value, str):
            raise self.malformed("a text")
        return storable(self.value)

    def text_or_none(self) -> str | None:
        """Read a text; None when it is absent, null or blank."""
        if self.value is None or not (text := self.any_text()).strip():
            return None
        return text

    def integer(self, most: int = LARGEST_INTEGER) -> int:
        """Read a whole number from 0 to `most`."""
        if not isinstance(self.value, int) or isinstance(self.value, bool) or not 0 <= self.value <= most:
            raise self.malformed("a whole number" if most == LARGEST_INTEGER else f"a whole number from 0 to {most}")
        return self.value

    def integer_or_none(self) -> int | None:
        """Read a whole number; None when it is absent or null."""
        return None if self.value is None else self.integer()

    def flag(self) -> bool:
        """Read true or false; absent or null is false."""
        if self.value is None:
            return False
        if not isinstance(self.value, bool):
            raise self.malformed("true or false")
        return self.value

    def malformed(self, wanted: str) -> SourceMalformed:
        """Make the error for a value that is not what was `wanted`."""
        place = f"'{self.place}'" if self.place else "the whole answer"
        return SourceMalformed(
            f"{self.asked.service}'s answer for {self.asked.what} does not have the documented shape: "
            f"{place} should be {wanted}. Nothing was taken from it; try again later, and report it if it stays so."
        )


def storable(text: str) -> str:
    """Drop NUL and lone surrogates: JSON can hold both, a PostgreSQL text can hold neither."""
    return text.replace("\0", "").encode("utf-8", "ignore").decode("utf-8")
