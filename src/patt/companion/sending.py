"""Sending one export to the server, and asking what became of it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import httpx2

PATH = "/api/v1/guild-sync/addon-upload"
_SECONDS = 30.0
_LONGEST_SENTENCE = 500
_NOT_PATT = "What answers there is not PATT. Look at the server's address."


class Answer(StrEnum):
    """What became of an attempt to send."""

    SENT = "sent"
    SUPERSEDED = "superseded"
    REFUSED = "refused"
    KEY_REJECTED = "key rejected"
    AWAY = "away"


@dataclass(frozen=True, slots=True)
class Reply:
    """The server's answer, and a sentence for whoever plays. By `upload_id` it can be asked later."""

    answer: Answer
    sentence: str
    upload_id: int | None = None


class State(StrEnum):
    """What became of an upload."""

    WAITS = "received"
    DONE = "done"
    SUPERSEDED = "superseded"
    REFUSED = "refused"
    FAILED = "failed"
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of an upload, and the server's sentence on it."""

    state: State
    sentence: str


async def send(http: httpx2.AsyncClient, server: str, key: str, content: bytes) -> Reply:
    """Send an export. A server that does not answer, or is in trouble, is away: the export is to be kept."""
    headers = {"X-API-Key": key, "Content-Type": "application/octet-stream"}
    try:
        response = await http.post(f"{server.rstrip('/')}{PATH}", content=content, headers=headers, timeout=_SECONDS)
    except httpx2.HTTPError as error:
        return Reply(Answer.AWAY, f"The server cannot be reached ({type(error).__name__}).")
    if response.status_code in (httpx2.codes.OK, httpx2.codes.ACCEPTED):
        return _receipt(response)
    if response.status_code in (httpx2.codes.UNAUTHORIZED, httpx2.codes.FORBIDDEN):
        return Reply(Answer.KEY_REJECTED, "The server does not accept this upload key. Ask an officer for a new one.")
    if response.status_code in (413, 422):
        return Reply(Answer.REFUSED, _sentence(_body(response), "detail") or _number(response))
    return Reply(Answer.AWAY, _trouble(response))


async def outcome_of(http: httpx2.AsyncClient, server: str, key: str, upload_id: int) -> Outcome | None:
    """Ask what became of an upload; None where the server does not say now."""
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
    """Read what the server says of an export that it has. A page of a hotel's network is no receipt."""
    body = _body(response)
    number = body.get("upload_id")
    upload_id = number if isinstance(number, int) else None
    superseded = body.get("state") == State.SUPERSEDED
    if upload_id is None and not superseded:
        return Reply(Answer.AWAY, _NOT_PATT)
    return Reply(Answer.SUPERSEDED if superseded else Answer.SENT, _sentence(body, "sentence"), upload_id)


def _trouble(response: httpx2.Response) -> str:
    if response.is_redirect or response.status_code in (404, 405):
        return f"{_number(response)} {_NOT_PATT}"
    return f"{_number(response)} {_sentence(_body(response), 'detail')}".rstrip()


def _number(response: httpx2.Response) -> str:
    return f"The server answered {response.status_code}."


def _body(response: httpx2.Response) -> dict[str, Any]:
    try:
        body = response.json()
    except (ValueError, RecursionError):
        return {}
    return body if isinstance(body, dict) else {}


def _sentence(body: dict[str, Any], field: str) -> str:
    """A sentence of the server, without anything that would move a terminal's cursor."""
    text = str(body.get(field) or "")[:_LONGEST_SENTENCE]
    return "".join(letter if letter.isprintable() else " " for letter in text).strip()
