"""Who is to be erased: the rows of a person, and all that the person is called."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Final, Literal

from pydantic import Field

from sv_common.db.pool import GuildConnection
from sv_common.db.sql import load_sql
from sv_common.guild_sync.core.errors import NotFound
from sv_common.guild_sync.core.language import tr
from sv_common.guild_sync.erasing.texts import OWN_WORDS, Names
from sv_common.guild_sync.identity.facts import read_facts
from sv_common.guild_sync.identity.lookup import find_character, find_member, find_player

SQL = load_sql(__package__, "erase.sql")

SHORTEST_NOTE: Final = 6
"""Letters from which on a note of the person is looked for in texts; shorter ones say nothing about anybody."""


@dataclass(frozen=True, slots=True)
class PersonRow:
    """A row that a person is known by."""

    kind: Annotated[Literal["player", "character", "member"], Field(examples=["player"])]
    id: Annotated[int, Field(ge=1, le=2**63 - 1, examples=[7])]


@dataclass(frozen=True, slots=True)
class PersonCharacter:
    """A character of the person."""

    id: int
    name: str
    name_key: str
    realm_slug: str
    realm_key: str
    realm_name: str | None
    guild_note: str | None
    officer_note: str | None
    is_present: bool

    @property
    def label(self) -> str:
        return f"{self.name}-{self.realm_name or self.realm_slug}"


@dataclass(frozen=True, slots=True)
class PersonMember:
    """The Discord member that the person is."""

    id: int
    discord_id: str
    username: str
    global_name: str | None
    display_name: str
    is_present: bool


@dataclass(frozen=True, slots=True)
class Person:
    """A person with all rows. `left_words` are names that somebody else has too, or that are words of PATT's own."""

    name: str
    player_id: int | None
    characters: Sequence[PersonCharacter]
    member: PersonMember | None
    names: Names
    left_words: Sequence[str]

    @property
    def ids(self) -> dict[str, Any]:
        """The numbers, as the statements take them."""
        return {
            "player_id": self.player_id,
            "member_id": self.member.id if self.member else None,
            "character_ids": [each.id for each in self.characters],
        }

    @property
    def still_here(self) -> list[str]:
        """What the next sync brings back, because it is in the guild or on the server."""
        found = [each.label for each in self.characters if each.is_present]
        return [*found, f"@{self.member.username}"] if self.member and self.member.is_present else found


async def find(guild: GuildConnection, called: str) -> PersonRow:
    """Return who is meant by a name or a number: a player, else a Discord member, else a character. Raises like `lookup`."""
    facts = await read_facts(guild)
    kinds: tuple[tuple[Literal["player", "member", "character"], Any], ...] = (
        ("player", find_player),
        ("member", find_member),
        ("character", find_character),
    )
    for kind, look in kinds:
        try:
            return PersonRow(kind, look(facts, called).id)
        except NotFound:
            continue
    raise NotFound(
        tr("Nobody is called “{called}”. Use the name of a player, a character, or on Discord.", called=called)
    )


async def read(guild: GuildConnection, known_by: PersonRow) -> Person:
    """Return the person with all rows and names. Raises `NotFound`."""
    row = await guild.row(SQL["who"], kind=known_by.kind, id=known_by.id)
    player_id, player, member_id, character_ids = row or (None, None, None, [])
    ids = {"player_id": player_id, "member_id": member_id, "character_ids": character_ids}
    characters = await guild.all(PersonCharacter, SQL["characters"], **ids)
    member = await guild.one(PersonMember, SQL["member"], **ids)
    if player_id is None and member is None and not characters:
        raise NotFound(tr("There is no such person in this guild."))
    words = {player} if player else set()
    words |= {row[0] for row in await guild.rows(SQL["other_names"], **ids)}
    for each in characters:
        words |= {each.name, each.label, f"{each.name}-{each.realm_slug}"}
        words |= {note for note in (each.guild_note, each.officer_note) if note and len(note) >= SHORTEST_NOTE}
    if member is not None:
        words |= {member.discord_id, member.username, member.display_name}
        words |= {member.global_name} if member.global_name else set()
    others = await guild.rows(SQL["names_of_others"], **ids)
    names_of_others = "\n".join(name for name, is_note in others if not is_note)
    notes_of_others = {note.lower() for note, is_note in others if is_note and note}
    taken = sorted(
        word
        for word in words
        if word.lower() in OWN_WORDS | notes_of_others or Names([word], "").are_in(names_of_others)
    )
    name = player or (member.display_name if member else characters[0].label)
    free = sorted(words - set(taken))
    return Person(name, player_id, characters, member, Names(free, tr("erased person")), taken)
