"""How the notes of a guild would be read with other words, and how a new note would be read."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Annotated, Final

from pydantic import Field

from sv_common.db.pool import GuildConnection
from sv_common.guild_sync.core.errors import BadInput
from sv_common.guild_sync.core.language import number, tr
from sv_common.guild_sync.core.names import name_key
from sv_common.guild_sync.identity import words
from sv_common.guild_sync.identity.facts import KnownCharacter, read_facts
from sv_common.guild_sync.identity.known import resolver_of
from sv_common.guild_sync.identity.resolver import Resolver
from sv_common.guild_sync.identity.verdicts import Verdict
from sv_common.guild_sync.identity.words import vocabulary_with
from sv_common.guild_sync.notes import MentionKind, NoteKind
from sv_common.guild_sync.rulebook.explain import reading_in_words
from sv_common.guild_sync.settings.model import Setting, WordSetting

LONGEST_NOTE: Final = 200
_WORD: Final = re.compile(r"[^\W_]+(?:'[^\W_]+)*")


@dataclass(frozen=True, slots=True)
class ReadingChange:
    """A note that is read differently with the new vocabulary."""

    character_id: int
    character: str
    note: Annotated[str, Field(examples=["Nightcrew"])]
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class TriedMention:
    """A name in a note."""

    text: Annotated[str, Field(examples=["Mito"])]
    kind: MentionKind
    only_if_known: Annotated[bool, Field(description="Counts only if that name exists.")]


@dataclass(frozen=True, slots=True)
class KnownWord:
    """A word of the vocabulary, with what it is in this guild."""

    word: Annotated[str, Field(examples=["alt"])]
    is_here: Annotated[str, Field(examples=["alt"])]


@dataclass(frozen=True, slots=True)
class TriedNote:
    """How a note would be read on an unlinked character, and why."""

    kind: NoteKind
    verdict: Verdict
    sentence: Annotated[str, Field(examples=["Means Mito: the main is called Mito."])]
    candidates: Annotated[tuple[str, ...], Field(examples=[["Mito: the main is called Mito."]])]
    mentions: tuple[TriedMention, ...]
    known_words: tuple[KnownWord, ...]


def usable_note(note: str) -> str:
    """Return a note that can be tried. Raises `BadInput` for one that is too long."""
    if len(note) > LONGEST_NOTE:
        raise BadInput(
            tr(
                "Note: it has {n} characters; the longest that is read here has {most}.",
                n=number(len(note)),
                most=number(LONGEST_NOTE),
            )
        )
    return note


async def try_note(guild: GuildConnection, note: str) -> TriedNote:
    """Read a note as if it were on a new character of the guild. Raises `BadInput` for one that is too long."""
    usable_note(note)
    resolver = await resolver_of(guild)
    decision = resolver.resolve(KnownCharacter(0, "?", "?", "", "", None, note, None, None, is_present=True))
    return TriedNote(
        decision.parsed.kind,
        decision.verdict,
        reading_in_words(decision),
        tuple(f"{candidate.label}: {candidate.evidence}" for candidate in decision.candidates),
        tuple(TriedMention(each.text, each.kind, each.only_if_known) for each in decision.parsed.mentions),
        tuple(
            KnownWord(word, ", ".join(sorted(categories)))
            for word in dict.fromkeys(name_key(each) for each in _WORD.findall(note))
            if (categories := resolver.vocabulary.categories.get(word))
        ),
    )


async def readings_changed(guild: GuildConnection, setting: Setting) -> list[ReadingChange]:
    """Return the notes of the guild that are read differently with a setting, by name; only a word can make it so."""
    if not isinstance(setting, WordSetting):
        return []
    facts = await read_facts(guild)
    said = {each.word: each.category for each in await words.all_words(guild)}
    said.pop(setting.word, None)
    if setting.is_said:
        said[setting.word] = setting.category
    then, now = Resolver(facts), Resolver(replace(facts, vocabulary=vocabulary_with(said)))
    changes = [
        ReadingChange(each.id, each.label, each.note, was, will_be)
        for each in facts.characters.values()
        if each.is_present and each.note
        if (was := reading_in_words(then.resolve(each))) != (will_be := reading_in_words(now.resolve(each)))
    ]
    return sorted(changes, key=lambda change: (change.character, change.character_id))
