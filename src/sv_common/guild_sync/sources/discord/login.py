"""Signing in with Discord: OAuth 2.0 with an authorization code, bound to the browser by PKCE (RFC 7636).

Discord takes PKCE from confidential clients too, with S256 and verifiers of at least 43 characters (discord-api-docs
#5254, #8254). Only the user's identity is requested; the access token is revoked at once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import httpx2
import structlog
from authlib.integrations.base_client import OAuthError
from authlib.integrations.httpx_client import AsyncOAuth2Client

from sv_common.guild_sync.core.errors import BadInput, ConfigurationError, PattError, SourceMalformed, SourceUnavailable
from sv_common.guild_sync.core.language import tr
from sv_common.guild_sync.sources.bounded import ACCEPTED_ENCODING, TooLongError, bound
from sv_common.guild_sync.sources.http import PRODUCT_VERSION, SLOWEST_ANSWER, Asked, too_long

log = structlog.get_logger(__name__)

SCOPE = "identify"
LONGEST_SIGN_IN = 60.0
"""Seconds that all answers together may take: one that trickles in byte by byte must not hold a request for hours."""

_METHOD = "S256"
_ABOUT_THE_CODE = frozenset({"invalid_grant", "invalid_request"})
_ABOUT_THE_CLIENT = frozenset({"invalid_client", "unauthorized_client"})
_TOO_MANY_REQUESTS = 429


@dataclass(frozen=True, slots=True)
class DiscordIdentity:
    """A Discord user: the id, which never changes, and the unique username of today."""

    discord_id: str
    username: str


@dataclass(frozen=True, slots=True)
class DiscordLogin:
    """A Discord application for signing in. `redirect_url` is registered there exactly."""

    client_id: str
    client_secret: str = field(repr=False)
    authorize_url: str
    api_url: str
    redirect_url: str

    def address(self, state: str, verifier: str) -> str:
        """Return the address at which Discord asks the user and redirects back with this state."""
        address, _ = self._client().create_authorization_url(self.authorize_url, state=state, code_verifier=verifier)
        return str(address)

    async def identify(self, code: str, verifier: str) -> DiscordIdentity:
        """Return the user of a code, which works once.

        Raises `BadInput` for a code that Discord rejects, `ConfigurationError` where it does not know the application, and a
        `SourceError` where it does not answer as documented.
        """
        try:
            async with asyncio.timeout(LONGEST_SIGN_IN):
                return await self._identify(code, verifier)
        except TimeoutError as error:
            raise SourceUnavailable(tr("Discord did not respond. Try again in a moment.")) from error

    async def _identify(self, code: str, verifier: str) -> DiscordIdentity:
        async with self._client() as client:
            with _discord_errors():
                token = await client.fetch_token(self._api("/oauth2/token"), code=code, code_verifier=verifier)
                if not isinstance(token.get("access_token"), str):
                    raise SourceUnavailable(tr("Discord sent no answer for this sign-in. Try again in a minute."))
                answer = await client.get(self._api("/users/@me"))
                _refuse_unusual(answer)
                user = answer.json()
            await self._revoke(client, token["access_token"])
        if SCOPE not in str(token.get("scope", "")).split():
            raise BadInput(tr("You did not allow Discord to share your name. Sign in again and allow it."))
        return _identity(user)

    async def _revoke(self, client: AsyncOAuth2Client, token: str) -> None:
        """Revoke the token; it expires anyway, so a failure is only logged."""
        try:
            with _discord_errors():
                _refuse_unusual(await client.revoke_token(self._api("/oauth2/token/revoke"), token=token))
        except PattError as error:
            log.warning("discord_token_not_revoked", reason=str(error))

    def _client(self) -> AsyncOAuth2Client:
        agent = f"DiscordBot ({self.redirect_url}, {PRODUCT_VERSION})"
        return AsyncOAuth2Client(
            self.client_id,
            self.client_secret,
            scope=SCOPE,
            redirect_uri=self.redirect_url,
            code_challenge_method=_METHOD,
            timeout=SLOWEST_ANSWER,
            headers={"User-Agent": agent, "Accept-Encoding": ACCEPTED_ENCODING},
            event_hooks={"response": [bound]},
        )

    def _api(self, path: str) -> str:
        return self.api_url.rstrip("/") + path


@contextmanager
def _discord_errors() -> Iterator[None]:
    """Turn Discord's errors into ours. Discord's own text is left out: it may contain the code."""
    try:
        yield
    except OAuthError as error:
        if error.error in _ABOUT_THE_CODE:
            raise BadInput(tr("Discord rejected this sign-in: it was already used or is too old.")) from error
        if error.error in _ABOUT_THE_CLIENT:
            raise ConfigurationError(
                tr(
                    "Discord does not know PATT's application. The person who runs PATT checks PATT_DISCORD_CLIENT_ID and "
                    "PATT_DISCORD_CLIENT_SECRET."
                )
            ) from error
        raise SourceMalformed(tr("Discord refused the sign-in for an unknown reason. Try again later.")) from error
    except TooLongError as error:
        raise SourceMalformed(too_long(Asked("Discord", tr("a sign-in")))) from error
    except (httpx2.HTTPStatusError, httpx2.RequestError) as error:
        raise SourceUnavailable(tr("Discord did not respond. Try again in a moment.")) from error
    except ValueError as error:
        raise SourceMalformed(tr("Discord sent an answer that PATT cannot read. Try again later.")) from error


def _refuse_unusual(answer: httpx2.Response) -> None:
    if answer.status_code == _TOO_MANY_REQUESTS:
        raise SourceUnavailable(tr("Discord is not accepting more requests right now. Try again in a minute."))
    answer.raise_for_status()


def _identity(user: object) -> DiscordIdentity:
    found = user if isinstance(user, dict) else {}
    number, name = found.get("id"), found.get("username")
    if not (isinstance(number, str) and number.isascii() and number.isdecimal() and isinstance(name, str) and name):
        raise SourceMalformed(tr("Discord did not say who you are. Try again later."))
    return DiscordIdentity(number, name.replace("\x00", ""))
