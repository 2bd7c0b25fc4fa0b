"""What a person wrote in a note beside the name: kept in the note that is proposed, where it fits."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final

from sv_common.guild_sync.insights.proposed_notes.forms import WORDS_OF_FORMS
from sv_common.guild_sync.notes import Category, Vocabulary
from sv_common.guild_sync.notes.words.text import clean
from sv_common.guild_sync.notes.words.tokens import Gap, Shape, Token, tokenize

_OF_NAMES: Final = WORDS_OF_FORMS | {Category.DISCORD}
_MARKS_BETWEEN: Final = " ,;:/|-.=+&"
_OPENING, _CLOSING = "([<{", ")]>}"
_HAS_LETTER: Final = re.compile(r"\w")


def beside_name(note: str, named: str | None, vocabulary: Vocabulary) -> str:
    """Return what a note says beside the name that it gives and the words that tie it to the character."""
    text = clean(note)
    tokens = tokenize(text, vocabulary)
    start = text.find(named) if named else -1
    if start < 0:
        return _kept(text[_start_of_what_is_no_form(tokens, len(text)) :])
    inside = [
        place for place, token in enumerate(tokens) if token.start < start + len(named or "") and token.end > start
    ]
    if not inside:
        return _kept(text)
    first, last = inside[0], inside[-1]
    while first > 0 and tokens[first - 1].categories & _OF_NAMES:
        first -= 1
    while last + 1 < len(tokens) and _belongs(tokens[last + 1]):
        last += 1
    before = text[: tokens[first].start]
    after = text[tokens[last].end + len(tokens[last].ending) :]
    return ", ".join(part for part in (_kept(before), _kept(after)) if part)


def with_beside(naming: str, beside: str) -> str:
    """Return a note that names its player, with what was written beside the name before."""
    if not beside:
        return naming
    return f"{naming} {beside}" if beside[0] in _OPENING else f"{naming}, {beside}"


def _start_of_what_is_no_form(tokens: Sequence[Token], end: int) -> int:
    """Return the place at which a note that names no one begins to say more than that this is an alt."""
    is_form = [_is_marker(token) for token in tokens]
    if not any(is_form[:1]):
        return 0
    return next((token.start for token, of_form in zip(tokens, is_form, strict=True) if not of_form), end)


def _is_marker(token: Token) -> bool:
    """Whether a token says that this is an alt, as “alt” and the letter of `<A>` do."""
    is_letter = token.shape is Shape.LETTER and token.before.endswith(tuple(_OPENING))
    return is_letter or (token.shape is Shape.WORD and bool(token.categories & _OF_NAMES))


def _belongs(token: Token) -> bool:
    """Whether a word behind the name is of its realm or of the form."""
    return token.gap is Gap.HYPHEN or (token.gap is Gap.SPACE and bool(token.categories & _OF_NAMES))


def _kept(part: str) -> str:
    """Return a part of a note without the marks at its ends, and without brackets that have lost their other half."""
    kept = part.strip(_MARKS_BETWEEN)
    for opening, closing in zip(_OPENING, _CLOSING, strict=True):
        if kept.count(opening) != kept.count(closing):
            kept = kept.replace(opening, "").replace(closing, "")
    kept = " ".join(kept.split()).strip(_MARKS_BETWEEN)
    return kept if _HAS_LETTER.search(kept) else ""
