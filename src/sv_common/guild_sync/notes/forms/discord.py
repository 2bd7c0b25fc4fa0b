"""The forms in which a note gives a name on Discord, which is written by rules of its own."""

from __future__ import annotations

import re
from typing import Final

from sv_common.guild_sync.core.names import name_key
from sv_common.guild_sync.notes.forms.neighbors import end_of_run, unread, use
from sv_common.guild_sync.notes.mentions import Mention, MentionKind, Reading
from sv_common.guild_sync.notes.state import JOINED, NoteState
from sv_common.guild_sync.notes.words.tokens import Gap, Shape, Token
from sv_common.guild_sync.notes.words.vocabulary import Category

DISCORD: Final = frozenset({Category.DISCORD})
_IDENTITY: Final = frozenset({Category.IDENTITY})
_DISCORD_NAME: Final = re.compile(r"[^\s,;/|()\[\]<>{}\"']+")


def read_discord(state: NoteState) -> None:
    """Read `Discord: zork` and `disc zork`; the name may hold full stops, digits and, after a colon, blanks."""
    for position in unread(state, DISCORD):
        end = end_of_run(state, position, DISCORD | _IDENTITY)
        if _read_discord_after(state, end):
            use(state, position, end)


def _read_discord_after(state: NoteState, end: int) -> bool:
    if end + 1 >= len(state.tokens):
        return False
    token = state.tokens[end + 1]
    is_label = token.gap is Gap.LABEL
    is_name = token.is_unknown or is_label or (token.gap is Gap.HYPHEN and token.shape is Shape.WORD)
    if token.used or not is_name or not (token.gap in JOINED or is_label or token.gap is Gap.BREAK):
        return False
    phrase = state.phrase_after(end + 1) if is_label else None
    if phrase is not None:
        readings = (Reading(name_key(phrase), 0),)
        state.add_mention(Mention(phrase, MentionKind.DISCORD, readings, None, False), end + 1)
    doubtful = phrase is not None or not token.is_unknown or not (is_label or state.has_only_tail_after(end + 1))
    add_handle(state, _handle_at(state, token), only_if_known=doubtful, place=end + 1)
    _use_until(state, end + 1, phrase)
    return True


def _handle_at(state: NoteState, token: Token) -> str:
    match = _DISCORD_NAME.match(state.text, token.start)
    return match.group() if match else token.text


def _handle_that_ends_at(state: NoteState, token: Token) -> str:
    written: str = re.split(r"[\s,;/|()\[\]<>{}\"']", state.text[: token.end])[-1]
    return written if token.text in written else token.text


def _use_until(state: NoteState, position: int, phrase: str | None) -> None:
    """Close to later forms all that the Discord name at `position` covers."""
    start = state.tokens[position].start
    length = len(phrase or _handle_at(state, state.tokens[position]))
    for token in state.tokens[position:]:
        token.used = token.used or token.start < start + length


def read_discord_behind(state: NoteState) -> None:
    """Read `zork on discord` and `zork (DC)`."""
    for position in unread(state, DISCORD):
        if position == 0 or state.tokens[position].has(Category.SPEC):
            continue
        token = state.tokens[position - 1]
        handle = _handle_that_ends_at(state, token)
        if handle != token.text:
            for other in state.tokens[: position + 1]:
                other.used = other.used or other.start >= token.end - len(handle)
            add_handle(state, handle, only_if_known=True, place=position - 1)
        elif token.is_unknown and not token.used:
            use(state, position, position)
            others = (other for other in state.tokens if other is not token and not other.used)
            doubtful = any(not other.is_tail for other in others)
            state.add(position - 1, MentionKind.DISCORD, only_if_known=doubtful)


def add_handle(state: NoteState, handle: str, *, only_if_known: bool, place: int | None = None) -> None:
    """Add a Discord name as written; full stops at its end may be the sentence's, and `#1234` an old discriminator."""
    name, _, _ = handle.partition("#")
    spellings = (name, handle, name.rstrip(".:!?'*-"), name.lstrip(".:!?'*-"))
    keys = dict.fromkeys(name_key(spelling) for spelling in spellings if spelling)
    readings = tuple(Reading(key, min(rank, 1)) for rank, key in enumerate(key for key in keys if key))
    if readings:
        state.add_mention(Mention(handle, MentionKind.DISCORD, readings, None, only_if_known), place)
