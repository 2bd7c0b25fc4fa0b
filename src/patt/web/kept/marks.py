"""What a kept answer leaves open: marks in its text, for what differs each time that it is given.

These are the token of the forms, the cursor of the live stream, and how long ago something was. A mark holds a random number
that only this process knows, so no name or note can be mistaken for one.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TypeAlias

from sv_common.guild_sync.core.language import language

_NUMBER = secrets.token_hex(12)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)

FORM_TOKEN = f"~form.{_NUMBER}~"
CURSOR = f"~cursor.{_NUMBER}~"
_FORM_TOKEN, _CURSOR = FORM_TOKEN.encode(), CURSOR.encode()
_AGO = re.compile(rf"~ago\.{_NUMBER}\.([A-Za-z-]+)\.(-?[0-9]+)~".encode())
_MARK = re.compile(rf"(~(?:form|cursor|ago)\.{_NUMBER}[A-Za-z0-9.-]*~)".encode())


@dataclass(frozen=True, slots=True)
class Ago:
    """How long ago a moment was, in a language."""

    moment: datetime
    language: str


Part: TypeAlias = bytes | Ago
"""Text, the mark of token or cursor, or a moment."""


def ago_mark(moment: datetime) -> str:
    """Return what stands for how long ago this was, in the language that is spoken now."""
    return f"~ago.{_NUMBER}.{language()}.{(moment - _EPOCH) // _MICROSECOND}~"


def parts_of(text: bytes) -> list[Part]:
    """Return a text in its parts."""
    return [_part(each) for each in _MARK.split(text) if each]


def agos_of(parts: Iterable[Part]) -> list[Ago]:
    """Return the moments that a text tells, in their order."""
    return [each for each in parts if isinstance(each, Ago)]


def pieces_of(parts: Iterable[Part], cursor: str, agos: Iterable[str]) -> list[bytes]:
    """Return a text with all that was left open but the form token, which belongs between each two pieces."""
    told, shown = iter(agos), cursor.encode()
    text = b"".join(
        next(told).encode() if isinstance(each, Ago) else shown if each == _CURSOR else each for each in parts
    )
    return text.split(_FORM_TOKEN)


def _part(text: bytes) -> Part:
    found = _AGO.fullmatch(text)
    return Ago(_EPOCH + int(found[2]) * _MICROSECOND, found[1].decode()) if found else text
