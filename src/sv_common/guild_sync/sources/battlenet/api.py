"""Requests to Battle.net's web API: the access token (OAuth 2 client credentials), limits, and what statuses mean."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable
from typing import TypeVar

import httpx2

from sv_common.guild_sync.core.errors import SourceDenied, SourceMalformed, SourceUnavailable
from sv_common.guild_sync.core.language import tr
from sv_common.guild_sync.sources.http import (
    Asked,
    Node,
    RateLimiter,
    RetryableError,
    Sender,
    refuse_busy,
    try_again_in_minutes,
)
from sv_common.guild_sync.sources.models import LOCALES
from sv_common.guild_sync.sources.permits import Limits, Permits, Told

T = TypeVar("T")

TOKEN_URL = "https://oauth.battle.net/token"  # noqa: S105  # an address, not a password
"""Serves every region but China."""

REFRESH_EARLY = 300.0
"""Seconds before its end at which a token is replaced."""


class TokenSource:
    """Keeps one valid token; concurrent callers share one fetch."""

    def __init__(self, sender: Sender, credentials: httpx2.BasicAuth, token_url: str) -> None:
        self._sender = sender
        self._credentials = credentials
        self._token_url = token_url
        self._lock = asyncio.Lock()
        self._token = ""
        self._refresh_at = 0.0

    async def current(self) -> str:
        """Return a token that is valid for some more minutes. Raises a SourceError."""
        async with self._lock:
            if not self._token or self._sender.timing.clock() >= self._refresh_at:
                await self._sender.repeat(self._fetch)
            return self._token

    async def replacement(self, rejected: str) -> str:
        """Return another token than the rejected one; it is fetched once for all requests that were rejected."""
        async with self._lock:
            if self._token == rejected:
                self._token = ""
        return await self.current()

    async def _fetch(self) -> None:
        request = self._sender.http.build_request("POST", self._token_url, data={"grant_type": "client_credentials"})
        asked = Asked("Battle.net", tr("an access token"))
        response = await self._sender.send(request, asked, self._credentials)
        refuse_busy(response, asked)
        if response.status_code in (400, 401, 403):
            raise SourceDenied(
                tr(
                    "Battle.net rejected the client id or the client secret. Check both against the application at "
                    "develop.battle.net; a new application works only after about ten minutes."
                )
            )
        if not response.is_success:
            raise SourceMalformed(
                tr(
                    "Battle.net answered HTTP {status} to the request for an access token. "
                    "Check the token address (PATT_BLIZZARD_TOKEN_URL).",
                    status=response.status_code,
                )
            )
        answer = Node.of(response, asked)
        token = _token(answer.child("access_token"))
        lifetime = float(answer.child("expires_in").integer())
        self._refresh_at = self._sender.timing.clock() + lifetime - min(REFRESH_EARLY, lifetime / 2)
        self._token = token


def _token(entry: Node) -> str:
    """Read a token that a header can carry (RFC 6750, section 2.1, allows less than that)."""
    token = entry.text()
    if not (token.isascii() and token.isprintable() and " " not in token):
        raise entry.malformed(tr("a token of plain letters, digits and signs"))
    return token


REQUESTS_AT_ONCE = 20
"""Requests for profiles that may be under way at once, for all guilds together."""

LIMITS = ((1, 1 / 68), (35_000, 3600.0))
"""Requests and seconds, below the 100 a second and 36,000 an hour that Battle.net allows one application
(develop.battle.net, "Getting Started").

