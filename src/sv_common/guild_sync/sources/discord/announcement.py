"""A message to a guild's officers: what it says, before any channel's limits cut it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

_FORMATTING = re.compile(r"([\\*_`~|<>\[\]()#@:-])")
_DIRECTIONS = re.compile("[\u200e\u200f\u202a-\u202e\u2066-\u2069]")


@dataclass(frozen=True, slots=True)
class Section:
    """One part of an announcement: a heading and the first `lines` of `total`."""

    heading: str
    lines: tuple[str, ...]
    total: int


@dataclass(frozen=True, slots=True)
class Announcement:
    """A message for a guild's audit channel, in Discord's markdown; the announcer sends it so that it mentions nobody.

    `nonce` (at most 25 characters) makes sending the same announcement twice harmless.
    """

    title: str
    body: str
    nonce: str
    sections: tuple[Section, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Return it as it is kept until it is sent."""
        return asdict(self)

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> Announcement:
        """Read what `as_json` gave."""
        sections = tuple(Section(each["heading"], tuple(each["lines"]), each["total"]) for each in kept["sections"])
        return cls(kept["title"], kept["body"], kept["nonce"], sections)


def plain(text: str) -> str:
    """Return text on one line, so that Discord shows it as it is: no formatting, mention, link, date or turned letters."""
    visible = "".join(" " if unicodedata.category(sign) == "Cc" else sign for sign in _DIRECTIONS.sub("", text))
    return _FORMATTING.sub(r"\\\1", " ".join(visible.split()))
