"""The grammar of guild notes: a note becomes mentions, or a kind of note that names no one.

1. the note is cleaned of the game's markup and of punctuation in other forms than ASCII;
2. web addresses are dropped, and handles (`@zork`, `zork#1234`) are taken out;
3. the rest is cut into words, each with what the vocabulary knows of it where it stands;
4. the known forms are read (`alt of Zork`, `Main: Zork`, `Zork's bank`);
5. what they leave is read as a name, a list, a name with a tail, or free text;
6. the kind follows from what was found.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from sv_common.guild_sync.core.names import name_key
from sv_common.guild_sync.notes.forms.discord import add_handle
from sv_common.guild_sync.notes.forms.realm import read_on_realm
from sv_common.guild_sync.notes.forms.whose import read_forms
from sv_common.guild_sync.notes.kinds import kind_of
from sv_common.guild_sync.notes.mentions import Mention, MentionKind, ParsedNote
from sv_common.guild_sync.notes.plain import read_plain, read_whole_word
from sv_common.guild_sync.notes.state import WHERE_SOMETHING_WAS, NoteState
from sv_common.guild_sync.notes.words.context import in_context
from sv_common.guild_sync.notes.words.text import clean
from sv_common.guild_sync.notes.words.tokens import tokenize
from sv_common.guild_sync.notes.words.vocabulary import DEFAULT_VOCABULARY, Category, Vocabulary

_REMEMBERED_NOTES: Final = 8192
_IN_HANDLES: Final = r"[^\s,;/|()\[\]<>{}\"'!?@:=#]"
_HANDLE: Final = re.compile(
    rf"(?<![^\s,;/|()\[\]<>{{}}:=+&-])@(?P<at>{_IN_HANDLES}+(?:#\d{{1,5}})?)"
    rf"|(?<!{_IN_HANDLES})(?P<tagged>{_IN_HANDLES}{{2,32}}#\d{{4,5}})(?!\d)"
)
_HANDLE_OF_WORDS: Final = re.compile(r"[^@]{0,12}@(?P<name>[\w.]+(?: [\w.]+){1,2})[ .!]*")
"""A note that ends with the sign of a handle and a name with blanks, as display names have them: "@Uncle Bert"."""
_USERNAME: Final = re.compile(r"(?=\w*[.])(?=[\d._]*[^\W\d_])[\w.]{2,32}")
"""A whole note with a full stop inside, as Discord's usernames may have one: "zork.brakk"."""
_SAYING_WHOSE: Final = frozenset({Category.ALT, Category.MAIN, Category.BANK, Category.CHARACTER})
_ADDRESS: Final = re.compile(r"(?:https?://|www\.)\S+|[^\s/]+\.\w{2,3}/\S*")


def parse_note(note: str, vocabulary: Vocabulary = DEFAULT_VOCABULARY) -> ParsedNote:
    """Whom `note` mentions, or what it is about; it never raises, whatever the text.

    No roster is known here: a mention says what the note names, not whether there is anyone of that name.
    """
    return _parse(note, vocabulary)


@lru_cache(maxsize=_REMEMBERED_NOTES)
def _parse(note: str, vocabulary: Vocabulary) -> ParsedNote:
    text, handles = _without_handles(clean(note))
    state = NoteState(text, in_context(tokenize(text, vocabulary), text, vocabulary))
    if _may_be_username(text, state):
        add_handle(state, text, only_if_known=True)
    for handle in handles:
        add_handle(state, handle, only_if_known=name_key(handle) in vocabulary.categories)
    if several := _HANDLE_OF_WORDS.fullmatch(clean(note)):
        state.add_phrase(several["name"], MentionKind.DISCORD, -1)
    read_whole_word(state)
    read_forms(state)
    read_plain(state)
    read_on_realm(state)
    kind = kind_of(state, is_blank=not note.strip())
    return ParsedNote(
        kind,
        tuple(state.mentions),
        is_bank=state.is_bank,
        marks_main=state.marks_main,
        is_about_others=bool(state.others) and all(_is_free_text(mention, text) for mention in state.mentions),
        listed_words=tuple(state.listed_words),
    )


def _may_be_username(text: str, state: NoteState) -> bool:
    """Whether a note is written as only a username is; "Zork.alt" rather says that this is an alt."""
    has_unknown = any(token.is_unknown for token in state.tokens)
    return has_unknown and _USERNAME.fullmatch(text) is not None and not state.categories & _SAYING_WHOSE


def _is_free_text(mention: Mention, text: str) -> bool:
    """Whether a mention is a word of free text, or a whole phrase that may still be what someone is called."""
    is_phrase = " " in mention.text or mention.text == text
    return mention.kind is MentionKind.WORD or (mention.only_if_known and is_phrase)


def _without_handles(text: str) -> tuple[str, list[str]]:
    if "/" in text or "www" in text:
        text = _ADDRESS.sub(WHERE_SOMETHING_WAS, text)
    if "@" not in text and "#" not in text:
        return text, []
    handles: list[str] = []

    def take(match: re.Match[str]) -> str:
        handle = match["at"] or match["tagged"]
        if not any(letter.isalpha() for letter in handle):
            return match.group()
        handles.append(handle)
        return WHERE_SOMETHING_WAS

    return _HANDLE.sub(take, text), handles
