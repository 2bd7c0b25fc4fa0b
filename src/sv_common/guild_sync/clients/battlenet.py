"""Reads a guild from Battle.net's World of Warcraft web API."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

import httpx2
import structlog

from sv_common.guild_sync.clients.battlenet_token import TOKEN_URL, TokenSource
from sv_common.guild_sync.clients.battlenet_wire import (
    LOCALES,
    CharacterProfile,
    GuildRoster,
    guild_slugs,
    parse_profile,
    parse_roster,
    profile_path,
    roster_path,
    with_profile,
)
from sv_common.guild_sync.clients.http import (
    REAL_TIME,
    USUAL_RETRIES,
    Asked,
    RateLimiter,
    RetryPolicy,
    Timing,
    read_json,
    refuse_busy,
    send,
    with_retries,
)
from sv_common.guild_sync.clients.wire import Node
from sv_common.guild_sync.domain.errors import SourceDenied, SourceError, SourceMalformed, SourceUnavailable
from sv_common.guild_sync.domain.guild import GuildAddress, RosterCharacter

API_URL = "https://{region}.api.blizzard.com"

LIMITS = ((100, 1.0), (36_000, 3600.0))
"""Requests and seconds that Battle.net allows one application (develop.battle.net, "Getting Started")."""

PROFILES_AT_ONCE = 20
PATIENCE = 25
"""Failed profiles in a row after which the rest is left unknown: an outage must not hold a sync for an hour."""

_UNAUTHORISED, _FORBIDDEN, _NOT_FOUND = 401, 403, 404

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class _ProfileRun:
    """The profiles of one roster: how many may be asked for at once, and how many failed."""

    places: asyncio.Semaphore
    failed: int = 0
    failed_in_a_row: int = 0


class BattleNetClient:
    """The `BattleNetSource` of the real world. One application's clients share one `limiter`.

    `api_url` may hold `{region}`, which becomes us, eu, kr or tw.
    """

    def __init__(
        self,
        http: httpx2.AsyncClient,
        *,
        client_id: str,
        client_secret: str,
        token_url: str = TOKEN_URL,
        api_url: str = API_URL,
        limiter: RateLimiter | None = None,
        retries: RetryPolicy = USUAL_RETRIES,
        timing: Timing = REAL_TIME,
    ) -> None:
        self._http = http
        self._api_url = api_url.rstrip("/")
        self._limiter = limiter or RateLimiter(LIMITS, timing)
        self._retries = retries
        self._timing = timing
        self._tokens = TokenSource(
            http,
            client_id=client_id,
            client_secret=client_secret,
            token_url=token_url,
            retries=retries,
            timing=timing,
        )

    async def fetch_roster(self, guild: GuildAddress) -> Sequence[RosterCharacter]:
        """Fetch the whole roster with every profile that can be read; a member without one keeps the roster's fields.

        Raises a SourceError when the roster cannot be read whole, or when Battle.net rejects the credentials.
        """
        roster = await self.fetch_members(guild)
        run = _ProfileRun(asyncio.Semaphore(PROFILES_AT_ONCE))
        try:
            async with asyncio.TaskGroup() as group:
                members = [group.create_task(self._completed(guild.region, each, run)) for each in roster.members]
        except ExceptionGroup as faults:
            raise faults.exceptions[0] from None
        if run.failed:
            log.warning("profiles_unavailable", guild=guild.name_slug, failed=run.failed, members=len(members))
        return [member.result() for member in members]

    async def fetch_members(self, guild: GuildAddress) -> GuildRoster:
        """Fetch the roster alone: one request, two for a guild whose name has an apostrophe.

        Raises a SourceError when there is no such guild or its roster cannot be read whole.
        """
        asked = Asked("Battle.net", f"the roster of the guild '{guild.name_slug}'")
        for slug in guild_slugs(guild.name_slug):
            answer = await self._get(guild.region, roster_path(guild.realm_slug, slug), asked)
            if answer is not None:
                return parse_roster(answer, GuildAddress(guild.region, guild.realm_slug, slug))
        raise SourceError(
            f"Battle.net knows no guild '{guild.name_slug}' on the realm '{guild.realm_slug}' in the region "
            f"'{guild.region}'. Check the three in the guild's settings, as the Armory's address of the guild has them."
        )

    async def fetch_profile(self, region: str, realm_slug: str, name: str) -> CharacterProfile | None:
        """Fetch one character's profile; None when Battle.net shows none (404, or 403 for an inactive account).

        None does not mean that the character left or is gone. Raises a SourceError when the answer cannot be had.
        """
        asked = Asked("Battle.net", f"the profile of '{name}' on '{realm_slug}'")
        try:
            answer = await self._get(region, profile_path(realm_slug, name), asked)
        except _ForbiddenError:
            return None
        return None if answer is None else parse_profile(answer, region)

    async def _completed(self, region: str, member: RosterCharacter, run: _ProfileRun) -> RosterCharacter:
        async with run.places:
            if run.failed_in_a_row >= PATIENCE:
                run.failed += 1
                return member
            try:
                profile = await self.fetch_profile(region, member.realm_slug, member.name)
            except (SourceUnavailable, SourceMalformed):
                run.failed += 1
                run.failed_in_a_row += 1
                return member
        run.failed_in_a_row = 0
        return member if profile is None else with_profile(member, profile)

    async def _get(self, region: str, path: str, asked: Asked) -> Node | None:
        """Read one address of the profile namespace; None for a 404."""
        if region not in LOCALES:
            known = ", ".join(LOCALES)
            raise SourceDenied(f"'{region}' is no Battle.net region that can be read. Set one of these: {known}.")
        url = self._api_url.replace("{region}", region) + path
        query = {"namespace": f"profile-{region}", "locale": LOCALES[region]}

        async def attempt() -> Node | None:
            response = await self._authorised(url, query, asked)
            if response.status_code == _NOT_FOUND:
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
        await self._limiter.acquire()
        request = self._http.build_request("GET", url, params=query, headers={"Authorization": f"Bearer {token}"})
        response = await send(self._http, request, asked)
        refuse_busy(response, asked)
        return response


class _ForbiddenError(SourceDenied):
    """A 403: an inactive account where a profile was asked for, else a fault of the configuration."""


def _refuse_faults(response: httpx2.Response, asked: Asked) -> None:
    status = response.status_code
    if status == _UNAUTHORISED:
        raise SourceDenied(
            f"Battle.net rejected a fresh access token over {asked.what}. Check that the application at "
            f"develop.battle.net is still active."
        )
    if status == _FORBIDDEN:
        raise _ForbiddenError(
            f"Battle.net refuses access to {asked.what} (HTTP 403). Check that the application at develop.battle.net "
            f"may use the World of Warcraft APIs."
        )
    if not response.is_success:
        raise SourceMalformed(
            f"Battle.net answered HTTP {status} for {asked.what}, which it does not document. "
            f"Check the API address in the settings."
        )
