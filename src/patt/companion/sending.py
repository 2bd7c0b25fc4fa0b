"""Sending one export to the server."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import httpx2

PATH = "/api/v1/guild-sync/addon-upload"
_SECONDS = 30.0


class Answer(StrEnum):
    """What became of an attempt to send."""

    SENT = "sent"
    REFUSED = "refused"
    KEY_REJECTED = "key rejected"
    AWAY = "away"


@dataclass(frozen=True, slots=True)
class Reply:
    """The server's answer, and a sentence for whoever plays; what is sent has a number under which to ask for its outcome."""

    answer: Answer
    sentence: str
    upload_id: int | None = None


async def send(http: httpx2.AsyncClient, server: str, key: str, content: bytes) -> Reply:
    """Send an export. A server that does not answer, or is in trouble, is away: the export is to be kept."""
    headers = {"X-API-Key": key, "Content-Type": "application/octet-stream"}
    try:
        response = await http.post(f"{server.rstrip('/')}{PATH}", content=content, headers=headers, timeout=_SECONDS)
    except httpx2.HTTPError as error:
        return Reply(Answer.AWAY, f"The server cannot be reached ({type(error).__name__}).")
    if response.status_code == httpx2.codes.ACCEPTED:
        upload_id = _field(response, "upload_id")
        return Reply(Answer.SENT, _sentence(response, "sentence"), upload_id if isinstance(upload_id, int) else None)
    if response.status_code in (httpx2.codes.UNAUTHORIZED, httpx2.codes.FORBIDDEN):
        return Reply(Answer.KEY_REJECTED, "The server does not accept this upload key. Ask an officer for a new one.")
    if response.status_code in (413, 422):
        return Reply(Answer.REFUSED, _sentence(response, "detail"))
    return Reply(Answer.AWAY, f"The server answered {response.status_code}.")


async def ask(http: httpx2.AsyncClient, server: str, key: str, upload_id: int) -> str | None:
    """Return what became of an upload; None while it waits, and while the server does not answer."""
    try:
        response = await http.get(
            f"{server.rstrip('/')}{PATH}/{upload_id}", headers={"X-API-Key": key}, timeout=_SECONDS
        )
    except httpx2.HTTPError:
        return None
    if response.status_code == httpx2.codes.OK:
        return None if _field(response, "state") == "received" else _sentence(response, "sentence")
    gone = (httpx2.codes.UNAUTHORIZED, httpx2.codes.FORBIDDEN, httpx2.codes.NOT_FOUND)
    return "The server does not tell what became of it." if response.status_code in gone else None


def _sentence(response: httpx2.Response, field: str) -> str:
    return str(_field(response, field) or f"The server answered {response.status_code}.")


def _field(response: httpx2.Response, field: str) -> object:
    try:
        body = response.json()
    except ValueError:
        return None
    return body.get(field) if isinstance(body, dict) else None
