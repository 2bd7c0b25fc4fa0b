"""Makes the people of a simulated guild from one seed: who they are, what their notes say, who is on Discord."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator
from dataclasses import dataclass, field

from sv_common.guild_sync.simulators import vocabulary as words
from sv_common.guild_sync.simulators.model import (
    DAY_MS,
    Realm,
    WorldChannel,
    WorldCharacter,
    WorldMember,
    WorldPerson,
    WorldRole,
)
from sv_common.guild_sync.sources.discord.permissions import Permission
from sv_common.guild_sync.sources.models import CLASS_NAMES

HOME_REALM = Realm(3101, "Mal'Torith", "maltorith")
OTHER_REALM = Realm(3102, "Sector 17", "sector-17")

REALMS = {
    "us": (HOME_REALM, OTHER_REALM),
    "eu": (
        Realm(3201, "Velmora", "velmora", {"ru_RU": "Вельмора"}),
        Realm(3202, "Marais étoilé", "marais-étoilé"),
        Realm(3203, "Azor-Kethul", "azorkethul"),
        Realm(3204, "Ashen Ford", "ashen-ford", {"ru_RU": "Пепельный брод"}),
        Realm(3205, "Falena (Português)", "falena-português"),
    ),
    "kr": (Realm(3301, "달그늘", "moonshade"), Realm(3302, "은빛 여울", "silver-rapids")),
    "tw": (Realm(3401, "銀楓谷", "silvermaple"), Realm(3402, "夜鴉之森", "nightraven-forest")),
}
"""The realms of each region, a guild's own first. Slugs are as Battle.net makes them: a hyphen of the name is dropped."""

LONGEST_NOTE = 31
LONGEST_NAME = 12
TOP_LEVEL = 90
SMALLEST_WORLD_WITH_TRAPS = 60
LOWEST_RANK = len(words.RANK_NAMES) - 1

DISCORD_GUILD_ID = "810000000000000001"
BOT_ID = "840000000000000001"
AUDIT_CHANNEL_ID = "830000000000000001"
_EVERYONES_PERMISSIONS = Permission.VIEW_CHANNEL | Permission.SEND_MESSAGES | Permission.EMBED_LINKS
_FIRST_ROLE_ID = 820000000000000001


