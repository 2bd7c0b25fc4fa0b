"""Proof that a change was asked for from a page of one's own session, for browsers that do not say where requests begin.

Every form carries a token that only the session's own pages can know, in a hidden field or in a header. It is derived
from the session's secret, so nothing is stored, and it ends with the session.
"""

from __future__ import annotations

import hmac
from urllib.parse import parse_qs

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.types import Message, Receive

from patt.auth.hashing import proof_of
from patt.web.context import LARGEST_BODY
from patt.web.viewing import FORM_FIELD

FORM_HEADER = "X-Form-Token"
_FORM_TYPE = "application/x-www-form-urlencoded"
_TOO_LARGE = 413


def form_token_of(session: str) -> str:
    """Return the token of a session's forms."""
    return proof_of(session, "form")


async def body_of_own_form(request: Request, session: str, receive: Receive) -> Receive | None:
    """Return how to read the body if the request carries its session's token; None if it does not.

    The body of a form is read on the way, up to what a form may hold, and given again. Raises `HTTPException` (413).
    """
    token = request.headers.get(FORM_HEADER)
    if token is not None:
        return receive if _is_token_of(session, token) else None
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != _FORM_TYPE:
        return None
    body = await _read(receive)
    fields = parse_qs(body.decode("utf-8", errors="replace"))
    return _given_again(body, receive) if _is_token_of(session, fields.get(FORM_FIELD, [""])[0]) else None


def _is_token_of(session: str, token: str) -> bool:
    return hmac.compare_digest(form_token_of(session).encode(), token.encode())


async def _read(receive: Receive) -> bytes:
    body, is_more = b"", True
    while is_more:
        message = await receive()
        body += message.get("body", b"")
        is_more = message.get("more_body", False)
        if len(body) > LARGEST_BODY:
            raise HTTPException(_TOO_LARGE)
    return body


def _given_again(body: bytes, receive: Receive) -> Receive:
    is_given = False

    async def given() -> Message:
        nonlocal is_given
        if is_given:
            return await receive()
        is_given = True
        return {"type": "http.request", "body": body, "more_body": False}

    return given
