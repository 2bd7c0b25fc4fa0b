r"""The code that an officer gives a player: the server's address and an upload key as one word that can be pasted.

It has letters and digits alone, in lower case: chat programs take `_` and `*` for italics, and a double click selects all of
it. It says how long it is and holds a checksum, so a code that was cut off or damaged on the way is told from a wrong one.

    patt1 base32( length of the rest: 2 bytes | check of the length: 1 | address \n key | check of address and key: 5 )
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from dataclasses import dataclass

from sv_common.guild_sync.core.errors import BadInput
from sv_common.guild_sync.core.language import mark, tr, tr_n

KIND = "patt1"
LONGEST = 4096
"""Characters of what is looked at; a code has about 150."""

_HEADER = 3
_LETTERS_OF_HEADER = 5
_CHECK = 5
_AROUND = "\"'`<>.,;:()[]“”„‘’"
_OF_A_KEY = 43
"""Characters of 32 random bytes, as keys, tokens and links have them."""

_ANY_KIND = re.compile(r"patt(\d+)[a-z2-7]{8,}")
_HOW_IT_LOOKS = mark("A code begins with {kind}. Copy all of it as the officer gave it, or ask for a new one.")


@dataclass(frozen=True, slots=True)
class Code:
    """What a code says: the server's address, and the upload key."""

    server: str
    key: str


def write_code(server: str, key: str) -> str:
    """Return the code for a server's address and an upload key. Raises `BadInput` for more than a code can hold."""
    content = f"{server}\n{key}".encode()
    if len(content) > LONGEST // 2:
        raise BadInput(tr("The server's address is too long for a code."))
    length = (len(content) + _CHECK).to_bytes(2, "big")
    raw = length + _sum(length, 1) + content + _sum(content, _CHECK)
    return KIND + _base32(raw)


def is_code(text: str) -> bool:
    """Whether a text is meant as a code, whole or not."""
    return any(re.match(r"patt\d", each.strip(_AROUND).lower()) for each in text[:LONGEST].split())


def read_code(text: str) -> Code:
    """Return what a pasted text says, also if words stand around the code or a line was broken in it.

    Raises `BadInput`: what is wrong with it, and never the text, which may be a secret.
    """
    words = [each.strip(_AROUND).lower() for each in text[:LONGEST].split()]
    if not words:
        raise _fault(tr("The code is empty."))
    start = next((place for place, each in enumerate(words) if each.startswith(KIND)), None)
    if start is None:
        raise _other_kind(text.strip(), words)
    try:
        return _read("".join(words[start:]))
    except BadInput:
        return _read(words[start])


def _read(word: str) -> Code:
    body = word.removeprefix(KIND)
    start = _bytes(body[:_LETTERS_OF_HEADER])
    if len(start) < _HEADER:
        raise _fault(tr("The code is cut off: only its beginning is there."))
    length = start[:2]
    if _sum(length, 1) != start[2:_HEADER]:
        raise _damaged()
    missing = -(-(_HEADER + int.from_bytes(length, "big")) * 8 // 5) - len(body)
    if missing > 0:
        raise _fault(
            tr_n(
                "The code is cut off: {n} character is missing at its end.",
                "The code is cut off: {n} characters are missing at its end.",
                missing,
            )
        )
    if missing < 0:
        raise _fault(tr("Something stands behind the code that is no part of it."))
    return _content(body)


def _content(body: str) -> Code:
    """Return what a code of the right length says."""
    raw = _bytes(body)
    content, check = raw[_HEADER:-_CHECK], raw[-_CHECK:]
    if _sum(content, _CHECK) != check or _base32(raw) != body:
        raise _damaged()
    try:
        server, key = content.decode().split("\n")
    except ValueError as error:  # also what is not UTF-8
        raise _damaged() from error
    return Code(server, key)


def _bytes(letters: str) -> bytes:
    """Decode letters; a last one that begins a byte without ending it is left out."""
    whole = letters[: len(letters) - (1 if len(letters) % 8 in (1, 3, 6) else 0)]
    try:
        return base64.b32decode(whole.upper() + "=" * (-len(whole) % 8))
    except (binascii.Error, ValueError) as error:
        raise _damaged() from error


def _base32(raw: bytes) -> str:
    return base64.b32encode(raw).decode().rstrip("=").lower()


def _sum(content: bytes, size: int) -> bytes:
    return hashlib.sha256(KIND.encode() + content).digest()[:size]


def _damaged() -> BadInput:
    return _fault(tr("The code is damaged: a character was changed, lost or added on the way."))


def _other_kind(text: str, words: list[str]) -> BadInput:
    """Name what was pasted instead of a code, as far as that can be told."""
    if any(_ANY_KIND.fullmatch(each) for each in words):
        return BadInput(
            tr("This code was made by a newer PATT than yours. Bring yours up to date: pipx upgrade patt-guild")
        )
    if any(each.startswith(("http:", "https:")) for each in words):
        return _fault(tr("This is a web address, and not a code for the companion."))
    if len(words) == 1 and len(text) == _OF_A_KEY and re.fullmatch(r"[\w-]+", text, re.ASCII):
        return _fault(tr("This is a key or a token alone, and not a code: it does not say to which server it belongs."))
    return _fault(tr("This is not a code for the companion, or its beginning is missing."))


def _fault(what: str) -> BadInput:
    remedy = tr(_HOW_IT_LOOKS, kind=KIND)
    return BadInput(f"{what} {remedy}")
