"""What the sources return about a guild, as typed values. No field here is trusted beyond its type."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Generic, NamedTuple, TypeVar

from sv_common.guild_sync.core.language import mark
from sv_common.guild_sync.core.names import realm_key

_Reduced = TypeVar("_Reduced")

GUILD_MASTER_RANK = 0
LOWEST_RANK = 9

CLASS_NAMES = {
    1: mark("Warrior"),
    2: mark("Paladin"),
    3: mark("Hunter"),
    4: mark("Rogue"),
    5: mark("Priest"),
    6: mark("Death Knight"),
    7: mark("Shaman"),
    8: mark("Mage"),
    9: mark("Warlock"),
    10: mark("Monk"),
    11: mark("Druid"),
    12: mark("Demon Hunter"),
    13: mark("Evoker"),
}
"""Battle.net playable class ids: the roster names a class by id only (Battle.net playable-class index)."""

_GUID = re.compile(r"Player-[0-9]+-([0-9A-Fa-f]{8})")


@dataclass(frozen=True, slots=True)
class GuildAddress:
    region: str
    realm_slug: str
    name_slug: str


@dataclass(frozen=True, slots=True)
class RosterCharacter:
    """One member of the Battle.net roster, with what its profile adds where the profile could be read.

    `rank` counts from 0, the guild master. `last_login_timestamp` is in milliseconds since 1970, UTC. None means
    unknown and never overwrites what is known.
    """

    name: str
    realm_slug: str
    rank: int
    level: int
    realm_name: str | None = None
    realm_id: int | None = None
    character_id: int | None = None
    class_id: int | None = None
    item_level: int | None = None
    last_login_timestamp: int | None = None


@dataclass(frozen=True, slots=True)
class AddonCharacter:
    """One row of the addon's export, the only source of notes and rank names. A note of None was not seen; an empty one was.

    `realm` is the client's normalized name ("Area52"), None in old exports. `hours_away`: at least so long when the export was
    made, 0 for online; no rule uses it, because an export may be weeks old when it arrives.
    """

    name: str
    realm: str | None
    note: str | None
    officer_note: str | None
    rank: int | None
    rank_name: str | None
    level: int | None
    class_name: str | None
    guid: str | None = None
    hours_away: int | None = None

    @property
    def supposed_id(self) -> int | None:
        """Battle.net's id of the character, if it is what the client's own id ends with (`Player-<realm>-<8 hex>`).

        Known from community code only: a hint beside the name, never an identity.
        """
        found = _GUID.fullmatch(self.guid) if self.guid else None
        return int(found[1], 16) if found else None


@dataclass(frozen=True, slots=True)
class DiscordRole:
    """A role of a Discord server, the more powerful the higher its `position`; `managed` ones belong to an integration.

    `is_administrative`: it gives power over the server or its members.
    """

    role_id: str
    name: str
    position: int
    managed: bool
    is_administrative: bool = False


@dataclass(frozen=True, slots=True)
class DiscordMember:
    """A member of a Discord server; `role_ids` does not hold @everyone."""

    user_id: str
    username: str
    global_name: str | None
    nick: str | None
    role_ids: tuple[str, ...]
    is_bot: bool

    @property
    def display_name(self) -> str:
        """What Discord shows: nick, else global name, else username."""
        return self.nick or self.global_name or self.username


@dataclass(frozen=True, slots=True)
class DiscordGuild:
    guild_id: str
    name: str
    roles: Sequence[DiscordRole]
    members: Sequence[DiscordMember]


LOCALES = {
    "us": ("en_US", "es_MX", "pt_BR"),
    "eu": ("en_GB", "es_ES", "fr_FR", "ru_RU", "de_DE", "pt_PT", "it_IT"),
    "kr": ("ko_KR",),
    "tw": ("zh_TW",),
}
"""The languages of each region (develop.battle.net, "Regionality and APIs"), the one that is requested first."""


@dataclass(frozen=True, slots=True)
class Realm:
    """One realm. `names` are its names in the languages of its region, each once, the region's first language first."""

    realm_id: int
    slug: str
    names: tuple[str, ...]


class RealmIndex:
    """All realms of one region; empty where they were never fetched."""

    def __init__(self, realms: Sequence[Realm] = ()) -> None:
        self.realms = tuple(realms)
        self._by_key: dict[str, set[Realm]] = defaultdict(set)
        for realm in self.realms:
            for name in (realm.slug, *realm.names):
                self._by_key[realm_key(name)].add(realm)

    def called(self, name: str) -> frozenset[Realm]:
        """Return the realms with this slug, name in any language, or form that the game client writes ("Area52").

        Several where one name belongs to different realms in different languages.
        """
        return frozenset(self._by_key.get(realm_key(name), ()))


@dataclass(frozen=True, slots=True)
class GuildRoster:
    """A whole roster. `address` is the canonical one that Battle.net itself gives for the guild."""

    address: GuildAddress
    name: str | None
    members: Sequence[RosterCharacter]


@dataclass(frozen=True, slots=True)
class CharacterProfile:
    """What a profile adds to the roster. `last_login_timestamp` is in milliseconds since 1970, UTC."""

    character_id: int
    name: str
    realm_slug: str
    realm_name: str | None
    realm_id: int | None
    class_id: int | None
    item_level: int | None
    last_login_timestamp: int | None


@dataclass(frozen=True, slots=True)
class CharacterStatus:
    """What Battle.net's status endpoint returns for the character that has a name now."""

    character_id: int | None
    is_valid: bool


@dataclass(frozen=True, slots=True)
class CharacterAddress:
    """Where a character's profile is, and the id of the character that is meant; None where it is not known."""

    realm_slug: str
    name: str
    character_id: int | None = None


class ProfileState(StrEnum):
    """The result of a profile request. Only GONE means that the character no longer exists.

    HIDDEN: it exists, but its profile is not shown. NOT_ASKED: too many requests had failed before.
    """

    SHOWN = "shown"
    HIDDEN = "hidden"
    GONE = "gone"
    FAILED = "failed"
    NOT_ASKED = "not_asked"


@dataclass(frozen=True, slots=True)
class ProfileAnswer:
    """A profile, or why there is none. `reason` completes a sentence about the character, or is an error's sentence."""

    state: ProfileState
    profile: CharacterProfile | None = None
    reason: str = ""


class Pet(NamedTuple):
    """A battle pet of an account: its own number, and its species. Only both together tell it from every other pet."""

    id: int
    species: int


class Achievement(NamedTuple):
    """An achievement that was completed, and when, in milliseconds since 1970, UTC."""

    id: int
    completed_ms: int


class CollectionState(StrEnum):
    """The result of a request for what an account has collected.

    REFUSED: Battle.net shows it for this character no longer (404 or 403), as for a player who hides their game data.
    NOT_ASKED: too many requests had failed before.
    """

    READ = "read"
    REFUSED = "refused"
    FAILED = "failed"
    NOT_ASKED = "not_asked"


@dataclass(frozen=True, slots=True)
class CollectionAnswer(Generic[_Reduced]):
    """What was made of a collection, or why there is none; `reason` is then an error's sentence."""

    state: CollectionState
    reduced: _Reduced | None = None
    reason: str = ""
