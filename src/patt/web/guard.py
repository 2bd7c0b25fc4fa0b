"""What stands before every route: who asks, from which site, and in which role."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import urlsplit

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from patt.auth import credentials, permissions, sessions
from patt.auth.credentials import Scope as TokenScope
from patt.auth.credentials import TokenHolder
from patt.auth.permissions import Role
from patt.auth.sessions import Holder
from patt.bootstrap import Services
from patt.web.context import (
    LONGEST_NUMBER,
    Caller,
    guild_asked_for,
    session_of,
    session_of_forms,
    speak_as_asked,
)
from patt.web.forms import UNATTENDED_HEADER, shape_of
from patt.web.places import (
    ADMIN_PREFIX,
    CHOICE_PATH,
    CLAIM_PREFIX,
    LIVE_PATH,
    METRICS_PATH,
    SIGN_IN_PREFIX,
    UPLOAD_PREFIX,
    is_below,
    is_for_programs,
)
from patt.web.problems import answer
from patt.web.rendering import Viewing, look_as
from patt.web.security import body_of_own_form, form_token_of
from sv_common.db.guild import read_for_officers
from sv_common.db.pool import Connection
from sv_common.db.shares import on_account_of
from sv_common.guild_sync.core.language import mark, speak, tr

SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
UPLOAD_KEY_HEADER = "X-API-Key"

ROLE_OF_SCOPE: dict[TokenScope, Role] = {"read": "viewer", "write": "officer", "admin": "administrator"}

_POWERLESS = mark("You have no access to this guild. Open /login/guild to see why, and who can give you access.")
_SECRET_NEEDED = mark("Sign in, or send an API token in the header “Authorization: Bearer …”.")
_FORGED = mark("This form is not from your session. Reload the page and try again.")


class Guard:
    """Protects the admin pages, which need a session, and the API, which needs a session or a token.

    It works on the path, before any route is looked for, so that a new route is closed by default. Of bodies it reads
    the forms of browsers alone, to find their session's token.
    """

    def __init__(self, app: ASGIApp, services: Services) -> None:
        self._app = app
        self._services = services
        self._own_host = urlsplit(services.settings.base_url).netloc.lower()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = Request(scope)
        speak_as_asked(request)
        read_for_officers(False)
        refusal = await self._refusal(request)
        try:
            receive = receive if refusal else await self._checked_body(request, receive)
        except HTTPException as error:
            refusal = await answer(request, error)
        caller = getattr(request.state, "caller", None)
        read_for_officers(caller is not None and caller.may_act_as("officer"))
        with on_account_of(_account(request)):
            await (refusal or self._app)(scope, receive, send)

    async def _refusal(self, request: Request) -> Response | None:
        path, session, of_forms = request.scope["path"], session_of(request), session_of_forms(request)
        is_alone = is_below(SIGN_IN_PREFIX, path) or is_below(CLAIM_PREFIX, path)
        if shape_of(request) == "part" and is_alone:
            return Response(headers={"HX-Redirect": path})  # a page without the shell that htmx knows is opened whole
        look_as(Viewing(form_token=form_token_of(of_forms) if of_forms else ""))
        if (key := upload_key(request)) is not None:
            async with self._services.pool.installation() as conn:
                request.state.uploader = await credentials.uploader_of_key(conn, key)
            if request.state.uploader:
                speak(request.state.uploader.language)
                return None
            return await _unauthorized(request, mark("This upload key is not valid."))
        if (token := bearer_token(request)) is not None:
            request.state.caller = await self._token_holder(request, token)
            return None if request.state.caller else await _unauthorized(request)
        is_for_a_browser = session or is_alone
        if is_for_a_browser and request.method not in SAFE_METHODS and self._is_from_elsewhere(request):
            return await answer(request, HTTPException(403, tr("This request came from another site and was refused.")))
        if is_for_programs(path) or is_below(ADMIN_PREFIX, path):
            return await self._refusal_of_session(request, session)
        return None

    async def _refusal_of_session(self, request: Request, session: str | None) -> Response | None:
        """Find out who has the session, and in which role they may go on."""
        is_page = shape_of(request) != "json" and UNATTENDED_HEADER not in request.headers
        holder = caller = None
        if session:
            async with self._services.pool.at_once() as conn:
                asked = guild_asked_for(request.scope["query_string"])
                holder = await sessions.holder(conn, session, is_seen=_is_by_a_person(request), asked=asked)
                caller = await caller_of(conn, holder) if holder else None
        if holder is None:
            return RedirectResponse(SIGN_IN_PREFIX, 303) if is_page else await _unauthorized(request)
        _speak_of(holder)
        if caller is None:
            refusal = HTTPException(403, tr(_POWERLESS))
            is_told = shape_of(request) == "part" and request.method not in SAFE_METHODS  # on the page, which stays
            return RedirectResponse(CHOICE_PATH, 303) if is_page and not is_told else await answer(request, refusal)
        request.state.caller, request.state.moment = caller, holder.moment
        look_as(Viewing(caller.role, form_token_of(session or "")))
        return None

    async def _checked_body(self, request: Request, receive: Receive) -> Receive:
        """Demand the session's own token of every change that a session asks for. Raises `HTTPException`."""
        session = session_of_forms(request)
        is_by_session = session and upload_key(request) is None and bearer_token(request) is None
        if not is_by_session or request.method in SAFE_METHODS:
            return receive
        checked = await body_of_own_form(request, session or "", receive)
        if checked is None:
            raise HTTPException(403, tr(_FORGED))
        return checked

    async def _token_holder(self, request: Request, token: str) -> Caller | None:
        pool, path = self._services.pool, request.scope["path"]
        async with (pool.probes if path == METRICS_PATH else pool).at_once() as conn:
            holder = await credentials.holder_of_token(
                conn, token, asked=guild_asked_for(request.scope["query_string"])
            )
        if holder is None or (holder.scope == "metrics" and path != METRICS_PATH):
            return None
        _speak_of(holder)
        request.state.moment = holder.moment
        return Caller(holder.name, "token", holder.guild_id, ROLE_OF_SCOPE.get(holder.scope, "viewer"))

    def _is_from_elsewhere(self, request: Request) -> bool:
        """Whether a browser says that a page of another site sent this; what says nothing was sent by no browser."""
        site = request.headers.get("sec-fetch-site")
        if site is not None:
            return site not in ("same-origin", "none")
        origin = request.headers.get("origin")
        if origin is None:
            return False
        return urlsplit(origin).netloc.lower() not in (request.headers.get("host", "").lower(), self._own_host)


