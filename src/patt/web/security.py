"""What protects browsers: the token of a session's own forms, the headers of every answer, and the limit of bodies."""

from __future__ import annotations

import base64
import hmac
import secrets
from collections import deque
from urllib.parse import parse_qs

from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from patt.auth.hashing import proof_of
from patt.web.context import LARGEST_BODY
from patt.web.forms import FORM_TYPE
from patt.web.load.multipart import LONGEST_FIELD, boundary_of, first_field
from patt.web.places import RESTORE_PREVIEW_PATH, STATIC_PREFIX, UPLOAD_PREFIX, is_below
from patt.web.problems import answer
from patt.web.rendering import FORM_FIELD
from sv_common.guild_sync.core.language import tr
from sv_common.guild_sync.sources.addon.saved_variables import MAX_BYTES

FORM_HEADER = "X-Form-Token"
_PROOF_BYTES = 32
_TOO_LARGE = 413
STREAMED = frozenset({RESTORE_PREVIEW_PATH})
"""Where a form may hold a file that is read as it comes."""

_CLIENT_LEFT = 499
"""What proxies call it when a client leaves before it has sent all."""


def form_token_of(session: str) -> str:
    """Return a token of a session's forms, another each time: a random mask, and the proof under it.

    Compressed pages would otherwise give it away: where a page also holds what a request says, its length tells whether
    that matches a part of the token, if the token is always the same.
    """
    mask = secrets.token_bytes(_PROOF_BYTES)
    return base64.b32encode(mask + _under(mask, _form_proof(session))).decode()


def _form_proof(session: str) -> bytes:
    return bytes.fromhex(proof_of(session, "form"))


def _under(mask: bytes, proof: bytes) -> bytes:
    return bytes(one ^ other for one, other in zip(mask, proof, strict=True))


async def body_of_own_form(request: Request, session: str, receive: Receive) -> Receive | None:
    """Return how to read the body if the request carries its session's token; None if it does not.

    The body of a form is read on the way, up to what a form may hold, and given again. Raises `HTTPException` (413).
    """
    token = request.headers.get(FORM_HEADER)
    if token is not None:
        return receive if _is_token_of(session, token) else None
    content_type = request.headers.get("content-type", "")
    if request.scope["path"] in STREAMED and (boundary := boundary_of(content_type)) is not None:
        return await _streamed_own_form(session, receive, boundary)
    if content_type.partition(";")[0].strip().lower() != FORM_TYPE:
        return None
    body = await _read(receive)
    [token, *_] = parse_qs(body.decode("utf-8", errors="replace")).get(FORM_FIELD, [""])
    return _given_again(body, receive) if _is_token_of(session, token) else None


async def _streamed_own_form(session: str, receive: Receive, boundary: bytes) -> Receive | None:
    """Return how to read a form with a file, whose first field is the token: no more of it is read for that."""
    read: deque[Message] = deque()
    body, is_more, field = b"", True, None
    while field is None and is_more and len(body) <= LONGEST_FIELD:
        message = await receive()
        read.append(message)
        body += message.get("body", b"")
        is_more = message.get("more_body", False)
        field = first_field(body, boundary)
    if field is None or field[0] != FORM_FIELD or not _is_token_of(session, field[1]):
        return None

    async def given() -> Message:
        return read.popleft() if read else await receive()

    return given


def _is_token_of(session: str, token: str) -> bool:
    try:
        halves = base64.b32decode(token)
    except ValueError:
        return False
    mask, masked = halves[:_PROOF_BYTES], halves[_PROOF_BYTES:]
    return len(halves) == 2 * _PROOF_BYTES and hmac.compare_digest(_under(mask, masked), _form_proof(session))


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


_HEADERS = {
    # A sign-in with Discord begins with a link, not with a form: browsers hold form-action against redirects too.
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; font-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}
_TLS_FOR_A_YEAR = {"Strict-Transport-Security": "max-age=31536000"}


class SecurityHeaders:
    """Adds to every response what a browser may do with it, and responds where something unexpected was raised."""

    def __init__(self, app: ASGIApp, *, is_over_tls: bool) -> None:
        self._app = app
        self._headers = {**_HEADERS, **(_TLS_FOR_A_YEAR if is_over_tls else {})}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        has_started = False

        async def send_with_headers(message: Message) -> None:
            nonlocal has_started
            if message["type"] == "http.response.start":
                has_started = True
                headers = MutableHeaders(scope=message)
                headers.update(self._headers)
                _name_no_host(headers, Request(scope))
                if not is_below(STATIC_PREFIX, scope["path"]) or "Cache-Control" not in headers:
                    headers["Cache-Control"] = "no-store"
            await send(message)

        try:
            await self._app(scope, receive, send_with_headers)
        except (
            ClientDisconnect
        ):  # in the middle of its own request: nothing is wrong here, and only metrics hear the answer
            if not has_started:
                await Response(status_code=_CLIENT_LEFT)(scope, receive, send)
        except Exception as error:
            if has_started:
                raise
            response = await answer(Request(scope), error)
            await response(scope, receive, send_with_headers)


def _name_no_host(headers: MutableHeaders, request: Request) -> None:
    """Let a redirect within the application be a path alone: the host that a request names may be anybody's."""
    location = headers.get("Location", "")
    own = f"{request.url.scheme}://{request.url.netloc}/"
    if location.startswith(own):
        headers["Location"] = "/" + location.removeprefix(own).lstrip("/\\")


class OverlongBodies:
    """Says in PATT's own words that a body is larger than its route takes."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        is_replaced = False

        async def send_in_our_words(message: Message) -> None:
            nonlocal is_replaced
            if message["type"] == "http.response.start" and message["status"] == _TOO_LARGE:
                is_replaced = True
                refusal = await answer(Request(scope), HTTPException(_TOO_LARGE, _too_large(scope["path"])))
                await refusal(scope, receive, send)
            elif not is_replaced:
                await send(message)

        await self._app(scope, receive, send_in_our_words)


def _too_large(path: str) -> str:
    if path in STREAMED:
        return tr("The file is too large to be restored here. Restore it with: patt db restore FILE")
    if path.startswith(UPLOAD_PREFIX):
        return tr("The file is too large: an export has at most {n} MiB.", n=MAX_BYTES >> 20)
    return tr("This is too large.")
