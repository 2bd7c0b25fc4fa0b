"""One request to Battle.net's web API: its host, its token, its limits, and what its statuses mean."""

from __future__ import annotations

import math

import httpx2

from sv_common.guild_sync.core.errors import SourceDenied, SourceMalformed, SourceUnavailable
from sv_common.guild_sync.sources.battlenet.access_token import TokenSource
from sv_common.guild_sync.sources.http import (
    Asked,
    RateLimiter,
    RetryableError,
    RetryPolicy,
    Timing,
    read_json,
    refuse_busy,
    send,
    with_retries,
)
from sv_common.guild_sync.sources.realms import LOCALES
from sv_common.guild_sync.sources.wire import Node

REQUESTS_AT_ONCE = 20
"""Requests for profiles that may be under way at once, for all guilds together."""

LIMITS = ((1, 1 / 68), (35_000, 3600.0))
"""Requests and seconds, below the 100 a second and 36,000 an hour that Battle.net allows one application
(develop.battle.net, "Getting Started").

Requests that the network holds up arrive together with later ones: so they are paced, and with all that may be under way
at once no second has more than 90 at Battle.net's end.
"""

LONGEST_REST = 3600.0
"""Seconds for which Battle.net is left alone at most when it asks for a long wait."""

_UNAUTHORISED, _FORBIDDEN, _NOT_FOUND = 401, 403, 404


class ForbiddenError(SourceDenied):
    """A 403: an inactive account where a character was asked for, else a fault of the configuration."""


class BattleNetApi:
    """Reads addresses of the API. `api_url` may hold `{region}`, which becomes us, eu, kr or tw."""

    def __init__(
        self,
        http: httpx2.AsyncClient,
        tokens: TokenSource,
        *,
        api_url: str,
        limiter: RateLimiter,
        retries: RetryPolicy,
        timing: Timing,
    ) -> None:
        self._http = http
        self._tokens = tokens
        self._api_url = api_url.rstrip("/")
        self._limiter = limiter
        self._retries = retries
        self._timing = timing
        self._rests_until = -math.inf

    @property
    def spare_requests(self) -> int:
        """How many requests may still be sent within this hour."""
        return self._limiter.spare

    async def read(
        self, region: str, path: str, asked: Asked, *, namespace: str = "profile", locale: str = ""
    ) -> Node | None:
        """Read one address, in the region's first language unless told; None for a 404 that is Battle.net's own.

        408, 425, 429, 5xx, time-outs, and bodies that are empty or no JSON are tried again; 403 and 404 never are. Raises
        ForbiddenError for a 403, and another SourceError when there is no whole answer.
        """
        if region not in LOCALES:
            known = ", ".join(LOCALES)
            raise SourceDenied(f"'{region}' is no Battle.net region that can be read. Set one of these: {known}.")
        url = self._api_url.replace("{region}", region) + path
        query = {"namespace": f"{namespace}-{region}", "locale": locale or LOCALES[region][0]}

        async def attempt() -> Node | None:
            response = await self._authorised(url, query, asked)
            if response.status_code == _NOT_FOUND and _is_own_error(response):
                return None
            _refuse_faults(response, asked)
            return Node(read_json(response, asked), asked)

        return await with_retries(attempt, self._retries, self._timing)

    async def _authorised(self, url: str, query: dict[str, str], asked: Asked) -> httpx2.Response:
        """Send with the token, once more with a new one where it was rejected."""
        token = await self._tokens.current()
        response = await self._send(url, query, token, asked)
        if response.status_code == _UNAUTHORISED:
            token = await self._tokens.replacement(token)
            response = await self._send(url, query, token, asked)
        return response

    async def _send(self, url: str, query: dict[str, str], token: str, asked: Asked) -> httpx2.Response:
        self._refuse_exhausted(asked)
        await self._limiter.acquire()
        request = self._http.build_request("GET", url, params=query, headers={"Authorization": f"Bearer {token}"})
        response = await send(self._http, request, asked)
        try:
            refuse_busy(response, asked)
        except RetryableError as fault:
            if fault.wait is not None and fault.wait > self._retries.longest_wait:
                self._rests_until = self._timing.clock() + min(fault.wait, LONGEST_REST)
            raise
        return response

    def _refuse_exhausted(self, asked: Asked) -> None:
        """Raise SourceUnavailable rather than keep everybody waiting for long, or ask before Battle.net wants it."""
        rest = self._rests_until - self._timing.clock()
        if rest > 0:
            raise SourceUnavailable(
                f"Battle.net asked to be left alone for a while, so {asked.what} was not read. "
                f"Try again in {math.ceil(rest / 60)} minutes."
            )
        wait = self._limiter.seconds_until_free
        if wait > self._retries.longest_wait:
            raise SourceUnavailable(
                f"This installation has used up the requests that Battle.net allows it, so {asked.what} was not read. "
                f"Try again in {math.ceil(wait / 60)} minutes."
            )


def _is_own_error(response: httpx2.Response) -> bool:
    """Say whether an error is told in JSON, as Battle.net does; a gateway's page knows nothing of any character."""
    try:
        return isinstance(response.json(), dict)
    except (ValueError, RecursionError):
        return False


def _refuse_faults(response: httpx2.Response, asked: Asked) -> None:
    status = response.status_code
    if status == _UNAUTHORISED:
        raise SourceDenied(
            f"Battle.net rejected a fresh access token over {asked.what}. Check that the application at "
            f"develop.battle.net is still active."
        )
    if status == _FORBIDDEN:
        raise ForbiddenError(
            f"Battle.net refuses access to {asked.what} (HTTP 403). Check that the application at develop.battle.net "
            f"may use the World of Warcraft APIs."
        )
    if not response.is_success:
        raise SourceMalformed(
            f"Battle.net answered HTTP {status} for {asked.what}, which it does not document. "
            f"Check the API address (PATT_BLIZZARD_API_URL)."
        )