def _speak_of(holder: Holder | TokenHolder) -> None:
    """Speak the language of the guild that the request is about from here on: not all that is said has read the guild."""
    if holder.language is not None:
        speak(holder.language)


def _account(request: Request) -> str:
    """On whose account a request uses connections: the guild that it is about, as far as that is known before it is served.

    Requests of callers who may act on every guild and name none share one account.
    """
    caller, uploader = getattr(request.state, "caller", None), getattr(request.state, "uploader", None)
    bound = getattr(caller or uploader, "guild_id", None)
    return str(bound if bound is not None else request.query_params.get("guild", "")[:LONGEST_NUMBER])


async def caller_of(conn: Connection, holder: Holder) -> Caller | None:
    """Return in which role the holder of a session asks; None for a Discord member who has none in their guild.

    It is read with each request, so that a member who is demoted or leaves loses it at once.
    """
    caller = Caller(
        holder.name,
        guild_id=holder.guild_id,
        role=holder.role or "viewer",
        session_id=holder.id,
        account_id=holder.account_id,
        discord_id=holder.discord_id,
    )
    if holder.discord_id is None:
        return caller
    powerful = [each for each in await permissions.of_member(conn, holder.discord_id) if each.role]
    for here in powerful:
        if here.guild_id == holder.guild_id:
            return replace(caller, role=here.role or "viewer", guild=here.guild, other_guilds=len(powerful) - 1)
    return None


def bearer_token(request: Request) -> str | None:
    """Return the API token that was sent to where one counts; None where none was."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" and is_for_programs(request.scope["path"]) else None


def upload_key(request: Request) -> str | None:
    """Return the upload key that was sent to where one counts; None where none was."""
    return request.headers.get(UPLOAD_KEY_HEADER) if is_below(UPLOAD_PREFIX, request.scope["path"]) else None


async def _unauthorized(request: Request, sentence: str = _SECRET_NEEDED) -> Response:
    return await answer(request, HTTPException(401, tr(sentence), {"WWW-Authenticate": "Bearer"}))


def _is_by_a_person(request: Request) -> bool:
    """Whether a user has just done something, as far as can be told: streams and automatic refreshes of a page do not count."""
    return request.scope["path"] != LIVE_PATH and UNATTENDED_HEADER not in request.headers