Requests that the network holds up arrive together with later ones: so they are paced, and with all that may be under way
at once no second has more than 90 at Battle.net's end.
"""

SHARED_LIMITS = Limits("battlenet", 90, 36_000)
"""The same for all processes of an installation together, each of which also keeps to its own."""

LONGEST_REST = 3600.0
"""Longest pause in seconds, whatever wait Battle.net requests."""

_UNAUTHORIZED, _FORBIDDEN, _NOT_FOUND = 401, 403, 404


class ForbiddenError(SourceDenied):
    """A 403: an inactive account for a character, else a fault of the configuration."""


class BattleNetApi:
    """Reads addresses of the API. `api_url` may hold `{region}`, which becomes us, eu, kr or tw."""

    def __init__(
        self, sender: Sender, tokens: TokenSource, api_url: str, limiter: RateLimiter, permits: Permits
    ) -> None:
        self._sender = sender
        self._tokens = tokens
        self._api_url = api_url.rstrip("/")
        self._limiter = limiter
        self._permits = permits
        self._rests_until = -math.inf
        self._parsing = asyncio.Lock()

    @property
    def requests_an_hour(self) -> int:
        return self._limiter.most

    @property
    def spare_requests(self) -> int:
        shared = self._permits.spare
        return self._limiter.spare if shared is None else min(self._limiter.spare, shared)

    async def read(
        self, region: str, path: str, asked: Asked, *, namespace: str = "profile", locale: str = ""
    ) -> Node | None:
        """Read one address, by default in the region's first language; None for a 404 that is Battle.net's own.

        408, 425, 429, 5xx, time-outs, and bodies that are empty or no JSON are tried again; 403 and 404 never are. Raises
        ForbiddenError for a 403, and another SourceError when there is no whole answer.
        """

        async def whole(response: httpx2.Response) -> Node:
            return Node.of(response, asked)

        return await self._read(region, path, asked, whole, namespace, locale)

    async def read_apart(self, region: str, path: str, asked: Asked, parse: Callable[[Node], T]) -> T | None:
        """Read an answer so large that reading it would hold up everything else: in another thread, one at a time.

        `parse` runs there. Raises and returns like `read`.
        """

        async def apart(response: httpx2.Response) -> T:
            async with self._parsing:
                return await asyncio.to_thread(lambda: parse(Node.of(response, asked)))

        return await self._read(region, path, asked, apart, "profile")

    async def _read(
        self,
        region: str,
        path: str,
        asked: Asked,
        take_in: Callable[[httpx2.Response], Awaitable[T]],
        namespace: str,
        locale: str = "",
    ) -> T | None:
        if region not in LOCALES:
            known = ", ".join(LOCALES)
            raise SourceDenied(
                tr(
                    "'{region}' is no Battle.net region that can be read. Set one of these: {regions}.",
                    region=region,
                    regions=known,
                )
            )
        url = self._api_url.replace("{region}", region) + path
        query = {"namespace": f"{namespace}-{region}", "locale": locale or LOCALES[region][0]}

        async def attempt() -> T | None:
            response = await self._authorized(url, query, asked)
            if response.status_code == _NOT_FOUND and _is_own_error(response):
                return None
            _refuse_faults(response, asked)
            return await take_in(response)

        return await self._sender.repeat(attempt)

    async def _authorized(self, url: str, query: dict[str, str], asked: Asked) -> httpx2.Response:
        """Send with the token, once more with a new one where it was rejected."""
        token = await self._tokens.current()
        response = await self._send(url, query, token, asked)
        if response.status_code == _UNAUTHORIZED:
            token = await self._tokens.replacement(token)
            response = await self._send(url, query, token, asked)
        return response

    async def _send(self, url: str, query: dict[str, str], token: str, asked: Asked) -> httpx2.Response:
        self._refuse_exhausted(asked)
        request = self._sender.http.build_request(
            "GET", url, params=query, headers={"Authorization": f"Bearer {token}"}
        )
        async with self._permits.permit(asked) as permit:
            await self._limiter.acquire()
            response = await self._sender.send(request, asked)
            try:
                refuse_busy(response, asked)
            except RetryableError as fault:
                if fault.wait is not None and fault.wait > self._sender.retries.longest_wait:
                    rest = min(fault.wait, LONGEST_REST)
                    self._rests_until = self._sender.timing.clock() + rest
                    permit.learn(Told(pause=rest, everywhere=True))
                raise
        return response

    def _refuse_exhausted(self, asked: Asked) -> None:
        """Raise SourceUnavailable instead of waiting for long, or sending before Battle.net allows it."""
        rest = self._rests_until - self._sender.timing.clock()
        if rest > 0:
            paused = tr("Battle.net requested a pause, so {what} was not read.", what=asked.what)
            raise SourceUnavailable(f"{paused} {try_again_in_minutes(rest)}")
        wait = self._limiter.seconds_until_free
        if wait > self._sender.retries.longest_wait:
            used_up = tr(
                "This installation has used up the requests that Battle.net allows it, so {what} was not read.",
                what=asked.what,
            )
            raise SourceUnavailable(f"{used_up} {try_again_in_minutes(wait)}")


def _is_own_error(response: httpx2.Response) -> bool:
    """Whether an error is JSON, as Battle.net sends it; a gateway's page means nothing for a character."""
    try:
        return isinstance(response.json(), dict)
    except (ValueError, RecursionError):
        return False


def _refuse_faults(response: httpx2.Response, asked: Asked) -> None:
    status = response.status_code
    if status == _UNAUTHORIZED:
        raise SourceDenied(
            tr(
                "Battle.net rejected a fresh access token over {what}. Check that the application at "
                "develop.battle.net is still active.",
                what=asked.what,
            )
        )
    if status == _FORBIDDEN:
        raise ForbiddenError(
            tr(
                "Battle.net refuses access to {what} (HTTP 403). Check that the application at develop.battle.net "
                "may use the World of Warcraft APIs.",
                what=asked.what,
            )
        )
    if not response.is_success:
        raise SourceMalformed(
            tr(
                "Battle.net answered HTTP {status} for {what}, which it does not document. "
                "Check the API address (PATT_BLIZZARD_API_URL).",
                status=status,
                what=asked.what,
            )
        )
