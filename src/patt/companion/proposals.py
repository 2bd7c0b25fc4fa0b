"""The guild notes that the server proposes, for an officer's companion: fetched if they changed, and checked before use.

What comes from the server is bounded and of the right shape, or none of it is used: it ends in a file that the game loads.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from typing import Any, TypeAlias

import httpx2

from patt.companion.server import API

PATH = f"{API}/proposed-notes"
MOST_NOTES = 1000
LONGEST_NOTE = 31
"""Letters of a note in the game."""

_SECONDS = 30.0
_LARGEST = 4 * 1024 * 1024
_LONGEST_NAME, _LONGEST_TEXT, _MOST_REALMS = 100, 500, 40
_REGIONS = range(1, 6)


@dataclass(frozen=True, slots=True)
class Note:
    """A note for a character. `lost` is what the note of now says and there is no room for."""

    name: str
    realms: tuple[str, ...]
    note: str
    proposed: str
    reason: str
    lost: str


@dataclass(frozen=True, slots=True)
class Proposed:
    """The notes that are proposed for a guild, and what tells the guild in the game."""

    guild: str
    realms: tuple[str, ...]
    region: int
    notes: tuple[Note, ...]


@dataclass(frozen=True, slots=True)
class New:
    """Other notes than before. `at` is when, in seconds since 1970, by the server's clock."""

    proposed: Proposed
    tag: str
    at: int


@dataclass(frozen=True, slots=True)
class Same:
    """The notes are those of the tag."""

    at: int


@dataclass(frozen=True, slots=True)
class Forbidden:
    """The key may not fetch them, by PATT's own word."""


@dataclass(frozen=True, slots=True)
class Away:
    """The server did not answer, or not with notes."""


Answer: TypeAlias = New | Same | Forbidden | Away


async def fetch(http: httpx2.AsyncClient, server: str, key: str, tag: str | None) -> Answer:
    """Fetch the notes, unless they are those of a tag."""
    headers = {"X-API-Key": key, **({"If-None-Match": tag} if tag else {})}
    try:
        response = await http.get(f"{server.rstrip('/')}{PATH}", headers=headers, timeout=_SECONDS)
    except httpx2.HTTPError:
        return Away()
    if response.status_code == httpx2.codes.NOT_MODIFIED and tag:
        return Same(_moment(response))
    body = _body(response)
    if response.status_code in (httpx2.codes.UNAUTHORIZED, httpx2.codes.FORBIDDEN) and isinstance(
        body.get("detail"), str
    ):
        return Forbidden()
    proposed = read_proposed(body) if response.status_code == httpx2.codes.OK else None
    return Away() if proposed is None else New(proposed, response.headers.get("etag", ""), _moment(response))


def read_proposed(body: Mapping[str, Any]) -> Proposed | None:
    """Return what an answer proposes, or None where it is not of the right shape."""
    notes = body.get("notes")
    guild, realms, region = _text(body.get("guild"), _LONGEST_NAME), _names(body.get("realms")), body.get("region")
    if not guild or realms is None or type(region) is not int or region not in _REGIONS:
        return None
    if not isinstance(notes, list) or len(notes) > MOST_NOTES:
        return None
    read = [_note(each) for each in notes]
    whole = tuple(each for each in read if each is not None)
    return Proposed(guild, realms, region, whole) if len(whole) == len(read) else None


def _note(given: Any) -> Note | None:
    if not isinstance(given, dict):
        return None
    name, realms = _text(given.get("name"), _LONGEST_NAME), _names(given.get("realms"))
    note, proposed = _text(given.get("note"), _LONGEST_TEXT), _text(given.get("proposed"), LONGEST_NOTE)
    reason, lost = _text(given.get("reason"), _LONGEST_TEXT), _text(given.get("lost"), _LONGEST_TEXT)
    if not name or not realms or not proposed or note is None or reason is None or lost is None:
        return None
    is_plain = proposed.isprintable() and "|" not in proposed
    return Note(name, realms, note, proposed, reason, lost) if is_plain else None


def _names(given: Any) -> tuple[str, ...] | None:
    if not isinstance(given, list) or not 0 < len(given) <= _MOST_REALMS:
        return None
    names = [name for each in given if (name := _text(each, _LONGEST_NAME))]
    return tuple(names) if len(names) == len(given) else None


def _text(given: Any, longest: int) -> str | None:
    """Return a text that is one in UTF-8 too, or None."""
    if not isinstance(given, str) or len(given) > longest:
        return None
    try:
        given.encode()
    except UnicodeEncodeError:
        return None
    return given


def _body(response: httpx2.Response) -> dict[str, Any]:
    if len(response.content) > _LARGEST:
        return {}
    try:
        body = response.json()
    except (ValueError, RecursionError):
        return {}
    return body if isinstance(body, dict) else {}


def _moment(response: httpx2.Response) -> int:
    """Return when the server answered, by its own clock if it says so: that of a computer may be wrong."""
    try:
        return int(parsedate_to_datetime(response.headers.get("date", "")).timestamp())
    except (ValueError, OverflowError):
        return int(time.time())
