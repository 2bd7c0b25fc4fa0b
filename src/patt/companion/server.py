"""The guild's server: whose key it is, sending an export, and fetching what became of it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import httpx2

from sv_common.guild_sync.core.language import mark, tr

API = "/api/v1/guild-sync"
PATH = f"{API}/addon-upload"
HOLDER_PATH = f"{API}/upload-key"
_SECONDS = 30.0
_LONGEST_SENTENCE = 500
_REJECTED = mark(
    "The server does not accept this upload key. Ask an officer for a new code, then run: patt companion code"
)
_NOT_PATT = mark("The program at this address is not PATT. Check the server's address.")


class Answer(StrEnum):
    SENT = "sent"
    SUPERSEDED = "superseded"
    REFUSED = "refused"
    KEY_REJECTED = "key rejected"
    AWAY = "away"


@dataclass(frozen=True, slots=True)
class Reply:
    """The server's answer, and a sentence for the player. `upload_id` is for fetching the outcome later."""

    answer: Answer
    sentence: str
    upload_id: int | None = None


class State(StrEnum):
    """The state of an upload, as the API names it."""

    WAITS = "received"
    DONE = "done"
    SUPERSEDED = "superseded"
    REFUSED = "refused"
    FAILED = "failed"
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class Outcome:
    """The state of an upload, and the server's sentence about it."""

    state: State
    sentence: str


@dataclass(frozen=True, slots=True)
class Contact:
    """Whether the server was reached and accepts the key; for which guild, and under which name; if not, a sentence that says why.

    `may_fetch_notes`: it is an officer's key, made for the proposed notes too.
    """

    is_reached: bool
    is_accepted: bool = False
    sentence: str = ""
    guild: str = ""
    uploader: str = ""
    may_fetch_notes: bool = False

    @property
    def is_rejected(self) -> bool:
        return self.is_reached and not self.is_accepted


async def contact(http: httpx2.AsyncClient, server: str, key: str) -> Contact:
    """Ask the server whose key it is. Only PATT's own word counts: a network's sign-in page says nothing about a key."""
    try:
        response = await http.get(f"{server.rstrip('/')}{HOLDER_PATH}", headers={"X-API-Key": key}, timeout=_SECONDS)
    except httpx2.HTTPError as error:
        return Contact(is_reached=False, sentence=_unreachable(error))
    if _is_rejected(response):
        return Contact(is_reached=True, sentence=tr(_REJECTED))
    if response.status_code != httpx2.codes.OK:
        return Contact(is_reached=False, sentence=_trouble(response))
    body = _body(response)
    guild, uploader = _sentence(body, "guild"), _sentence(body, "uploader")
    if not guild or not uploader:
        return Contact(is_reached=False, sentence=tr(_NOT_PATT))
    may_fetch = body.get("may_fetch_notes") is True
    return Contact(is_reached=True, is_accepted=True, guild=guild, uploader=uploader, may_fetch_notes=may_fetch)


async def send(http: httpx2.AsyncClient, server: str, key: str, content: bytes) -> Reply:
    """Send an export. Away is a server that does not answer or has a fault: the export has to be kept."""
    headers = {"X-API-Key": key, "Content-Type": "application/octet-stream"}
    try:
        response = await http.post(f"{server.rstrip('/')}{PATH}", content=content, headers=headers, timeout=_SECONDS)
    except httpx2.HTTPError as error:
        return Reply(Answer.AWAY, _unreachable(error))
    if response.status_code in (httpx2.codes.OK, httpx2.codes.ACCEPTED):
        return _receipt(response)
    if _is_rejected(response):
        return Reply(Answer.KEY_REJECTED, tr(_REJECTED))
    if response.status_code in (413, 422):
        return Reply(Answer.REFUSED, _sentence(_body(response), "detail") or _number(response))
    return Reply(Answer.AWAY, _trouble(response))


async def outcome_of(http: httpx2.AsyncClient, server: str, key: str, upload_id: int) -> Outcome | None:
    """Fetch the state of an upload; None if the server cannot say now."""
    url = f"{server.rstrip('/')}{PATH}/{upload_id}"
    try:
        response = await http.get(url, headers={"X-API-Key": key}, timeout=_SECONDS)
    except httpx2.HTTPError:
        return None
    if response.status_code == httpx2.codes.NOT_FOUND:
        return Outcome(State.GONE, "")
    body = _body(response)
    if response.status_code != httpx2.codes.OK or body.get("state") not in set(State):
        return None
    return Outcome(State(body["state"]), _sentence(body, "sentence"))


def _receipt(response: httpx2.Response) -> Reply:
    """Read the receipt of an export. The page of a hotel's network is not a receipt."""
    body = _body(response)
    number = body.get("upload_id")
    upload_id = number if isinstance(number, int) else None
    superseded = body.get("state") == State.SUPERSEDED
    if upload_id is None and not superseded:
        return Reply(Answer.AWAY, tr(_NOT_PATT))
    return Reply(Answer.SUPERSEDED if superseded else Answer.SENT, _sentence(body, "sentence"), upload_id)


def _is_rejected(response: httpx2.Response) -> bool:
    """Whether PATT says that the key is not valid; a proxy in front of it says 401 too, in words of its own."""
    return response.status_code == httpx2.codes.UNAUTHORIZED and isinstance(_body(response).get("detail"), str)


def _unreachable(error: httpx2.HTTPError) -> str:
    return tr("The server cannot be reached ({fault}).", fault=type(error).__name__)


def _trouble(response: httpx2.Response) -> str:
    if response.is_redirect or response.status_code in (404, 405):
        return f"{_number(response)} {tr(_NOT_PATT)}"
    return f"{_number(response)} {_sentence(_body(response), 'detail')}".rstrip()


def _number(response: httpx2.Response) -> str:
    return tr("The server answered {status}.", status=response.status_code)


def _body(response: httpx2.Response) -> dict[str, Any]:
    try:
        body = response.json()
    except (ValueError, RecursionError):
        return {}
    return body if isinstance(body, dict) else {}


def _sentence(body: dict[str, Any], field: str) -> str:
    """Return a sentence of the server, without anything that would move a terminal's cursor."""
    text = str(body.get(field) or "")[:_LONGEST_SENTENCE]
    return "".join(letter if letter.isprintable() else " " for letter in text).strip()
