"""Signing in with Battle.net: a person proves which characters are theirs, by OAuth 2.0 with an authorization code.

Battle.net issues no refresh token and its codes work once. Only the World of Warcraft profile is requested; the access token
is used for two requests, revoked, and kept nowhere. Battle.net does not advertise PKCE and takes it without harm, so the
sign-in rests on `state` and the client secret, and sends a challenge all the same.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urljoin, urlsplit

import httpx2
import structlog
from authlib.integrations.base_client import OAuthError
from authlib.integrations.httpx_client import AsyncOAuth2Client

from sv_common.guild_sync.core.errors import (
    BadInput,
    ConfigurationError,
    PattError,
    SourceError,
    SourceMalformed,
    SourceUnavailable,
)
from sv_common.guild_sync.core.language import tr
from sv_common.guild_sync.sources.battlenet.account import AccountCharacter, parse_account
from sv_common.guild_sync.sources.bounded import ACCEPTED_ENCODING, TooLongError, bound
from sv_common.guild_sync.sources.http import (
    PRODUCT_VERSION,
    SLOWEST_ANSWER,
    TOO_MANY_REQUESTS,
    Asked,
    Node,
    RetryableError,
    too_long,
)
from sv_common.guild_sync.sources.models import LOCALES
from sv_common.guild_sync.sources.permits import NoPermits, Permits

log = structlog.get_logger(__name__)

SCOPE = "wow.profile"
LONGEST_SIGN_IN = 60.0
"""Seconds that all answers together may take: one that trickles in byte by byte must not hold a request for hours."""

ACCOUNT_PATH = "/profile/user/wow"

_METHOD = "S256"
_ABOUT_THE_CODE = frozenset({"invalid_grant", "invalid_request"})
_ABOUT_THE_CLIENT = frozenset({"invalid_client", "unauthorized_client", "unauthorized"})
_UNAUTHORIZED, _FORBIDDEN, _NOT_FOUND = 401, 403, 404
_MOST_DIGITS = 20


@dataclass(frozen=True, slots=True)
class BattleNetAccount:
    """What a sign-in proves: the account by its issuer and number, which never change, and its characters in one region.

    It holds no name and no BattleTag. `licenses` counts the World of Warcraft accounts in the region.
    """

    issuer: str
    number: str = field(repr=False)
    region: str
    licenses: int
    characters: tuple[AccountCharacter, ...]


@dataclass(frozen=True, slots=True)
class BattleNetLogin:
    """A Battle.net application for signing in. `redirect_url` is registered there exactly; `api_url` may hold `{region}`."""

    client_id: str
    client_secret: str = field(repr=False)
    authorize_url: str
    token_url: str
    api_url: str
    redirect_url: str
    permits: Permits = field(default_factory=NoPermits, repr=False)

    def address(self, state: str, verifier: str) -> str:
        """Return the address at which Battle.net asks the person and redirects back with this state."""
        address, _ = self._client().create_authorization_url(self.authorize_url, state=state, code_verifier=verifier)
        return str(address)

    async def read_account(self, code: str, verifier: str, region: str) -> BattleNetAccount:
        """Return the account of a code, which works once, with its characters in a region. The token is revoked.

        Raises `BadInput` for a code that Battle.net rejects and for a permission that was not given, `ConfigurationError` where it
        does not know the application, and a `SourceError` where it does not answer as documented.
        """
        try:
            async with asyncio.timeout(LONGEST_SIGN_IN):
                return await self._read(code, verifier, region)
        except TimeoutError as error:
            raise SourceUnavailable(tr("Battle.net did not respond. Try again in a moment.")) from error

    async def _read(self, code: str, verifier: str, region: str) -> BattleNetAccount:
        async with self._client() as client:
            with _battle_net_errors():
                token = await client.fetch_token(self.token_url, code=code, code_verifier=verifier)
            if not isinstance(token, dict) or not isinstance(token.get("access_token"), str):
                raise SourceUnavailable(tr("Battle.net sent no answer for this sign-in. Try again in a minute."))
            try:
                return await self._account(client, token, region)
            finally:
                await self._revoke(client, token["access_token"])

    async def _account(self, client: AsyncOAuth2Client, token: dict[str, Any], region: str) -> BattleNetAccount:
        scope = token.get("scope")
        if isinstance(scope, str) and SCOPE not in scope.split():
            raise _not_allowed()
        number = await self._get(
            client, urljoin(self.token_url, "userinfo"), Asked("Battle.net", tr("the account")), _number
        )
        url = self.api_url.rstrip("/").replace("{region}", region) + ACCOUNT_PATH
        query = {"namespace": f"profile-{region}", "locale": LOCALES[region][0]}
        asked = Asked("Battle.net", tr("the characters of the account"))
        licenses, characters = await self._get(client, url, asked, parse_account, query)
        return BattleNetAccount(self._issuer, number, region, licenses, tuple(characters))

    async def _get(
        self,
        client: AsyncOAuth2Client,
        url: str,
        asked: Asked,
        read: Callable[[Node], Any],
        query: dict[str, str] | None = None,
    ) -> Any:
        async with self.permits.permit(asked):
            with _battle_net_errors():
                answer = await client.get(url, params=query)
        _refuse_unusual(answer)
        try:
            return read(Node.of(answer, asked))
        except RetryableError as fault:
            raise fault.error from None

    async def _revoke(self, client: AsyncOAuth2Client, token: str) -> None:
        """Revoke the token; it expires anyway, so a failure is only logged."""
        try:
            with _battle_net_errors():
                _refuse_unusual(await client.revoke_token(urljoin(self.token_url, "revoke"), token=token))
        except PattError as error:
            log.warning("battle_net_token_not_revoked", reason=str(error))

    def _client(self) -> AsyncOAuth2Client:
        return AsyncOAuth2Client(
            self.client_id,
            self.client_secret,
            scope=SCOPE,
            redirect_uri=self.redirect_url,
            code_challenge_method=_METHOD,
            timeout=SLOWEST_ANSWER,
            headers={"User-Agent": f"PATT/{PRODUCT_VERSION}", "Accept-Encoding": ACCEPTED_ENCODING},
            event_hooks={"response": [bound]},
        )

    @property
    def _issuer(self) -> str:
        """Who numbers the accounts: China has its own, with numbers of its own."""
        parts = urlsplit(self.authorize_url)
        return f"{parts.scheme}://{parts.netloc}"


@contextmanager
def _battle_net_errors() -> Iterator[None]:
    """Turn Battle.net's errors into ours. Its own text is left out, and so is the cause: either may hold the code or the token."""
    try:
        yield
    except OAuthError as error:
        raise _refused(error.error) from None
    except TooLongError:
        raise SourceMalformed(too_long(Asked("Battle.net", tr("a sign-in")))) from None
    except (httpx2.HTTPStatusError, httpx2.RequestError):
        raise SourceUnavailable(tr("Battle.net did not respond. Try again in a moment.")) from None
    except (ValueError, TypeError):  # the latter is how Authlib fails over JSON that is no object
        raise SourceMalformed(tr("Battle.net sent an answer that PATT cannot read. Try again later.")) from None


