"""A small guild that can be seeded and nudged. The simulated sources show it; it alone knows the truth."""

from __future__ import annotations

import itertools
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from sv_common.guild_sync.simulators import seeding
from sv_common.guild_sync.simulators.accounts import WorldAccount
from sv_common.guild_sync.simulators.model import (
    DAY_MS,
    AuditEntry,
    Realm,
    WorldChannel,
    WorldCharacter,
    WorldMember,
    WorldMessage,
    WorldPerson,
    WorldRole,
)
from sv_common.guild_sync.simulators.vocabulary import RANK_NAMES
from sv_common.guild_sync.sources.models import LOWEST_RANK, GuildAddress

LARGEST_GUILD = 1000
"""How many characters the game lets into one guild."""

_FIRST_NEW_CHARACTER_ID = 300_000_001
_FIRST_NEW_SNOWFLAKE = 1_400_000_000_000_000_001
_ROOM = 1_000_000
"""How many new ids each of several worlds has to itself."""


@dataclass(eq=False)
class GuildWorld:
    """A guild as it really is, with its Discord server. Not safe for changes from two threads at once.

    `rank_names` and `rank_roles` go by rank; `people` says who is who. Battle.net answers to `guild_slug` alone.
    """

    now_ms: int
    people: list[WorldPerson]
    members: list[WorldMember]
    roles: list[WorldRole]
    rank_roles: dict[int, WorldRole]
    bot: WorldMember
    region: str = "us"
    guild_name: str = "The Lantern Watch"
    guild_slug: str = "the-lantern-watch"
    guild_id: int = 70_112_233
    realm: Realm = seeding.HOME_REALM
    realms: list[Realm] = field(default_factory=lambda: list(seeding.REALMS["us"]))
    rank_names: list[str] = field(default_factory=lambda: list(RANK_NAMES))
    discord_guild_id: str = seeding.DISCORD_GUILD_ID
    discord_name: str = "The Lantern Watch"
    audit_channel_id: str = seeding.AUDIT_CHANNEL_ID
    channels: list[WorldChannel] = field(default_factory=seeding.discord_channels)
    messages: list[WorldMessage] = field(default_factory=list)
    audit_log: list[AuditEntry] = field(default_factory=list)
    _character_ids: Iterator[int] = field(default_factory=lambda: itertools.count(_FIRST_NEW_CHARACTER_ID))
    _snowflakes: Iterator[int] = field(default_factory=lambda: itertools.count(_FIRST_NEW_SNOWFLAKE))

    @classmethod
    def seeded(cls, seed: int, size: int = 120, *, now_ms: int | None = None, region: str = "us") -> GuildWorld:
        """Make a guild of `size` characters; the same seed, size and region give the same one. Raises ValueError for a wrong size.

        `now_ms` is in milliseconds since 1970, UTC. From 60 characters on, the guild holds the known traps for readers of notes.
        """
        if not 1 <= size <= LARGEST_GUILD:
            raise ValueError(f"a guild has 1 to {LARGEST_GUILD} characters")
        now = int(time.time() * 1000) if now_ms is None else now_ms
        seeder = seeding.Seeder(seed, now, region)
        seeder.populate(size)
        roles, rank_roles = seeding.discord_roles()
        bot = WorldMember(seeding.BOT_ID, "patt-bot", role_ids=[_role(roles, "PATT").role_id], is_bot=True)
        jukebox = WorldMember("840000000000000002", "jukebox", is_bot=True)
        on_discord = [person.member for person in seeder.people if person.member]
        members = [*on_discord, *seeder.friends, bot, jukebox]
        realms = list(seeding.REALMS[region])
        world = cls(now, seeder.people, members, roles, rank_roles, bot, region, realm=realms[0], realms=realms)
        for person in world.people:
            world.grant_correct_role(person)
        for booster in on_discord[:2]:
            booster.role_ids.append(_role(roles, "Server Booster").role_id)
        return world

    def set_apart(self, number: int) -> None:
        """Give the guild realms, a server and ids of its own, so that worlds of other numbers can stand beside it."""
        moved = {realm: _own_realm(realm, number) for realm in self.realms}
        self.realm, self.realms = moved[self.realm], list(moved.values())
        for character in self._all_characters:
            character.realm = moved[character.realm]
        everyone = next(role for role in self.roles if role.role_id == self.discord_guild_id)
        everyone.role_id = self.discord_guild_id = str(int(self.discord_guild_id) + number)
        for channel in self.channels:
            channel.channel_id = str(int(channel.channel_id) + number * _ROOM)
        self.audit_channel_id = str(int(self.audit_channel_id) + number * _ROOM)
        self.guild_id += number
        self.guild_name, self.guild_slug = f"{self.guild_name} {number}", f"{self.guild_slug}-{number}"
        self._character_ids = itertools.count(_FIRST_NEW_CHARACTER_ID + number * _ROOM)
        self._snowflakes = itertools.count(_FIRST_NEW_SNOWFLAKE + number * _ROOM)

    @property
    def address(self) -> GuildAddress:
        return GuildAddress(self.region, self.realm.slug, self.guild_slug)

    @property
    def characters(self) -> list[WorldCharacter]:
        return [character for character in self._all_characters if character.in_guild]

    @property
    def _all_characters(self) -> list[WorldCharacter]:
        return [character for person in self.people for character in person.characters]

    def character(self, name: str, realm_slug: str | None = None) -> WorldCharacter:
        """Find a character by its exact name, in the guild or not. Raises LookupError when none has it."""
        for character in self._all_characters:
            if character.name == name and realm_slug in (None, character.realm.slug):
                return character
        raise LookupError(f"nobody in this world is called {name!r}")

    def person_of(self, character: WorldCharacter) -> WorldPerson:
        for person in self.people:
            if character in person.characters:
                return person
        raise LookupError(f"{character.name!r} is not of this world")

    def account_of(self, character: WorldCharacter) -> WorldAccount:
        """Return the Battle.net account that a character belongs to; a person's own is drawn when it is first wanted."""
        if character.account is not None:
            return character.account
        person = self.person_of(character)
        if person.own_account is None:
            first = person.characters[0]
            person.own_account = WorldAccount.drawn(f"{self.guild_id} {first.character_id}")
        return person.own_account

    def member(self, user_id: str) -> WorldMember | None:
        return next((member for member in self.members if member.user_id == user_id), None)

    def role(self, role_id: str) -> WorldRole | None:
        return next((role for role in self.roles if role.role_id == role_id), None)

    def channel(self, channel_id: str) -> WorldChannel | None:
        return next((channel for channel in self.channels if channel.channel_id == channel_id), None)

    def role_named(self, name: str) -> WorldRole:
        """Raises LookupError when there is none."""
        return _role(self.roles, name)

    def correct_role(self, person: WorldPerson) -> WorldRole | None:
        """Say which role the person's highest rank calls for; None without a rank, or for a rank without a role."""
        rank = person.highest_rank
        return None if rank is None else self.rank_roles.get(rank)

    def set_note(self, character: WorldCharacter, note: str) -> None:
        """Write a public note. Raises ValueError above the game's 31 letters."""
        if len(note) > seeding.LONGEST_NOTE:
            raise ValueError(f"the game takes at most {seeding.LONGEST_NOTE} letters in a note: {note!r}")
        character.note = note

    def set_rank(self, character: WorldCharacter, rank: int) -> None:
        """Promote or demote. Raises ValueError for a rank that the guild does not have."""
        if not 0 <= rank < len(self.rank_names):
            raise ValueError(f"the guild has no rank {rank}")
        character.rank = rank

    def insert_rank(self, rank: int, name: str) -> None:
        """Add a rank above the present `rank`, which moves one down with all below it, their people and roles."""
        if len(self.rank_names) > LOWEST_RANK:
            raise ValueError("a guild has at most ten ranks")
        self.rank_names.insert(rank, name)
        self.rank_roles = {index + (index >= rank): role for index, role in self.rank_roles.items()}
        for character in self._all_characters:
            character.rank += character.rank >= rank

    def remove_rank(self, rank: int) -> None:
        """Take away a rank, so that all below it move one up. Raises ValueError while anyone holds it, as the game does."""
        if any(character.rank == rank for character in self._all_characters):
            raise ValueError(f"a character has the rank {rank}")
        del self.rank_names[rank]
        self.rank_roles = {index - (index > rank): role for index, role in self.rank_roles.items() if index != rank}
        for character in self._all_characters:
            character.rank -= character.rank > rank

    def leave(self, character: WorldCharacter) -> None:
        """Take a character out of the guild; the game forgets both notes."""
        character.in_guild = False
        character.note = character.officer_note = ""

    def rejoin(self, character: WorldCharacter, *, rank: int | None = None, note: str = "") -> None:
        """Bring a character back, at the lowest rank unless told."""
        character.in_guild = True
        character.note = note
        self.set_rank(character, len(self.rank_names) - 1 if rank is None else rank)

    def rename(self, character: WorldCharacter, new_name: str) -> None:
        """Give a character another name; its id stays."""
        character.name = new_name

    def transfer(self, character: WorldCharacter, realm: Realm) -> None:
        """Move a character to another realm; its id changes."""
        character.realm = realm
        character.character_id = next(self._character_ids)

    def join(
        self,
        name: str,
        *,
        note: str = "",
        rank: int | None = None,
        realm: Realm | None = None,
        level: int = seeding.TOP_LEVEL,
        person: WorldPerson | None = None,
    ) -> WorldCharacter:
        """Let a new character join, at the lowest rank unless told; an alt of `person`, or a new person's main."""
        lowest = len(self.rank_names) - 1
        character = WorldCharacter(name, realm or self.realm, next(self._character_ids), 1, level, lowest, self.now_ms)
        self.set_note(character, note)
        self.set_rank(character, lowest if rank is None else rank)
        if person is None:
            self.people.append(WorldPerson([character]))
        else:
            person.characters.append(character)
        return character

    def last_login(self, character: WorldCharacter, days_ago: float, now_ms: int) -> None:
        """Set a character's last login to so many days before `now_ms` (milliseconds since 1970, UTC)."""
        character.last_login_ms = now_ms - int(days_ago * DAY_MS)

    def discord_join(
        self, display_name: str, *, person: WorldPerson | None = None, roles: Iterable[WorldRole] = ()
    ) -> WorldMember:
        """Let someone join the server, showing `display_name`; `person` says who it is, where that is known."""
        user_id = self.new_snowflake()
        member = WorldMember(user_id, f"user{user_id[-6:]}", display_name)
        self.set_discord_roles(member, roles)
        self.members.append(member)
        if person is not None:
            person.member = member
        return member

    def discord_leave(self, member: WorldMember) -> None:
        """Let a member leave the server; Discord forgets nick and roles."""
        self.members.remove(member)
        member.nick = None
        member.role_ids = []

    def set_discord_roles(self, member: WorldMember, roles: Iterable[WorldRole]) -> None:
        member.role_ids = [role.role_id for role in roles]

    def grant_correct_role(self, person: WorldPerson) -> None:
        """Give a person's member the role of their highest rank and take the other ranks' roles."""
        if person.member is None:
            return
        rank_role_ids = {role.role_id for role in self.rank_roles.values()}
        kept = [role_id for role_id in person.member.role_ids if role_id not in rank_role_ids]
        correct = self.correct_role(person)
        person.member.role_ids = kept + ([correct.role_id] if correct else [])

    def new_snowflake(self) -> str:
        return str(next(self._snowflakes))


def _own_realm(realm: Realm, number: int) -> Realm:
    return replace(
        realm, realm_id=realm.realm_id + 100 * number, name=f"{realm.name} {number}", slug=f"{realm.slug}-{number}"
    )


def _role(roles: list[WorldRole], name: str) -> WorldRole:
    for role in roles:
        if role.name == name:
            return role
    raise LookupError(f"the server has no role {name!r}")
