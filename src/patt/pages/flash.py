"""A sentence that outlives one redirect: kept in a short-lived cookie, signed with the session's own secret.

Nobody who cannot read the session can put a sentence on an officer's page, and no state is kept on the server.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import json
from dataclasses import dataclass
from typing import Literal

from starlette.requests import Request
from starlette.responses import Response

from patt.auth.hashing import proof_of
from patt.web.context import session_of

COOKIE = "patt_flash"
_PATH = "/admin"
_LIFETIME_SECONDS = 60
_LONGEST = 500


@dataclass(frozen=True, slots=True)
class Flash:
    """What came of an officer's click."""

    text: str
    tone: Literal["result", "problem"] = "result"


def keep(request: Request, response: Response, flash: Flash) -> None:
    """Have the next page show a sentence."""
    payload = base64.urlsafe_b64encode(json.dumps([flash.tone, flash.text[:_LONGEST]], ensure_ascii=False).encode())
    value = f"{payload.decode()}.{_signature(request, payload)}"
    response.set_cookie(COOKIE, value, max_age=_LIFETIME_SECONDS, path=_PATH, httponly=True, samesite="lax")


def kept(request: Request) -> Flash | None:
    """Return the sentence to show, if there is one for this session."""
    payload, _, signature = request.cookies.get(COOKIE, "").partition(".")
    if not payload or not hmac.compare_digest(_signature(request, payload.encode()).encode(), signature.encode()):
        return None
    try:
        tone, text = json.loads(base64.urlsafe_b64decode(payload))
    except (binascii.Error, ValueError):
        return None
    return Flash(text, tone)


def forget(request: Request, response: Response) -> None:
    """Show a sentence once only."""
    if COOKIE in request.cookies:
        response.delete_cookie(COOKIE, path=_PATH, httponly=True, samesite="lax")


def _signature(request: Request, payload: bytes) -> str:
    return proof_of(session_of(request) or "", f"flash {payload.decode()}")
