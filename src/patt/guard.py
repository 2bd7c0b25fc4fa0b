"""What stands before every route: who asks, from which site, and what a browser may do with the answer."""

from __future__ import annotations

from urllib.parse import urlsplit

from starlette.datastructures import MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from patt import access
from patt.bootstrap import Services
from patt.deps import SESSION_COOKIE, Caller
from patt.problems import API_PREFIX, METRICS_PATH, answer, is_for_programs

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
ADMIN_PREFIX = "/admin"
SIGN_IN_PREFIX = "/login"
STATIC_PREFIX = "/static"
UPLOAD_PREFIX = f"{API_PREFIX}/v1/guild-sync"
UPLOAD_KEY_HEADER = "X-API-Key"

_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; font-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
}


class Guard:
    """Lets nobody without a session to the admin pages, and nobody without a session or a token to the API.

    It works on the path, before any route is looked for or any body is read, so that a new route is closed by default.
    """

    def __init__(self, app: ASGIApp, services: Services) -> None:
        self._app = app
        self._services = services
        self._own_host = urlsplit(services.settings.base_url).netloc.lower()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve the request, or answer why not."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = Request(scope)
        refusal = await self._refusal(request)
        await (refusal or self._app)(scope, receive, send)

    async def _refusal(self, request: Request) -> Response | None:
        path = request.scope["path"]
        if (key := upload_key(request)) is not None:
            request.state.uploader = await self._uploader(key)
            return (
                None
                if request.state.uploader
                else await _unauthorised(request, "This upload key is not valid (any more).")
            )
        if (token := bearer_token(request)) is not None:
            request.state.caller = await self._token_holder(token, path)
            return None if request.state.caller else await _unauthorised(request)
        session = request.cookies.get(SESSION_COOKIE)
        is_for_a_browser = session or _is_below(SIGN_IN_PREFIX, path)
        if is_for_a_browser and request.method not in SAFE_METHODS and self._is_from_elsewhere(request):
            return await answer(request, HTTPException(403, "This request came from another site and was refused."))
        if is_for_programs(path):
            request.state.caller = await self._account(session)
            return None if request.state.caller else await _unauthorised(request)
        if _is_below(ADMIN_PREFIX, path):
            request.state.caller = await self._account(session)
            return None if request.state.caller else RedirectResponse("/login", 303)
        return None

    async def _account(self, session: str | None) -> Caller | None:
        if not session:
            return None
        async with self._services.pool.connection() as conn:
            account = await access.account_of_session(conn, session)
        return Caller(account.name) if account else None

    async def _uploader(self, key: str) -> access.Uploader | None:
        async with self._services.pool.connection() as conn:
            return await access.uploader_of_key(conn, key)

    async def _token_holder(self, token: str, path: str) -> Caller | None:
        async with self._services.pool.connection() as conn:
            holder = await access.holder_of_token(conn, token)
        if holder is None or (holder.scope == "metrics" and path != METRICS_PATH):
            return None
        return Caller(holder.name, "token", holder.guild_id)

    def _is_from_elsewhere(self, request: Request) -> bool:
        """Whether a browser says that a page of another site sent this; what says nothing was sent by no browser."""
        site = request.headers.get("sec-fetch-site")
        if site is not None:
            return site not in ("same-origin", "none")
        origin = request.headers.get("origin")
        if origin is None:
            return False
        return urlsplit(origin).netloc.lower() not in (request.headers.get("host", "").lower(), self._own_host)


def bearer_token(request: Request) -> str | None:
    """Return the API token that was sent to where one counts; None where none was."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" and is_for_programs(request.scope["path"]) else None


def upload_key(request: Request) -> str | None:
    """Return the upload key that was sent to where one counts; None where none was."""
    return request.headers.get(UPLOAD_KEY_HEADER) if _is_below(UPLOAD_PREFIX, request.scope["path"]) else None


class SecurityHeaders:
    """Adds to every answer what a browser may do with it, and answers calmly where something unexpected was raised."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

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
                _add_headers(MutableHeaders(scope=message), scope["path"])
            await send(message)

        try:
            await self._app(scope, receive, send_with_headers)
        except Exception as error:
            if has_started:
                raise
            response = await answer(Request(scope), error)
            await response(scope, receive, send_with_headers)


def _add_headers(headers: MutableHeaders, path: str) -> None:
    headers.update(_HEADERS)
    headers["Cache-Control"] = "no-cache" if _is_below(STATIC_PREFIX, path) else "no-store"


async def _unauthorised(
    request: Request, sentence: str = "Sign in, or send an API token in the header “Authorization: Bearer …”."
) -> Response:
    return await answer(request, HTTPException(401, sentence, {"WWW-Authenticate": "Bearer"}))


def _is_below(prefix: str, path: str) -> bool:
    return path == prefix or path.startswith(f"{prefix}/")
