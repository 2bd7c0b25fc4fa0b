"""Finding a guild by the name that the game shows, on a realm named in any language."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass

from sv_common.guild_sync.core.errors import BadInput, NotFound
from sv_common.guild_sync.core.language import tr
from sv_common.guild_sync.core.text import with_or
from sv_common.guild_sync.identity.names.similarity import SimilarNames
from sv_common.guild_sync.sources.battlenet.client import GuildNotFoundError
from sv_common.guild_sync.sources.models import LOCALES, GuildAddress, Realm, RealmIndex, RosterCharacter
from sv_common.guild_sync.sources.ports import ProfileSource, RealmSource

REGIONS = tuple(LOCALES)
MOST_SUGGESTIONS = 5
_KEPT_S = 600.0


@dataclass(frozen=True, slots=True)
class FoundGuild:
    """A guild that Battle.net knows: its canonical address, its name and its realm's, and its members."""

    address: GuildAddress
    name: str
    realm: str
    members: Sequence[RosterCharacter]


def read_region(text: str) -> str:
    """Return a region in the spelling of Battle.net. Raises `BadInput`."""
    region = text.strip().lower()
    if region not in REGIONS:
        raise BadInput(
            tr("“{text}” is not a region of Battle.net. Use one of: {regions}.", text=text, regions=", ".join(REGIONS))
        )
    return region


async def find_guild(
    profiles: ProfileSource, realms: RealmSource, region: str, realm_name: str, guild_name: str
) -> FoundGuild:
    """Find a guild. Raises `NotFound`, with similar realms, `BadInput`, and a SourceError when Battle.net cannot tell."""
    realm = realm_called(await realms.fetch_realms(region), region, realm_name)
    wanted = " ".join(guild_name.strip(" <>").split())
    if not wanted:
        raise BadInput(tr("Give the guild's name as the game shows it."))
    shown = name_of_realm(realm)
    try:
        roster = await profiles.fetch_members(GuildAddress(region, realm.slug, wanted))
    except GuildNotFoundError as error:
        raise NotFound(
            tr(
                "{realm} ({region}) has no guild “{guild}”. Spell it as the game does, with every accent and apostrophe. If the "
                "spelling is right, the guild is on another realm: the game shows it in the guild window. Guilds of "
                "the Classic games cannot be read from Battle.net yet.",
                realm=shown,
                region=region,
                guild=wanted,
            )
        ) from error
    return FoundGuild(roster.address, roster.name or wanted, shown, roster.members)


def name_of_realm(realm: Realm) -> str:
    """Return how a realm is shown to people."""
    return realm.names[0] if realm.names else realm.slug


def realm_called(index: RealmIndex, region: str, wanted: str) -> Realm:
    """Return the realm of this name, in any language. Raises `NotFound`, with similar ones."""
    called = index.called(wanted)
    if len(called) == 1:
        return next(iter(called))
    if called:
        slugs = with_or(sorted(realm.slug for realm in called))
        raise NotFound(
            tr("“{name}” is the name of several realms. Use one of: {realms}.", name=wanted.strip(), realms=slugs)
        )
    near = _near(index, wanted)
    hint = tr("Did you mean {realms}?", realms=with_or(near)) if near else tr("Check the region too.")
    no_realm = tr("The region {region} has no realm “{realm}”.", region=region, realm=wanted.strip())
    raise NotFound(f"{no_realm} {hint}")


def _near(index: RealmIndex, wanted: str) -> list[str]:
    """Return the most similar realm names, in any language; one name for each realm."""
    names = [(realm, name) for realm in index.realms for name in realm.names]
    near: dict[str, str] = {}
    for found in SimilarNames([name for _, name in names]).like([wanted]):
        realm, name = names[found.place]
        near.setdefault(realm.slug, name)
    return list(near.values())[:MOST_SUGGESTIONS]


class KnownRealms:
    """The realms of each region, kept for a while: they are looked up with every few letters that somebody types."""

    def __init__(self) -> None:
        self._kept: dict[str, tuple[float, RealmIndex]] = {}

    def of(self, source: RealmSource) -> RealmSource:
        """Return a source that asks this one only for what is not kept."""
        return _KeptRealms(self._kept, source)


@dataclass(frozen=True, slots=True)
class _KeptRealms:
    _kept: dict[str, tuple[float, RealmIndex]]
    _source: RealmSource

    async def fetch_realms(self, region: str) -> RealmIndex:
        at, index = self._kept.get(region, (0.0, None))
        if index is None or time.monotonic() - at > _KEPT_S:
            index = await self._source.fetch_realms(region)
            self._kept[region] = (time.monotonic(), index)
        return index
