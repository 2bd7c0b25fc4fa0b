"""Guilds of any size, drawn from a seed: what the three sources say of them, and who plays whom.

About three characters to a person, seven people in ten on Discord. Half of the notes name the main in one of the forms
that officers use, a quarter are about professions or roles, the rest is empty. No two names can be taken for one
another, so that plain SQL and the engine must come to the same conclusions.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sv_common.guild_sync.sources.models import CLASS_NAMES, DiscordGuild, DiscordMember, DiscordRole, RosterCharacter

CHARACTERS_PER_PERSON = 3
CHANGED_SHARE = 0.03

RANK_NAMES = ("Guild Master", "Officer", "Veteran", "Raider", "Member", "Initiate", "Alt")
LOWEST_MAPPED_RANK = 5
"""Ranks down to this one have a managed Discord role."""

_ALT_RANK = len(RANK_NAMES) - 1
_REALMS = (("maltorith", "Mal'Torith", "MalTorith", 3101), ("sector-17", "Sector 17", "Sector17", 3102))
_ALT_FORMS = (
    "{main}", "{lower}", "alt of {main}", "Alt of {main}", "{main}'s alt", "{main} Alt", "alt: {main}", "[MAIN:{main}]",
    "{main} - Alch 225", "{main}'s bank", "@{main}",
)  # fmt: skip
_NOBODY_NOTES = (
    *("Alch 300 / Herb 300", "BS/Eng", "Holy", "Leatherworking", "Mining 225", "Off tank", "Bank"),
    "2020-12-05",
)
_OFFICER_NOTES = ("", "", "", "DKP:50", "trial until Friday")
_DISPLAY_FORMS = ("{main}", "{main}", "{lower}", "⚔ {main}", "{main} | raid lead", "Sir {main}", "{main} (they/them)")
_DAY_MS = 86_400_000
_FIRST_ROLE_ID = 820_000_000_000_000_000
_FIRST_MEMBER_ID = 310_000_000_000_000_000
_FIRST_CHARACTER_ID = 20_000_000


@dataclass(slots=True)
class Character:
    """One character. `changed_note` is what its note changes to and back, if it is one of those that change."""

    name: str
    realm: tuple[str, str, str, int]
    character_id: int
    rank: int
    class_id: int
    last_login_ms: int
    note: str
    officer_note: str
    changed_note: str | None = None

    @property
    def address(self) -> tuple[str, str]:
        """Realm slug and name, which mean one character of the guild."""
        return self.realm[0], self.name


@dataclass(slots=True)
class Person:
    """Who plays some characters, the main first. `is_known` people are players of the guild already."""

    characters: list[Character]
    member: DiscordMember | None
    is_known: bool

    @property
    def main(self) -> Character:
        """The character that the others' notes name."""
        return self.characters[0]


@dataclass(frozen=True, slots=True)
class SyntheticGuild:
    """A guild as it really is."""

    people: Sequence[Person]
    friends: Sequence[DiscordMember]

    @property
    def characters(self) -> list[Character]:
        return [character for person in self.people for character in person.characters]

    def roster(self) -> list[RosterCharacter]:
        return [
            RosterCharacter(
                name=each.name,
                realm_slug=each.realm[0],
                realm_name=each.realm[1],
                realm_id=each.realm[3],
                character_id=each.character_id,
                rank=each.rank,
                level=90,
                class_id=each.class_id,
                item_level=680,
                last_login_timestamp=each.last_login_ms,
            )
            for each in self.characters
        ]

    def addon_rows(self, *, changed: bool) -> list[dict[str, object]]:
        """Return what the addon writes, before or after the change of notes."""
        return [
            {
                "name": each.name,
                "realm": each.realm[2],
                "note": note_of(each, changed=changed),
                "officerNote": each.officer_note,
                "rank": each.rank,
                "rankName": RANK_NAMES[each.rank],
                "level": 90,
                "class": CLASS_NAMES[each.class_id],
                "lastOnline": "2d 4h",
            }
            for each in self.characters
        ]

    def server(self, discord_guild_id: str) -> DiscordGuild:
        members = [person.member for person in self.people if person.member]
        return DiscordGuild(discord_guild_id, "A server", roles(), [*members, *self.friends])


def note_of(character: Character, *, changed: bool) -> str:
    return character.changed_note if changed and character.changed_note else character.note


