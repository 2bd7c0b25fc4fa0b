"""Battle.net's way of signing people in (OAuth 2.0): the page that asks them, the tokens, and their own characters.

Shapes after Battle.net's documentation ("Using OAuth", "Account Profile Summary") and, for the words of refusals, next-auth
#637 and #4013.
"""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from html import escape
from urllib.parse import parse_qs, urlencode, urlsplit

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from sv_common.guild_sync.simulators.faults import Faults, RefusedError
from sv_common.guild_sync.simulators.model import WorldCharacter
from sv_common.guild_sync.simulators.world import GuildWorld

TOKEN_LIFETIME_S = 86_399
SCOPE = "wow.profile"
MOST_ON_THE_PAGE = 12
_FIRST_NUMBER = 500_000_001


@dataclass
class SignInAccount:
    """A Battle.net account of a person: its number, its BattleTag, and its characters by license and region."""

    number: int
    battle_tag: str
    licenses: list[list[WorldCharacter]]
    region: str = "us"

    @property
    def characters(self) -> list[WorldCharacter]:
        return [character for license_ in self.licenses for character in license_]


@dataclass(frozen=True, slots=True)
class _Grant:
    """A code that was given, until it is used."""

    account: SignInAccount
    redirect_url: str
    challenge: str
    scope: str


