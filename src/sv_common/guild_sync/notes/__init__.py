"""The grammar of guild notes: whom a note mentions, read without any knowledge of the guild."""

from sv_common.guild_sync.notes.grammar import parse_note
from sv_common.guild_sync.notes.mentions import (
    Mention,
    MentionKind,
    NoteKind,
    ParsedNote,
    Reading,
    is_username,
    is_whole_note,
    note_key,
    stands_alone,
)
from sv_common.guild_sync.notes.words.category_words import category_in_words
from sv_common.guild_sync.notes.words.text import fold_accents
from sv_common.guild_sync.notes.words.vocabulary import DEFAULT_VOCABULARY, Category, Vocabulary

__all__ = [
    "DEFAULT_VOCABULARY",
    "Category",
    "Mention",
    "MentionKind",
    "NoteKind",
    "ParsedNote",
    "Reading",
    "Vocabulary",
    "category_in_words",
    "fold_accents",
    "is_username",
    "is_whole_note",
    "note_key",
    "parse_note",
    "stands_alone",
]
