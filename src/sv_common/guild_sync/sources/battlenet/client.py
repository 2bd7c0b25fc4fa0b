"""Reads a guild from Battle.net's World of Warcraft web API."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeAlias, TypeVar

import httpx2
import structlog

from sv_common.guild_sync.core.errors import SourceError, SourceMalformed
from sv_common.guild_sync.core.language import tr
from sv_common.guild_sync.sources.battlenet import achievements, pets, wire
from sv_common.guild_sync.sources.battlenet.api import (
    LIMITS,
    REQUESTS_AT_ONCE,
    TOKEN_URL,
    BattleNetApi,
    ForbiddenError,
    TokenSource,
)
from sv_common.guild_sync.sources.battlenet.batches import ask_for_each
from sv_common.guild_sync.sources.http import REAL_TIME, USUAL_RETRIES, Asked, RateLimiter, RetryPolicy, Sender, Timing
from sv_common.guild_sync.sources.models import (
    LOCALES,
    Achievement,
    CharacterAddress,
    CharacterProfile,
    CharacterStatus,
    CollectionAnswer,
    CollectionState,
    GuildAddress,
    GuildRoster,
    Pet,
    ProfileAnswer,
    ProfileState,
    RealmIndex,
    RosterCharacter,
)
from sv_common.guild_sync.sources.permits import NoPermits, Permits

API_URL = "https://{region}.api.blizzard.com"

MOST_FAILURES_IN_A_ROW = 25
"""Failed profiles in a row after which the rest is left unknown: an outage must not hold a sync for an hour."""

COLLECTIONS_AT_ONCE = 5
"""Requests for collections that may be under way at once: an answer is up to a hundred times as large as a profile."""

MOST_FAILED_COLLECTIONS_IN_A_ROW = 8
"""The same for collections. Nothing waits for them, so they give up sooner."""

log = structlog.get_logger(__name__)
T = TypeVar("T")

_Ask: TypeAlias = Callable[[str, CharacterAddress], Awaitable[ProfileAnswer]]


class GuildNotFoundError(SourceError):
    """Battle.net answers, and knows no guild at this address."""


class BattleNetClient:
    """The `BattleNetSource`, the `ProfileSource`, the `CollectionSource` and the `RealmSource` of the real world.

    Battle.net's limits are those of an application over all guilds, so a process has one client for each application,
    or several that share one `limiter`; the processes of an installation share `permits`. `api_url` may hold `{region}`,
    which becomes us, eu, kr or tw.
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
        permits: Permits | None = None,
        retries: RetryPolicy = USUAL_RETRIES,
        timing: Timing = REAL_TIME,
    ) -> None:
        sender = Sender(http, retries, timing)
        self._tokens = TokenSource(sender, httpx2.BasicAuth(client_id, client_secret), token_url)
        self._api = BattleNetApi(
            sender, self._tokens, api_url, limiter or RateLimiter(LIMITS, timing), permits or NoPermits()
        )
        self._places = asyncio.Semaphore(REQUESTS_AT_ONCE)
        self._collections = asyncio.Semaphore(COLLECTIONS_AT_ONCE)

    @property
    def requests_an_hour(self) -> int:
        return self._api.requests_an_hour

    @property
    def spare_requests(self) -> int:
        return self._api.spare_requests

    async def check_credentials(self) -> None:
        """Fetch an access token. Raises SourceDenied for rejected credentials, another SourceError for no answer."""
        await self._tokens.current()

    async def fetch_roster(self, guild: GuildAddress) -> Sequence[RosterCharacter]:
        roster = await self.fetch_members(guild)
        addresses = [CharacterAddress(each.realm_slug, each.name, each.character_id) for each in roster.members]
        answers = await self._fetch_all(guild.region, addresses, self._shown_or_hidden)
        return [
            member if answer.profile is None else wire.with_profile(member, answer.profile)
            for member, answer in zip(roster.members, answers, strict=True)
        ]

    async def fetch_members(self, guild: GuildAddress) -> GuildRoster:
        asked = Asked("Battle.net", tr("the roster of the guild '{guild}'", guild=guild.name_slug))
        for slug in wire.guild_slugs(guild.name_slug):
            answer = await self._api.read(guild.region, wire.roster_path(guild.realm_slug, slug), asked)
            if answer is not None:
                return wire.parse_roster(answer, GuildAddress(guild.region, guild.realm_slug, slug))
        raise GuildNotFoundError(
            tr(
                "Battle.net knows no guild '{guild}' on the realm '{realm}' in the region "
                "'{region}'. If the guild was renamed or moved, change it under Settings → Guild, or with “patt guild move”. "
                "Guilds of the Classic games cannot be read from Battle.net yet.",
                guild=guild.name_slug,
                realm=guild.realm_slug,
                region=guild.region,
            )
        )

    async def fetch_profile(self, region: str, realm_slug: str, name: str) -> CharacterProfile | None:
        """Fetch one character's profile; None when Battle.net shows none (404, or 403 for an inactive account).

        None does not mean that the character left or is gone. Raises a SourceError when the answer cannot be had.
        """
        asked = Asked("Battle.net", tr("the profile of '{character}' on '{realm}'", character=name, realm=realm_slug))
        try:
            answer = await self._api.read(region, wire.profile_path(realm_slug, name), asked)
        except ForbiddenError:
            return None
        return None if answer is None else wire.parse_profile(answer, region)

    async def fetch_status(self, region: str, realm_slug: str, name: str) -> CharacterStatus | None:
        """Fetch whether the character with a name exists; None when Battle.net knows no such character.

        Raises ForbiddenError for an inactive account, and another SourceError when the answer cannot be had.
        """
        asked = Asked("Battle.net", tr("the status of '{character}' on '{realm}'", character=name, realm=realm_slug))
        answer = await self._api.read(region, wire.status_path(realm_slug, name), asked)
        return None if answer is None else wire.parse_status(answer)

    async def fetch_profiles(self, region: str, characters: Sequence[CharacterAddress]) -> Sequence[ProfileAnswer]:
        return await self._fetch_all(region, characters, self._shown_or_status)

    async def fetch_pets(
        self, region: str, characters: Sequence[CharacterAddress], reduce: Callable[[frozenset[Pet]], T]
    ) -> Sequence[CollectionAnswer[T]]:
        async def ask(character: CharacterAddress) -> T | None:
            name, realm = character.name, character.realm_slug
            what = tr("the battle pets of '{character}' on '{realm}'", character=name, realm=realm)
            return await self._api.read_apart(
                region,
                pets.pets_path(realm, name),
                Asked("Battle.net", what),
                lambda node: reduce(pets.parse_pets(node)),
            )

        return await self._fetch_collections("pets", region, characters, ask)

    async def fetch_achievements(
        self, region: str, characters: Sequence[CharacterAddress], reduce: Callable[[frozenset[Achievement]], T]
    ) -> Sequence[CollectionAnswer[T]]:
        async def ask(character: CharacterAddress) -> T | None:
            name, realm = character.name, character.realm_slug
            what = tr("the achievements of '{character}' on '{realm}'", character=name, realm=realm)
            path = achievements.achievements_path(realm, name)
            return await self._api.read_apart(
                region, path, Asked("Battle.net", what), lambda node: reduce(achievements.parse_achievements(node))
            )

        return await self._fetch_collections("achievements", region, characters, ask)

    async def _fetch_collections(
        self,
        kind: str,
        region: str,
        characters: Sequence[CharacterAddress],
        read: Callable[[CharacterAddress], Awaitable[T | None]],
    ) -> Sequence[CollectionAnswer[T]]:
        async def ask(character: CharacterAddress) -> CollectionAnswer[T]:
            try:
                reduced = await read(character)
            except ForbiddenError:
                reduced = None
            state = CollectionState.REFUSED if reduced is None else CollectionState.READ
            return CollectionAnswer(state, reduced)

        answers, failed = await ask_for_each(
            characters,
            ask,
            places=self._collections,
            most_failures=MOST_FAILED_COLLECTIONS_IN_A_ROW,
            failed=lambda reason: CollectionAnswer(CollectionState.FAILED, reason=reason),
            not_asked=lambda reason: CollectionAnswer(CollectionState.NOT_ASKED, reason=reason),
        )
        if failed:
            log.warning("collections_unavailable", kind=kind, region=region, failed=failed, asked=len(answers))
        return answers

    async def fetch_realms(self, region: str) -> RealmIndex:
        asked = Asked("Battle.net", tr("the realms of the region '{region}'", region=region))
        lists = []
        for locale in LOCALES.get(region, ("",)):
            answer = await self._api.read(region, wire.REALM_INDEX_PATH, asked, namespace="dynamic", locale=locale)
            if answer is None:
                raise SourceMalformed(
                    tr(
                        "Battle.net has no list of realms at its address. Check the API address (PATT_BLIZZARD_API_URL)."
                    )
                )
            lists.append(wire.parse_realms(answer))
        return RealmIndex(wire.merge_realms(lists))

    async def _fetch_all(self, region: str, characters: Sequence[CharacterAddress], ask: _Ask) -> list[ProfileAnswer]:
        answers, failed = await ask_for_each(
            characters,
            lambda character: ask(region, character),
            places=self._places,
            most_failures=MOST_FAILURES_IN_A_ROW,
            failed=lambda reason: ProfileAnswer(ProfileState.FAILED, reason=reason),
            not_asked=lambda reason: ProfileAnswer(ProfileState.NOT_ASKED, reason=reason),
        )
        if failed:
            log.warning("profiles_unavailable", region=region, failed=failed, asked=len(answers))
        return answers

    async def _shown_or_hidden(self, region: str, character: CharacterAddress) -> ProfileAnswer:
        profile = await self.fetch_profile(region, character.realm_slug, character.name)
        if profile is None or character.character_id not in (None, profile.character_id):
            return ProfileAnswer(ProfileState.HIDDEN)
        return ProfileAnswer(ProfileState.SHOWN, profile)

    async def _shown_or_status(self, region: str, character: CharacterAddress) -> ProfileAnswer:
        answer = await self._shown_or_hidden(region, character)
        if answer.state is ProfileState.SHOWN:
            return answer
        try:
            status = await self.fetch_status(region, character.realm_slug, character.name)
        except ForbiddenError:
            return ProfileAnswer(ProfileState.HIDDEN)
        return _by_status(character, status)


def _by_status(character: CharacterAddress, status: CharacterStatus | None) -> ProfileAnswer:
    """Apply Battle.net's rule for stored characters (character status endpoint): 404, not valid, or another id is gone."""
    if status is None:
        return ProfileAnswer(ProfileState.GONE, reason=tr("is no longer known to Battle.net"))
    if not status.is_valid:
        return ProfileAnswer(ProfileState.GONE, reason=tr("is no longer valid at Battle.net"))
    if None not in (character.character_id, status.character_id) and character.character_id != status.character_id:
        return ProfileAnswer(ProfileState.GONE, reason=tr("has given its name to another character"))
    return ProfileAnswer(ProfileState.HIDDEN)