def roles() -> list[DiscordRole]:
    """Return the server's roles: one for each mapped rank, and one that has nothing to do with the guild."""
    mapped = [
        DiscordRole(role_id(rank), RANK_NAMES[rank], 10 - rank, managed=False) for rank in range(LOWEST_MAPPED_RANK + 1)
    ]
    return [*mapped, DiscordRole(str(_FIRST_ROLE_ID + 99), "Movie Night", 1, managed=False)]


def role_id(rank: int) -> str:
    return str(_FIRST_ROLE_ID + rank)


def synthetic_guild(size: int, seed: int = 1) -> SyntheticGuild:
    """Draw a guild of `size` characters; the same size and seed always give the same guild."""
    return _Drawing(random.Random(f"{seed} {size}")).guild(size)  # noqa: S311 -- repeatable on purpose, guards nothing


class _Drawing:
    def __init__(self, source: random.Random) -> None:
        self._random = source
        self._names = self._new_names()
        self._now_ms = int(time.time() * 1000)
        self._characters = 0
        self._members = 0

    def guild(self, size: int) -> SyntheticGuild:
        families = [1] * max(2, size // CHARACTERS_PER_PERSON)
        for _ in range(size - len(families)):
            families[self._random.randrange(len(families))] += 1
        people = [self._person(count, is_master=place == 0) for place, count in enumerate(families)]
        self._change_notes(people, round(size * CHANGED_SHARE))
        friends = [self._member(next(self._names), []) for _ in range(max(1, size // 50))]
        return SyntheticGuild(people, friends)

    def _person(self, count: int, *, is_master: bool) -> Person:
        main = self._character(0 if is_master else self._random.randint(1, LOWEST_MAPPED_RANK), self._main_note())
        alts = [self._character(_ALT_RANK, self._alt_note(main.name)) for _ in range(count - 1)]
        member = None
        if self._random.random() < 0.7:
            rank = main.rank if self._random.random() < 0.97 else self._random.randint(1, LOWEST_MAPPED_RANK)
            member = self._member(main.name, [role_id(rank)])
        return Person([main, *alts], member, is_known=is_master or self._random.random() < 0.92)

    def _character(self, rank: int, note: str) -> Character:
        self._characters += 1
        days = self._random.uniform(0, 25) if self._random.random() < 0.9 else self._random.uniform(40, 400)
        return Character(
            name=next(self._names).capitalize(),
            realm=_REALMS[self._random.random() < 0.1],
            character_id=_FIRST_CHARACTER_ID + self._characters,
            rank=rank,
            class_id=self._random.choice(list(CLASS_NAMES)),
            last_login_ms=self._now_ms - int(days * _DAY_MS),
            note=note,
            officer_note=self._random.choice(_OFFICER_NOTES),
        )

    def _member(self, name: str, role_ids: list[str]) -> DiscordMember:
        self._members += 1
        display = self._random.choice(_DISPLAY_FORMS).format(main=name.capitalize(), lower=name.lower())
        user_id = str(_FIRST_MEMBER_ID + self._members)
        return DiscordMember(
            user_id, f"{next(self._names)}{self._members}", None, display, tuple(role_ids), is_bot=False
        )

    def _main_note(self) -> str:
        return self._random.choice(_NOBODY_NOTES) if self._random.random() < 0.55 else ""

    def _alt_note(self, main: str) -> str:
        """Two characters in three are alts, so three of their notes in four make half of all notes name a main."""
        drawn = self._random.random()
        if drawn < 0.75:
            return self._naming(main)
        return self._random.choice(_NOBODY_NOTES) if drawn < 0.85 else ""

    def _naming(self, main: str) -> str:
        return self._random.choice(_ALT_FORMS).format(main=main, lower=main.lower())

    def _change_notes(self, people: Sequence[Person], count: int) -> None:
        """Let some alts of players change to another player: these are the notes that the engine must act upon."""
        known = [person for person in people if person.is_known]
        alts = [
            (alt, person)
            for person in known
            for alt in person.characters[1:]
            if person.main.name.lower() in alt.note.lower()
        ]
        for alt, person in self._random.sample(alts, count):
            other = self._random.choice([each for each in known if each is not person])
            alt.changed_note = self._naming(other.main.name)

    def _new_names(self) -> Iterator[str]:
        """Names of three syllables, none of which is another one with an ending or part of another one."""
        taken = set()
        while True:
            name = "".join(self._random.choice("bdfgklmnprtvz") + self._random.choice("aeiou") for _ in range(4)) + "x"
            if name not in taken:
                taken.add(name)
                yield name
