"""The sources, as the engine uses them: protocols that the real clients implement."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from typing import Protocol, TypeVar

from sv_common.guild_sync.core.keyed_hash import InstallationSecret
from sv_common.guild_sync.sources.discord.message import Announcement
from sv_common.guild_sync.sources.discord.permissions import RoleAuthority
from sv_common.guild_sync.sources.models import (
    Achievement,
    CharacterAddress,
    CollectionAnswer,
    DiscordGuild,
    DiscordMember,
    GuildAddress,
    GuildRoster,
    Pet,
    ProfileAnswer,
    RealmIndex,
    RosterCharacter,
)

_Reduced = TypeVar("_Reduced")


class BattleNetSource(Protocol):
    async def fetch_roster(self, guild: GuildAddress) -> Sequence[RosterCharacter]:
        """Fetch the whole roster with every profile that can be read; a member without one keeps the roster's fields.

        Raises a `SourceError` when the roster cannot be read whole, or the credentials are rejected.
        """


class ProfileSource(Protocol):
    """Reads the roster without profiles, and profiles without the roster, each at its own time."""

    @property
    def requests_an_hour(self) -> int:
        """How many requests may be sent within an hour, for all guilds together."""

    @property
    def spare_requests(self) -> int:
        """How many requests may still be sent within this hour, for all guilds together."""

    async def fetch_members(self, guild: GuildAddress) -> GuildRoster:
        """Fetch the roster and the guild's canonical address: one request, two for a name with an apostrophe.

        Raises `GuildNotFoundError` when there is no such guild, another `SourceError` when the roster cannot be read whole.
        """

    async def fetch_profiles(self, region: str, characters: Sequence[CharacterAddress]) -> Sequence[ProfileAnswer]:
        """Fetch profiles, in the order of the characters, with at most two requests for each: the second for the status.

        One that failed is `FAILED`, with its sentence; after many failures in a row the rest is `NOT_ASKED`. Raises a
        `SourceError` when nothing can be fetched at all, as with rejected credentials.
        """


class CollectionSource(Protocol):
    """Reads what the account of a character has collected, and keeps nothing of it but what is made of it."""

    @property
    def requests_an_hour(self) -> int:
        """How many requests may be sent within an hour, for all guilds together."""

    @property
    def spare_requests(self) -> int:
        """How many requests may still be sent within this hour, for all guilds together."""

    async def fetch_pets(
        self, region: str, characters: Sequence[CharacterAddress], reduce: Callable[[frozenset[Pet]], _Reduced]
    ) -> Sequence[CollectionAnswer[_Reduced]]:
        """Fetch the battle pets of characters, with one request for each, and return what `reduce` makes of them, in the same order.

        `reduce` runs in another thread. One that failed is `FAILED`, with its sentence; after many failures in a row the rest is
        `NOT_ASKED`. Raises a `SourceError` when nothing can be fetched at all, as with rejected credentials.
        """

    async def fetch_achievements(
        self, region: str, characters: Sequence[CharacterAddress], reduce: Callable[[frozenset[Achievement]], _Reduced]
    ) -> Sequence[CollectionAnswer[_Reduced]]:
        """Fetch which achievements characters have completed, like `fetch_pets`."""


class RealmSource(Protocol):
    async def fetch_realms(self, region: str) -> RealmIndex:
        """Fetch all realms with their names in each language of the region, one request for each language.

        Raises a `SourceError` when one of them cannot be read whole.
        """


class DiscordSource(Protocol):
    async def fetch_guild(self, discord_guild_id: str) -> DiscordGuild:
        """Fetch all roles and all members (bots included, marked); an empty list of members is returned as it came.

        Raises a `SourceError` when any page fails.
        """

    async def fetch_member(self, discord_guild_id: str, user_id: str) -> DiscordMember | None:
        """Fetch one member; None when the user is not on the server. Raises a `SourceError` when that is not known."""

    async def fetch_authority(self, discord_guild_id: str) -> RoleAuthority:
        """Fetch all roles and what the bot may do with them. Raises a `SourceError` when that cannot be read."""

    async def add_role(self, discord_guild_id: str, user_id: str, role_id: str, *, reason: str) -> None:
        """Give a member one role; giving it again changes nothing. `reason` goes into Discord's audit log.

        Raises a `SourceError` when Discord refuses.
        """

    async def remove_role(self, discord_guild_id: str, user_id: str, role_id: str, *, reason: str) -> None:
        """Take one role from a member, like `add_role`."""


class Announcer(Protocol):
    async def announce(self, channel_id: str, announcement: Announcement) -> str:
        """Post the announcement, cut to Discord's limits, and return the message's id. It mentions no member.

        Within some minutes the same nonce posts nothing a second time: the first message's id comes back. Raises a
        `SourceError` when it could not be posted.
        """

    async def rewrite(self, channel_id: str, message_id: str, announcement: Announcement) -> bool:
        """Edit a posted message; False when it was deleted. Raises a `SourceError`."""


@dataclass(frozen=True, slots=True)
class AccountSource:
    """What account evidence is made of: collections, and the secret of the installation with which they are hashed."""

    collections: CollectionSource
    secret: InstallationSecret


@dataclass(slots=True)
class Sources:
    """The sources and the announcer that an installation has; None for one that is not set up.

    `profiles`, `realms` and `accounts` are Battle.net too, for what is read apart from the roster; `accounts` also needs the
    installation's secret. All parts of a process share one, so that those which are set up while it runs are there for each.
    """

    battle_net: BattleNetSource | None = None
    discord: DiscordSource | None = None
    announcer: Announcer | None = None
    profiles: ProfileSource | None = None
    realms: RealmSource | None = None
    accounts: AccountSource | None = None

    def become(self, others: Sources) -> None:
        """Take over other sources, for all that share these."""
        for each in fields(self):
            setattr(self, each.name, getattr(others, each.name))
