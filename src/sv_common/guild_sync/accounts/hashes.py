"""Keyed hashes of what an account has, of which nothing can be told, and how they are stored."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Iterator
from typing import Final, Literal, NamedTuple, TypeAlias

Hashed: TypeAlias = Literal["pet", "achievement", "minute"]

_WIDTH: Final = 8


class EvidenceKey(NamedTuple):
    """What the hashes of one guild are made with: its key, and its region, which has numbers of its own."""

    key: bytes
    region: str

    def number(self, kind: Hashed, *parts: int) -> int:
        """Return 64 bits that stand for something of a kind, and never for something of another kind."""
        text = "|".join((kind, self.region, *map(str, parts))).encode()
        return int.from_bytes(hmac.digest(self.key, text, hashlib.sha256)[:_WIDTH])


def to_bytes(numbers: Iterable[int]) -> bytes:
    """Write numbers as they are stored: one after the other, eight bytes each."""
    return b"".join(number.to_bytes(_WIDTH) for number in numbers)


def from_bytes(stored: bytes) -> Iterator[int]:
    """Read them, in the same order."""
    for place in range(0, len(stored), _WIDTH):
        yield int.from_bytes(stored[place : place + _WIDTH])
