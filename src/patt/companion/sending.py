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
    """The server's answer, and a sentence for whoever plays."""

    answer: Answer
    sentence: str


async def send(http: httpx2.AsyncClient, server: str, key: str, content: bytes) -> Reply:
    """Send an export. A server that does not answer, or is in trouble, is away: the export is to be kept."""
    headers = {"X-API-Key": key, "Content-Type": "application/octet-stream"}
    try:
        response = await http.post(f"{server.rstrip('/')}{PATH}", content=content, headers=headers, timeout=_SECONDS)
    except httpx2.HTTPError as error:
        return Reply(Answer.AWAY, f"The server cannot be reached ({type(error).__name__}).")
    if response.status_code == httpx2.codes.ACCEPTED:
        return Reply(Answer.SENT, _sentence(response, "sentence"))
    if response.status_code in (httpx2.codes.UNAUTHORIZED, httpx2.codes.FORBIDDEN):
        return Reply(Answer.KEY_REJECTED, "The server does not accept this upload key. Ask an officer for a new one.")
    if response.status_code in (413, 422):
        return Reply(Answer.REFUSED, _sentence(response, "detail"))
    return Reply(Answer.AWAY, f"The server answered {response.status_code}.")


def _sentence(response: httpx2.Response, field: str) -> str:
    try:
        body = response.json()
    except ValueError:
        return f"The server answered {response.status_code}."
    return str(body.get(field) or "") if isinstance(body, dict) else ""
