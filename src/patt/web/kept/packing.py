"""A kept text as gzip, packed once, in which the token of the forms is put in each time.

A token stands in the stream as it is, in a block that is not compressed, so another one of the same length can take its place.
Where it stands again soon after, the stream refers back to that. What is packed holds bytes in its place that no text in UTF-8 has,
so nothing else refers to it: the length of an answer says nothing about the token.
"""

from __future__ import annotations

import random
import struct
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

LEVEL: Final = 5
_HEADER: Final = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff"
_IN_NO_TEXT: Final = bytes((0xC0, 0xC1, *range(0xF5, 0x100)))
_FAR: Final = 24_000
"""Bytes after which a token is written again; gzip refers back by 32,768 at most."""


@dataclass(frozen=True, slots=True)
class Packed:
    """The stream between the places where a token stands as it is."""

    between: Sequence[bytes]
    token_size: int

    def with_token(self, text: bytes, token: bytes) -> bytes:
        """Return the answer; `text` is what it unpacks to."""
        block = b"\x00" + struct.pack("<HH", len(token), len(token) ^ 0xFFFF) + token
        return _HEADER + block.join(self.between) + struct.pack("<II", zlib.crc32(text), len(text) & 0xFFFFFFFF)


def pack(pieces: Sequence[bytes], token_size: int) -> Packed:
    """Pack a text that has a token between each two pieces."""
    packed = _packed(pieces, token_size, refers_back=True)
    return packed if _takes_any_token(packed, pieces) else _packed(pieces, token_size, refers_back=False)


def _packed(pieces: Sequence[bytes], token_size: int, *, refers_back: bool) -> Packed:
    stands_for_it = bytes(random.Random(token_size).choices(_IN_NO_TEXT, k=token_size))  # noqa: S311 -- any will do
    packer = zlib.compressobj(LEVEL, zlib.DEFLATED, -zlib.MAX_WBITS)
    between, part, since = [], packer.compress(pieces[0]), _FAR
    for piece in pieces[1:]:
        if refers_back and since < _FAR:
            part += packer.compress(stands_for_it)
        else:
            between.append(part + packer.flush(zlib.Z_SYNC_FLUSH))
            packer.compress(stands_for_it)
            packer.flush(zlib.Z_SYNC_FLUSH)  # of the block that stands there instead
            part, since = b"", 0
        part += packer.compress(piece)
        since += token_size + len(piece)
    return Packed([*between, part + packer.flush()], token_size)


def _takes_any_token(packed: Packed, pieces: Sequence[bytes]) -> bool:
    """Whether all places show the token that is put in: that one was written only in part where it stands again is possible."""
    for token in _two_tokens(packed.token_size):
        text = token.join(pieces)
        try:
            if zlib.decompress(packed.with_token(text, token), zlib.MAX_WBITS + 16) != text:
                return False
        except zlib.error:  # its checksum is of the text as it should be
            return False
    return True


def _two_tokens(size: int) -> Iterator[bytes]:
    yield b"A" * size
    yield bytes(48 + place % 10 for place in range(size))