def _refused(code: str | None) -> PattError:
    if code in _ABOUT_THE_CODE:
        return BadInput(tr("Battle.net rejected this sign-in: it was already used or is too old. Start again."))
    if code in _ABOUT_THE_CLIENT:
        return ConfigurationError(
            tr(
                "Battle.net does not know PATT's application. The person who runs PATT checks PATT_BLIZZARD_CLIENT_ID and "
                "PATT_BLIZZARD_CLIENT_SECRET."
            )
        )
    return SourceMalformed(tr("Battle.net refused the sign-in for an unknown reason. Try again later."))


def _not_allowed() -> BadInput:
    return BadInput(
        tr(
            "You did not allow Battle.net to share your World of Warcraft characters. "
            "Sign in again and leave the box “World of Warcraft profile” ticked."
        )
    )


def _refuse_unusual(answer: httpx2.Response) -> None:
    """Raise for an answer that is none. A 403 of the characters is how Battle.net says that the box was not ticked."""
    status = answer.status_code
    if answer.is_success:
        return
    if status == _FORBIDDEN:
        raise _not_allowed()
    if status == _UNAUTHORIZED:
        raise SourceError(tr("Battle.net ended this sign-in before it was read. Start again."))
    if status == TOO_MANY_REQUESTS:
        raise SourceUnavailable(tr("Battle.net is not accepting more requests right now. Try again in a minute."))
    if status == _NOT_FOUND:
        raise SourceMalformed(
            tr(
                "Battle.net has no World of Warcraft profile of this account in the guild’s region. Nothing was changed."
            )
        )
    raise SourceUnavailable(tr("Battle.net did not respond. Try again in a moment."))


def _number(answer: Node) -> str:
    """Read the account's number, which Battle.net gives as text and as a number."""
    subject = answer.child("sub")
    found = subject.value if isinstance(subject.value, str) else str(answer.child("id").integer())
    if not (found.isascii() and found.isdecimal() and len(found) <= _MOST_DIGITS):
        raise subject.malformed(tr("a whole number"))
    return found
