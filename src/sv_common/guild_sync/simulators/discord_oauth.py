"""Discord's way of signing people in (OAuth 2.0): the page that asks them, the tokens, and who they are.

Shapes after Discord's documentation ("OAuth2") and, for PKCE and the words of refusals, discord-api-docs #5254 and #7046.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
from binascii import Error as NotBase64
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from urllib.parse import parse_qs, urlencode, urlsplit

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from sv_common.guild_sync.simulators.discord_shapes import me_object
from sv_common.guild_sync.simulators.faults import Faults
from sv_common.guild_sync.simulators.model import WorldMember
from sv_common.guild_sync.simulators.world import GuildWorld

CLIENT_ID = "patt-application"
CLIENT_SECRET = "patt-application-secret"  # noqa: S105  # of the simulator, made up
TOKEN_LIFETIME_S = 604_800
SHORTEST_VERIFIER = 43
MOST_ON_THE_PAGE = 12
_SCOPE = "identify"


@dataclass(frozen=True, slots=True)
class _Grant:
    """A code that was given, until it is used."""

    user_id: str
    redirect_url: str
    challenge: str


class DiscordSignIn:
    """The OAuth part of the simulated Discord: `page` for people, who choose a member to be, and `routes` of the API.

    `strangers` are users on no server. Redirects go to `redirect_urls` and loopback. Routes: authorize, token, revoke.
    """

    def __init__(self, world: GuildWorld, *, faults: Faults) -> None:
        self.world = world
        self.strangers: list[WorldMember] = []
        self.redirect_urls: list[str] = []
        self.tokens: dict[str, str] = {}
        self._client = (CLIENT_ID, CLIENT_SECRET)
        self._grants: dict[str, _Grant] = {}
        watched = faults.watched
        self.page = Route("/oauth2/authorize", watched("authorize", self._authorize), methods=["GET", "POST"])
        self.routes = [
            Route("/oauth2/token", watched("token", self._token), methods=["POST"]),
            Route("/oauth2/token/revoke", watched("revoke", self._revoke), methods=["POST"]),
        ]

    def forget_codes(self) -> None:
        self._grants.clear()

    def user_of(self, authorization: str | None) -> dict[str, object] | None:
        """Return the user whose access token this header carries, as `GET /users/@me` answers with scope identify."""
        user_id = self.tokens.get((authorization or "").removeprefix("Bearer "))
        user = next((each for each in self._users() if each.user_id == user_id), None)
        return me_object(user) if user else None

    def _users(self) -> list[WorldMember]:
        return [*self.strangers, *(member for member in self.world.members if not member.is_bot)]

    async def _authorize(self, request: Request) -> Response:
        asked = dict(request.query_params)
        fault = self._fault_of(asked)
        if fault:
            return HTMLResponse(f"<h1>{escape(fault)}</h1>", 400)
        if request.method == "GET":
            return HTMLResponse(self._page())
        form = _fields(await request.body())
        said = {"state": asked["state"]} if "state" in asked else {}
        if form.get("user") is None:
            denied = "The resource owner or authorization server denied"
            refused = {"error": "access_denied", "error_description": denied}
            return RedirectResponse(f"{asked['redirect_uri']}?{urlencode(refused | said)}", 302)
        code = secrets.token_urlsafe(22)
        self._grants[code] = _Grant(form["user"], asked["redirect_uri"], asked.get("code_challenge", ""))
        return RedirectResponse(f"{asked['redirect_uri']}?{urlencode({'code': code} | said)}", 302)

    def _fault_of(self, asked: Mapping[str, str]) -> str | None:
        if asked.get("client_id") != self._client[0]:
            return "Unknown Application"
        if asked.get("response_type") != "code" or asked.get("scope") != _SCOPE:
            return "Invalid OAuth2 request"
        redirect_url = asked.get("redirect_uri", "")
        if redirect_url not in self.redirect_urls and urlsplit(redirect_url).hostname != "127.0.0.1":
            return "Invalid OAuth2 redirect_uri"
        if "code_challenge" in asked and asked.get("code_challenge_method") != "S256":
            return 'Unsupported "code_challenge_method"'
        return None

    def _page(self) -> str:
        buttons = "".join(
            f'<p><button name="user" value="{each.user_id}">Authorize as {escape(each.display_name)}</button></p>'
            for each in self._users()[:MOST_ON_THE_PAGE]
        )
        return (
            "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content='width=device-width'>"
            "<link rel=icon href='data:,'>"
            "<title>Authorize PATT</title><h1>PATT wants to know who you are on Discord</h1>"
            "<p>This is the simulated Discord. Say as whom you are signed in to it.</p>"
            f"<form method=post>{buttons}<p><button>Cancel</button></p></form></html>"
        )

    async def _token(self, request: Request) -> Response:
        form = _fields(await request.body())
        if not self._is_client(request, form):
            return JSONResponse({"error": "invalid_client"}, 401)
        if form.get("grant_type") != "authorization_code":
            return JSONResponse({"error": "unsupported_grant_type"}, 400)
        grant = self._grants.pop(form.get("code", ""), None)
        if grant is None or grant.redirect_url != form.get("redirect_uri"):
            return _refused("invalid_grant", 'Invalid "code" in request.')
        verifier = form.get("code_verifier", "")
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
        if grant.challenge and (len(verifier) < SHORTEST_VERIFIER or challenge != grant.challenge):
            return _refused("invalid_request", 'Invalid "code_verifier"')
        token = secrets.token_urlsafe(22)
        self.tokens[token] = grant.user_id
        answer = {"token_type": "Bearer", "access_token": token, "expires_in": TOKEN_LIFETIME_S, "scope": _SCOPE}
        return JSONResponse(answer | {"refresh_token": secrets.token_urlsafe(22)})

    async def _revoke(self, request: Request) -> Response:
        form = _fields(await request.body())
        if not self._is_client(request, form):
            return JSONResponse({"error": "invalid_client"}, 401)
        self.tokens.pop(form.get("token", ""), None)
        return JSONResponse({})

    def _is_client(self, request: Request, form: Mapping[str, str]) -> bool:
        """Whether the application says who it is, as Discord takes it: in the header, or in the form."""
        scheme, _, encoded = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "basic":
            return (form.get("client_id"), form.get("client_secret")) == self._client
        try:
            return base64.b64decode(encoded).decode() == ":".join(self._client)
        except (NotBase64, UnicodeDecodeError):
            return False


def _fields(body: bytes) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(body.decode("utf-8", errors="replace")).items()}


def _refused(error: str, description: str) -> Response:
    return JSONResponse({"error": error, "error_description": description}, 400)
