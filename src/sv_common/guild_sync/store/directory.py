"""A guild's identity data as one value: who there is and what they are called. Read whole, in four questions.

Its rows are named tuples: a guild has thousands of them, and a frozen dataclass takes eight times as long to make.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from sv_common.db.pool import Connection
from sv_common.db.sql import load_sql
from sv_common.guild_sync.domain.notes import DEFAULT_VOCABULARY, Vocabulary
from sv_common.guild_sync.store.words import vocabulary_with

SQL = load_sql(__package__, "directory.sql")


class KnownCharacter(NamedTuple):
    """A character in the guild now, or one that left and is still linked. `note` is None when it was never seen."""

    id: int
    name: str
    name_key: str
    realm_slug: str
    realm_key: str
    realm_name: str | None
    note: str | None
    player_id: int | None
    link_source: str | None
    is_present: bool

    @property
    def label(self) -> str:
        """Name-Realm, as the game shows it."""
        return f"{self.name}-{self.realm_name or self.realm_slug}"


class KnownPlayer(NamedTuple):
    """A player and its pointers."""

    id: int
    display_name: str
    discord_user_id: int | None
    main_character_id: int | None
    offspec_character_id: int | None


class KnownMember(NamedTuple):
    """A person on the Discord server now, or one who left it and is a player still."""

    id: int
    discord_id: str
    username: str
    global_name: str | None
    display_name: str
    is_present: bool


@dataclass(frozen=True, slots=True)
class GuildFacts:
    """Everything that a decision about identity may rest on. `aliases` are keys, `written_aliases` says how each is written."""

    guild_id: int
    characters: Mapping[int, KnownCharacter]
    players: Mapping[int, KnownPlayer]
    members: Mapping[int, KnownMember]
    aliases: Mapping[str, int]
    rejections: frozenset[tuple[int, int]]
    vocabulary: Vocabulary = DEFAULT_VOCABULARY
    written_aliases: Mapping[str, str] = field(default_factory=dict)


def main_pointer(main: KnownCharacter | None) -> tuple[int | None, str | None]:
    """Return number and label of a main character for a plan; both None where there is none."""
    return (main.id, main.label) if main is not None else (None, None)


async def read_facts(conn: Connection, guild_id: int) -> GuildFacts:
    """Read one guild's identity data."""
    values = {"guild_id": guild_id}
    characters = await (await conn.execute(SQL["characters"], values)).fetchall()
    players = await (await conn.execute(SQL["players"], values)).fetchall()
    members = await (await conn.execute(SQL["discord"], values)).fetchall()
    words = await (await conn.execute(SQL["words"], values)).fetchall()
    return GuildFacts(
        guild_id,
        {row[0]: KnownCharacter._make(row) for row in characters},
        {row[0]: KnownPlayer._make(row) for row in players},
        {row[0]: KnownMember._make(row) for row in members},
        {key: player for kind, key, player, _, _ in words if kind == "alias"},
        frozenset((character, player) for kind, _, player, character, _ in words if kind == "rejection"),
        vocabulary_with({word: said for kind, word, _, _, said in words if kind == "category"}),
        {key: said for kind, key, _, _, said in words if kind == "alias"},
    )