@dataclass
class BattleNetSignIn:
    """The OAuth part of the simulated Battle.net: a page for people, who choose an account to be, and routes of the API.

    Each person of the world has an account; `accounts` are further ones, which stand first. Redirects go to `redirect_urls` and
    loopback. `forgets_scope`: the answer does not say what was allowed, as happens. Routes: authorize_battlenet, user_token,
    userinfo, user_revoke, account.
    """

    world: GuildWorld
    client: tuple[str, str]
    faults: Faults
    accounts: list[SignInAccount] = field(default_factory=list)
    redirect_urls: list[str] = field(default_factory=list)
    tokens: dict[str, tuple[SignInAccount, str]] = field(default_factory=dict)
    given: list[str] = field(default_factory=list)
    forgets_scope: bool = False
    _grants: dict[str, _Grant] = field(default_factory=dict)

    @property
    def routes(self) -> list[Route]:
        """What is served beside the game's own data."""
        watched = self.faults.watched
        return [
            Route("/authorize", watched("authorize_battlenet", self._authorize), methods=["GET", "POST"]),
            Route("/userinfo", watched("userinfo", self._userinfo)),
            Route("/revoke", watched("user_revoke", self._revoke), methods=["POST"]),
            Route("/profile/user/wow", watched("account", self._account)),
        ]

    def all_accounts(self) -> list[SignInAccount]:
        of_people = [
            SignInAccount(
                _FIRST_NUMBER + place, f"{person.name}#{1000 + place}", [person.characters], self.world.region
            )
            for place, person in enumerate(self.world.people)
        ]
        return [*self.accounts, *of_people]

    def forget_codes(self) -> None:
        self._grants.clear()

    async def exchange(self, form: Mapping[str, str]) -> Response:
        """Give a token for a code, to a client that has said who it is."""
        grant = self._grants.pop(form.get("code", ""), None)
        if grant is None or grant.redirect_url != form.get("redirect_uri"):
            description = f"Invalid authorization code: {form.get('code')}"
            return JSONResponse({"error": "invalid_grant", "error_description": description}, 400)
        if grant.challenge and grant.challenge != _challenge_of(form.get("code_verifier", "")):
            return JSONResponse({"error": "invalid_grant", "error_description": "Invalid code verifier"}, 400)
        token = secrets.token_urlsafe(24)
        self.tokens[token] = (grant.account, grant.scope)
        self.given.append(token)
        scope = {} if self.forgets_scope else {"scope": grant.scope}
        body = {"access_token": token, "token_type": "bearer", "expires_in": TOKEN_LIFETIME_S, **scope}
        return JSONResponse({**body, "sub": str(grant.account.number)})

    async def _authorize(self, request: Request) -> Response:
        asked = dict(request.query_params)
        redirect_url = asked.get("redirect_uri", "")
        is_known = redirect_url in self.redirect_urls or urlsplit(redirect_url).hostname == "127.0.0.1"
        if asked.get("client_id") != self.client[0] or not is_known:
            return HTMLResponse("<h1>Invalid grant type or callback URL is not valid</h1>", 400)
        said = {"state": asked["state"]} if "state" in asked else {}
        if asked.get("response_type") != "code":
            return RedirectResponse(f"{redirect_url}?{urlencode({'error': 'unsupported_response_type'} | said)}", 302)
        if request.method == "GET":
            return HTMLResponse(self._page())
        form = {name: values[0] for name, values in parse_qs((await request.body()).decode()).items()}
        account = next((each for each in self.all_accounts() if str(each.number) == form.get("account")), None)
        if account is None:
            return RedirectResponse(f"{redirect_url}?{urlencode({'error': 'access_denied'} | said)}", 302)
        scope = asked.get("scope", "") if form.get("allows_profile", "yes") == "yes" else ""
        code = secrets.token_urlsafe(22)
        self.given.append(code)
        self._grants[code] = _Grant(account, redirect_url, asked.get("code_challenge", ""), scope)
        return RedirectResponse(f"{redirect_url}?{urlencode({'code': code} | said)}", 302)

    def _page(self) -> str:
        buttons = "".join(
            f'<p><button name="account" value="{each.number}">Continue as {escape(each.battle_tag)}</button></p>'
            for each in self.all_accounts()[:MOST_ON_THE_PAGE]
        )
        return (
            "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content='width=device-width'>"
            "<link rel=icon href='data:,'>"
            "<title>Authorize PATT</title><h1>PATT wants to see your World of Warcraft profile</h1>"
            "<p>This is the simulated Battle.net. Say as whom you are signed in to it.</p>"
            f"<form method=post>{buttons}<p><button>Cancel</button></p></form></html>"
        )

    async def _userinfo(self, request: Request) -> Response:
        account, _ = self._holder(request)
        return JSONResponse({"sub": str(account.number), "id": account.number, "battletag": account.battle_tag})

    async def _revoke(self, request: Request) -> Response:
        form = {name: values[0] for name, values in parse_qs((await request.body()).decode()).items()}
        self.tokens.pop(form.get("token", ""), None)
        return Response()

    async def _account(self, request: Request) -> Response:
        account, scope = self._holder(request)
        if SCOPE not in scope.split():
            raise _error(403, "Forbidden")
        region = self.world.region
        if request.query_params.get("namespace") != f"profile-{region}":
            raise _error(404, "Not Found")
        has_wow = account.region == region and account.licenses
        accounts = [
            {"id": account.number * 10 + place, "characters": [self._character(request, each) for each in license_]}
            for place, license_ in enumerate(account.licenses)
        ]
        body = {
            "_links": {"self": {"href": f"https://{region}.api.blizzard.com/profile/user/wow"}},
            "id": account.number,
        }
        return JSONResponse({**body, **({"wow_accounts": accounts} if has_wow else {})})

    def _character(self, request: Request, character: WorldCharacter) -> dict[str, object]:
        """Write a character of an account: names are objects where no locale was asked for."""
        has_locale = "locale" in request.query_params
        realm = character.realm
        name = character.name if has_locale else {"en_US": character.name}
        return {
            "character": {"href": f"https://{self.world.region}.api.blizzard.com/profile/wow/character/{realm.slug}/x"},
            "name": name,
            "id": character.character_id,
            "realm": {
                "name": realm.name if has_locale else {"en_US": realm.name},
                "id": realm.realm_id,
                "slug": realm.slug,
            },
            "playable_class": {"id": character.class_id},
            "faction": {"type": "HORDE"},
            "level": character.level,
        }

    def _holder(self, request: Request) -> tuple[SignInAccount, str]:
        """Whose token a request carries. Raises `RefusedError` where it is no good one."""
        found = self.tokens.get(request.headers.get("authorization", "").removeprefix("Bearer "))
        if found is None:
            raise RefusedError(JSONResponse({"error": "invalid_token"}, 401))
        return found


def _challenge_of(verifier: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")


def _error(status: int, detail: str) -> RefusedError:
    return RefusedError(JSONResponse({"code": status, "type": f"BLZWEBAPI{status:08d}", "detail": detail}, status))
