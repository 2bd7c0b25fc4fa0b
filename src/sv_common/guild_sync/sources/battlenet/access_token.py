"""The access token of a Battle.net application (OAuth 2 client credentials)."""

from __future__ import annotations

import asyncio

import httpx2

from sv_common.guild_sync.core.errors import SourceDenied, SourceMalformed
from sv_common.guild_sync.sources.http import Asked, RetryPolicy, Timing, read_json, refuse_busy, send, with_retries
from sv_common.guild_sync.sources.wire import Node

TOKEN_URL = "https://oauth.battle.net/token"  # noqa: S105  # an address, not a password
"""Serves every region but China."""

REFRESH_EARLY = 300.0
"""Seconds before its end at which a token is replaced."""

_ASKED = Asked("Battle.net", "an access token")


class TokenSource:
    """Keeps one valid token. Many may ask at once; only one of them fetches."""

    def __init__(
        self,
        http: httpx2.AsyncClient,
        *,
        client_id: str,
        client_secret: str,
        token_url: str,
        retries: RetryPolicy,
        timing: Timing,
    ) -> None:
        self._http = http
        self._credentials = httpx2.BasicAuth(client_id, client_secret)
        self._token_url = token_url
        self._retries = retries
        self._timing = timing
        self._lock = asyncio.Lock()
        self._token = ""
        self._refresh_at = 0.0

    async def current(self) -> str:
        """Give a token that is good for some minutes yet. Raises a SourceError when none can be had."""
        async with self._lock:
            if not self._token or self._timing.clock() >= self._refresh_at:
                await with_retries(self._fetch, self._retries, self._timing)
            return self._token

    async def replacement(self, rejected: str) -> str:
        """Give another token than the one that was rejected; it is fetched once, however many were rejected with it."""
        async with self._lock:
            if self._token == rejected:
                self._token = ""
        return await self.current()

    async def _fetch(self) -> None:
        request = self._http.build_request("POST", self._token_url, data={"grant_type": "client_credentials"})
        response = await send(self._http, request, _ASKED, self._credentials)
        refuse_busy(response, _ASKED)
        if response.status_code in (400, 401, 403):
            raise SourceDenied(
                "Battle.net rejected the client id or the client secret. Check both against the application at "
                "develop.battle.net; a new application works only after about ten minutes."
            )
        if not response.is_success:
            raise SourceMalformed(
                f"Battle.net answered HTTP {response.status_code} when asked for an access token. "
                f"Check the token address (PATT_BLIZZARD_TOKEN_URL)."
            )
        answer = Node(read_json(response, _ASKED), _ASKED)
        token = _token(answer.child("access_token"))
        lifetime = float(answer.child("expires_in").integer())
        self._refresh_at = self._timing.clock() + lifetime - min(REFRESH_EARLY, lifetime / 2)
        self._token = token


def _token(entry: Node) -> str:
    """Read a token that a header can carry (RFC 6750, section 2.1, allows less than that)."""
    token = entry.text()
    if not (token.isascii() and token.isprintable() and " " not in token):
        raise entry.malformed("a token of plain letters, digits and signs")
    return token
