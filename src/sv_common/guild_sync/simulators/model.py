"""The parts of a simulated guild: realms, characters, people, Discord roles and members. All are changed in place."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from sv_common.guild_sync.simulators.accounts import WorldAccount
from sv_common.guild_sync.sources.discord.permissions import Overwrite

DAY_MS = 24 * 60 * 60 * 1000


@dataclass(frozen=True, slots=True)
class Realm:
    """A realm as Battle.net's realm index lists it; `other_names` by locale, where they differ from `name`."""

    realm_id: int
    name: str
    slug: str
    other_names: Mapping[str, str] = field(default_factory=dict, compare=False)

    @property
    def normalized(self) -> str:
        """The form that the game client writes into its guild roster: no blanks, hyphens or full stops."""
        return self.normalized_in("")

    def normalized_in(self, locale: str) -> str:
        """The same, written by a client in the language of a locale ("ru_RU")."""
        return self.other_names.get(locale, self.name).replace(" ", "").replace("-", "").replace(".", "")


@dataclass(eq=False, slots=True)
class WorldCharacter:
    """A character, whether in the guild or not. `last_login_ms` is in milliseconds since 1970, UTC.

    With `has_profile` False, Battle.net lists the character in the roster and answers 404 for its profile and status.
    With `is_valid` False, the profile is 404 too, and the status says that the character is not valid. With `shows_pets` False,
    its pets alone are 404, as happens for months by Battle.net's own fault. `account` is one of the person's Battle.net
    accounts; None is the first.
    """

    name: str
    realm: Realm
    character_id: int
    class_id: int
    level: int
    rank: int
    last_login_ms: int
    note: str = ""
    officer_note: str = ""
    item_level: int = 0
    has_profile: bool = True
    is_valid: bool = True
    shows_pets: bool = True
    in_guild: bool = True
    account: WorldAccount | None = None

    @property
    def guid(self) -> str:
        """The game client's id of this character: realm id, then the character id in base 16."""
        return f"Player-{self.realm.realm_id}-{self.character_id:08X}"


@dataclass(eq=False, slots=True)
class WorldRole:
    """A role of the Discord server; `tags` as on the wire."""

    role_id: str
    name: str
    position: int
    managed: bool = False
    permissions: int = 0
    tags: Mapping[str, str | None] = field(default_factory=dict)


@dataclass(eq=False, slots=True)
class WorldChannel:
    """A channel of the Discord server; `kind` is Discord's number (0 text, 2 voice, 4 category, 5 announcements)."""

    channel_id: str
    name: str
    position: int
    kind: int = 0
    overwrites: list[Overwrite] = field(default_factory=list)


@dataclass(eq=False, slots=True)
class WorldMember:
    """A member of the Discord server. `role_ids` never holds @everyone."""

    user_id: str
    username: str
    global_name: str | None = None
    nick: str | None = None
    role_ids: list[str] = field(default_factory=list)
    is_bot: bool = False

    @property
    def display_name(self) -> str:
        """What Discord shows: nick, else global name, else username."""
        return self.nick or self.global_name or self.username


@dataclass(eq=False, slots=True)
class WorldPerson:
    """The truth that the sources only hint at: one person, their characters (the main first), their Discord member."""

    characters: list[WorldCharacter]
    member: WorldMember | None = None
    own_account: WorldAccount | None = None

    @property
    def main(self) -> WorldCharacter:
        return self.characters[0]

    @property
    def name(self) -> str:
        return self.main.name

    @property
    def alts(self) -> list[WorldCharacter]:
        return self.characters[1:]

    @property
    def highest_rank(self) -> int | None:
        """The most powerful (lowest) rank index among the characters in the guild; None when none is in it."""
        return min((character.rank for character in self.characters if character.in_guild), default=None)


@dataclass(slots=True)
class WorldMessage:
    """A message posted to a Discord channel, as its sender wrote it (`payload` is the request body) or rewrote it."""

    message_id: str
    channel_id: str
    nonce: str | None
    payload: Mapping[str, object]


@dataclass(frozen=True, slots=True)
class AuditEntry:
    """A line of the Discord audit log: `action` is "add" or "remove"; `reason` is as the bot meant it, decoded."""

    action: str
    user_id: str
    role_id: str
    reason: str | None
