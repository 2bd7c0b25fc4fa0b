"""A message to a guild's officers, and its form on Discord: one embed that mentions no member and keeps within the limits."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from sv_common.guild_sync.core.language import tr, tr_n
from sv_common.guild_sync.sources.http import storable

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
    """A message for a guild's audit channel, in Discord's markdown. Its `nonce` (at most 25 characters) posts it once."""

    title: str
    body: str
    nonce: str
    sections: tuple[Section, ...] = ()

    def as_json(self) -> dict[str, Any]:
        return asdict(self)

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> Announcement:
        sections = tuple(Section(each["heading"], tuple(each["lines"]), each["total"]) for each in kept["sections"])
        return cls(kept["title"], kept["body"], kept["nonce"], sections)


def plain(text: str) -> str:
    """Return text on one line that Discord shows literally: no formatting, mention, link, date or reversed letters."""
    visible = "".join(" " if unicodedata.category(sign) == "Cc" else sign for sign in _DIRECTIONS.sub("", text))
    return _FORMATTING.sub(r"\\\1", " ".join(visible.split()))


TITLE_LIMIT = 256
DESCRIPTION_LIMIT = 4096
FIELDS_LIMIT = 25
FIELD_NAME_LIMIT = 256
FIELD_VALUE_LIMIT = 1024
EMBED_LIMIT = 6000
"""Characters of the parts of an embed, of all its texts together, and the number of its fields (Discord documentation,
"Embed Limits"). Emoji count double here, to fit any way of counting."""

_BODY_BESIDE_SECTIONS = 1000
_NO_HEADING = "…"
"""A field must have a name, also where nothing of a heading can be shown."""


def new_message(announcement: Announcement) -> dict[str, object]:
    """Return the request body that posts an announcement, once for its nonce."""
    return message(announcement) | {"nonce": announcement.nonce, "enforce_nonce": True}


def message(announcement: Announcement) -> dict[str, object]:
    """Return the content of a message; it mentions no member, whatever the announcement contains."""
    body_limit = _BODY_BESIDE_SECTIONS if announcement.sections else DESCRIPTION_LIMIT
    embed: dict[str, object] = {
        "title": cut(announcement.title, TITLE_LIMIT),
        "description": cut(announcement.body, body_limit),
    }
    left = EMBED_LIMIT - sum(_length(str(text)) for text in embed.values())
    embed["fields"] = _fields(announcement.sections, left)
    return {"embeds": [{key: part for key, part in embed.items() if part}], "allowed_mentions": {"parse": []}}


def cut(text: str, limit: int) -> str:
    """Shorten a text to `limit` characters, ending in an ellipsis. Emoji count double, to fit any way of counting."""
    text = storable(text).strip()
    if _length(text) <= limit:
        return text
    return text.encode("utf-16-le")[: 2 * (limit - 1)].decode("utf-16-le", "ignore") + "…"


def _fields(sections: Sequence[Section], left: int) -> list[dict[str, object]]:
    """Give every section its heading and an equal share of the rest of the embed."""
    if len(sections) > FIELDS_LIMIT:
        kept, rest = sections[: FIELDS_LIMIT - 1], sections[FIELDS_LIMIT - 1 :]
        sections = [*kept, Section(tr("More"), (), sum(section.total for section in rest))]
    share = left // len(sections) if sections else 0
    return [_field(section, share) for section in sections]


def _field(section: Section, share: int) -> dict[str, object]:
    name = cut(section.heading, min(FIELD_NAME_LIMIT, share // 2)) or _NO_HEADING
    limit = min(FIELD_VALUE_LIMIT, share - _length(name))
    shown: list[str] = []
    for line in map(storable, section.lines):
        text = "\n".join([*shown, line, _more(section.total - len(shown) - 1)])
        if _length(text.strip()) > limit:
            break
        shown.append(line)
    value = "\n".join([*shown, _more(section.total - len(shown))]).strip()
    return {"name": name, "value": value, "inline": False}


def _more(count: int) -> str:
    return tr_n("… and {n} more", "… and {n} more", count) if count > 0 else ""


def _length(text: str) -> int:
    return len(text.encode("utf-16-le", "surrogatepass")) // 2
