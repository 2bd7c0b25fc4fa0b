"""What a browser may do with an answer: said on every one, also on refusals, redirects and errors."""

from __future__ import annotations

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from patt.web.problems import answer

STATIC_PREFIX = "/static"

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
    """Adds to every answer what a browser may do with it, and answers calmly where something unexpected was raised."""

    def __init__(self, app: ASGIApp, *, is_over_tls: bool) -> None:
        self._app = app
        self._headers = {**_HEADERS, **(_TLS_FOR_A_YEAR if is_over_tls else {})}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve the request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        has_started = False

        async def send_with_headers(message: Message) -> None:
            nonlocal has_started
            if message["type"] == "http.response.start":
                has_started = True
                self._add_headers(MutableHeaders(scope=message), scope["path"])
            await send(message)

        try:
            await self._app(scope, receive, send_with_headers)
        except Exception as error:
            if has_started:
                raise
            response = await answer(Request(scope), error)
            await response(scope, receive, send_with_headers)

    def _add_headers(self, headers: MutableHeaders, path: str) -> None:
        headers.update(self._headers)
        is_static = path == STATIC_PREFIX or path.startswith(f"{STATIC_PREFIX}/")
        headers["Cache-Control"] = "no-cache" if is_static else "no-store"
