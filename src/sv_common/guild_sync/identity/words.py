"""A guild's own words: what it adds to the vocabulary of notes, and what it takes out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Annotated

from pydantic import Field

from sv_common.db.pool import GuildConnection
from sv_common.db.sql import load_sql
from sv_common.guild_sync.core.names import name_key, word_key
from sv_common.guild_sync.notes import DEFAULT_VOCABULARY, Vocabulary

SQL = load_sql(__package__, "words.sql")
_REMEMBERED_GUILDS = 64


@dataclass(frozen=True, slots=True)
class GuildWord:
    """A word of which a guild has changed the meaning."""

    word: Annotated[str, Field(examples=["nightcrew"])]
    category: Annotated[
        str | None, Field(description="Null: no word of the vocabulary, so that it may be a name.", examples=["role"])
    ]
    updated_by: str
    updated_at: datetime


def vocabulary_with(words: Mapping[str, str | None]) -> Vocabulary:
    """Return the vocabulary with a guild's own words. Raises `BadInput` for an unknown category or a word without letters."""
    return _changed(frozenset(words.items())) if words else DEFAULT_VOCABULARY


async def all_words(guild: GuildConnection) -> list[GuildWord]:
    return await guild.all(GuildWord, SQL["all"])


async def say(guild: GuildConnection, word: str, category: str | None, *, actor: str) -> None:
    """Set what a word is in this guild. Raises `BadInput` like `word_key` and `vocabulary_with`."""
    key = word_key(word)
    vocabulary_with({key: category})
    await guild.run(SQL["say"], word=key, category=category, actor=actor)


async def forget(guild: GuildConnection, word: str) -> bool:
    """Restore the vocabulary's meaning of a word; return whether the guild had changed it."""
    return await guild.run(SQL["forget"], word=name_key(word)) > 0


@lru_cache(maxsize=_REMEMBERED_GUILDS)
def _changed(words: frozenset[tuple[str, str | None]]) -> Vocabulary:
    added: dict[str, list[str]] = defaultdict(list)
    for word, category in words:
        if category is not None:
            added[category].append(word)
    return DEFAULT_VOCABULARY.with_changes(added, [word for word, _ in words])