@dataclass
class Seeder:
    """Draws people: the same seed draws the same in the same order, in any region. `now_ms` is in milliseconds since 1970, UTC."""

    seed: int
    now_ms: int
    region: str = "us"
    people: list[WorldPerson] = field(default_factory=list)
    friends: list[WorldMember] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._home, *others = REALMS[self.region]
        self._others = itertools.cycle(others)
        self._random = random.Random(f"guild world {self.seed}")  # noqa: S311  # repeatable on purpose, guards nothing
        self._taken = {name.lower() for name in (*words.NICKNAMES, *words.TRAP_NAMES)}
        self._ids: set[int] = set()
        self._nicknames = list(words.NICKNAMES)
        self._random.shuffle(self._nicknames)

    def populate(self, size: int) -> None:
        """Draw `size` characters: about three for each person, three people in four on Discord."""
        if size >= SMALLEST_WORLD_WITH_TRAPS:
            self._add_traps()
        there = sum(len(person.characters) for person in self.people)
        wanted_people = max(1, size // 3 - len(self.people))
        families = [1] * min(wanted_people, size - there)
        for _ in range(size - there - len(families)):
            families[self._random.randrange(len(families))] += 1
        ranks = self._main_ranks()
        self.people[:0] = [self._family(count, next(ranks)) for count in families]
        self.friends.extend(self.member(f"{self.new_name()} (friend)") for _ in range(max(1, size // 24)))

    def character(
        self, name: str, rank: int, note: str = "", *, realm: Realm | None = None, level: int = TOP_LEVEL
    ) -> WorldCharacter:
        """Make a character who last logged in within the last 25 days, or, one time in ten, long ago."""
        days = self._random.uniform(0, 25) if self._random.random() < 0.9 else self._random.uniform(40, 400)
        return WorldCharacter(
            name=name,
            realm=realm or self._home,
            character_id=self._new_id(10_000_000, 200_000_000),
            class_id=self._random.choice(list(CLASS_NAMES)),
            level=level,
            rank=rank,
            last_login_ms=self.now_ms - int(days * DAY_MS),
            note=note,
            officer_note=self._random.choice(words.OFFICER_NOTES),
            item_level=self._random.randint(600, 750) if level == TOP_LEVEL else level * 5,
        )

    def member(self, display_name: str, username: str | None = None) -> WorldMember:
        """Make a Discord member who shows `display_name`, as nick or as global name."""
        user_id = str(self._new_id(100_000_000_000_000_000, 999_999_999_999_999_999))
        handle = username or f"{self.new_name().lower()}{self._random.randint(1, 99)}"
        if self._random.random() < 0.5:
            return WorldMember(user_id, handle, global_name=display_name)
        return WorldMember(user_id, handle, global_name=self._random.choice([None, handle.title()]), nick=display_name)

    def new_name(self) -> str:
        """Make a name that is no part of another name of this world, and has no other as a part."""
        while True:
            name = self._random.choice(words.NAME_STARTS) + self._random.choice(words.NAME_ENDS)
            key = name.lower()
            if len(name) <= LONGEST_NAME and not any(key in other or other in key for other in self._taken):
                self._taken.add(key)
                return name

    def _new_id(self, low: int, high: int) -> int:
        number = self._random.randint(low, high)
        while number in self._ids:
            number = self._random.randint(low, high)
        self._ids.add(number)
        return number

    def _main_ranks(self) -> Iterator[int]:
        """Give the mains their ranks: one guild master, few officers, and more the lower the rank."""
        yield from (0, 1, 1, 1, 2, 2, 2, 3, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 6)
        while True:
            yield self._random.choice([2, 3, 3, 4, 4, 4, 5, 6])

    def _family(self, count: int, rank: int) -> WorldPerson:
        person = WorldPerson([self.character(self.new_name(), rank, self._random.choice(words.MAIN_NOTES))])
        if self._random.random() < 0.8:
            form = self._random.choice(words.DISPLAY_FORMS)
            username = person.name.lower() if self._random.random() < 0.6 else None
            person.member = self.member(_fill(form, person), username)
        nickname = self._nicknames.pop() if self._nicknames and count > 2 and self._random.random() < 0.3 else None
        if nickname and self._random.random() < 0.5:
            person.main.note = nickname
        favorite = nickname or self._alt_form(person)
        person.characters.extend(self._alt(person, favorite) for _ in range(count - 1))
        return person

    def _alt(self, person: WorldPerson, favorite: str) -> WorldCharacter:
        realm = next(self._others) if self._random.random() < 0.15 else self._home
        rank = max(1, person.main.rank, self._random.choice([person.main.rank, 4, LOWEST_RANK]))
        level = self._random.choice([TOP_LEVEL, TOP_LEVEL, self._random.randint(10, TOP_LEVEL)])
        note = self._alt_note(person, favorite)
        alt = self.character(self.new_name(), rank, note, realm=realm, level=level)
        alt.has_profile = self._random.random() > 0.05
        return alt

    def _alt_note(self, person: WorldPerson, favorite: str) -> str:
        """Name the main in six notes of ten, in the family's usual form mostly; else no one, or nothing, or a slip."""
        draw = self._random.random()
        if draw < 0.5:
            return _fill(favorite, person)
        if draw < 0.62:
            return _fill(self._alt_form(person), person)
        if draw < 0.82:
            return self._random.choice(words.NOBODY_NOTES)
        return "" if draw < 0.93 else misspelled(person.name)

    def _alt_form(self, person: WorldPerson) -> str:
        forms = (*words.ALT_FORMS, *words.DISCORD_FORMS) if person.member else words.ALT_FORMS
        return self._random.choice([form for form in forms if len(_fill(form, person)) <= LONGEST_NOTE])

    def _add_traps(self) -> None:
        """Add the cases that a careless reading of notes gets wrong."""
        self._person("Shodoom", on_discord="Shodoom")
        self.friends.append(self.member("Showertune"))
        self._person("Tideling", note="sho")
        self._person("Grimrokk", alts={"Velquin": "Grim"}, on_discord="Grimrokk")
        self._person("Grimaldo", on_discord="Grimaldo")
        self._person("Ton")
        self.friends.append(self.member("washington"))
        for name in ("Nael", "Naél", "Naèl"):
            self._person(name)
        self._person("Naël", alts={"Isolt": "Naël"}, on_discord="Naël")
        self._person("Oakmantle", alts={"Oakling": "Chris"}, on_discord="chris")
        self._person("Pinefeather", on_discord="christopher")
        self._person("Tailor", alts={"Needlepin": "alt of Tailor"}, on_discord="Tailor")
        self._person("Ravenlode", on_discord="Ravenlode")
        self._person("Blackwater", on_discord="Blackwater")
        namesake = self.character("Ravenlode", LOWEST_RANK, "alt of Blackwater", realm=next(self._others))
        self.people[-1].characters.append(namesake)

    def _person(
        self, main: str, *, note: str = "", alts: dict[str, str] | None = None, on_discord: str | None = None
    ) -> None:
        rank = self._random.choice([3, 4, 5])
        characters = [self.character(main, rank, note)]
        characters += [self.character(name, LOWEST_RANK, text) for name, text in (alts or {}).items()]
        person = WorldPerson(characters)
        if on_discord:
            person.member = self.member(on_discord, on_discord.lower() if on_discord.isascii() else None)
        self.people.append(person)


def misspelled(name: str) -> str:
    """Swap the third and fourth letters: a slip that a reader sees through and an exact comparison does not."""
    return name[:2] + name[3] + name[2] + name[4:]


def discord_roles() -> tuple[list[WorldRole], dict[int, WorldRole]]:
    """Make the server's roles, lowest first, and those for each rank; the bot's own role is above all others."""
    ids = itertools.count(_FIRST_ROLE_ID)
    roles = [WorldRole(DISCORD_GUILD_ID, "@everyone", 0, permissions=_EVERYONES_PERMISSIONS)]
    roles.append(WorldRole(str(next(ids)), "Server Booster", 1, managed=True, tags={"premium_subscriber": None}))
    roles.append(WorldRole(str(next(ids)), "Book Club", 2))
    rank_roles = {}
    for rank in reversed(range(len(words.RANK_NAMES))):
        rank_roles[rank] = WorldRole(str(next(ids)), words.RANK_NAMES[rank], len(roles))
        roles.append(rank_roles[rank])
    tags = {"bot_id": BOT_ID}
    roles.append(
        WorldRole(str(next(ids)), "PATT", len(roles), managed=True, permissions=Permission.MANAGE_ROLES, tags=tags)
    )
    return roles, rank_roles


def discord_channels() -> list[WorldChannel]:
    """Make the server's channels: one for everyone, one for officers, and some that take no messages."""
    return [
        WorldChannel("830000000000000003", "Guild", 0, kind=4),
        WorldChannel("830000000000000002", "general", 0),
        WorldChannel(AUDIT_CHANNEL_ID, "officers", 1),
        WorldChannel("830000000000000004", "Raid", 2, kind=2),
    ]


def _fill(form: str, person: WorldPerson) -> str:
    username = person.member.username if person.member else ""
    return form.format(main=person.name, lower=person.name.lower(), username=username)
