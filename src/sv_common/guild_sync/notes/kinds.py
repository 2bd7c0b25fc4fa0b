"""What a note is about when it names no one."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from sv_common.guild_sync.notes.mentions import NoteKind
from sv_common.guild_sync.notes.state import CONNECTING, NoteState
from sv_common.guild_sync.notes.words.tokens import Shape
from sv_common.guild_sync.notes.words.vocabulary import TRADES, Category

_DITTO: Final = re.compile(r"[\^\"' ]+")
_YEAR: Final = re.compile(r"(?:19|20)\d\d")
_MARKERS: Final = frozenset({Category.ALT, Category.MAIN})


def kind_of(state: NoteState, *, is_blank: bool) -> NoteKind:
    """Name the kind of a note that has been read: NAMES if it certainly names someone, else the first that fits."""
    if any(not mention.only_if_known for mention in state.mentions):
        return NoteKind.NAMES
    if not state.tokens:
        if is_blank:
            return NoteKind.EMPTY
        return NoteKind.DITTO if _DITTO.fullmatch(state.text) else NoteKind.NOISE
    if _is_question(state):
        state.marks_main = None
        return NoteKind.NOISE
    return next((kind for kind, fits in _KINDS if fits(state)), NoteKind.NOISE)


def _is_question(state: NoteState) -> bool:
    """Whether the note asks instead of marking: `Alt?`."""
    return "?" in state.text and all(token.categories & _MARKERS for token in state.tokens)


def _free_words(state: NoteState) -> int:
    return sum(not token.is_tail and not token.categories & CONNECTING for token in state.tokens)


def _is_ditto(state: NoteState) -> bool:
    return Category.DITTO in state.categories and not any(token.is_unknown for token in state.tokens)


def _is_date(state: NoteState) -> bool:
    is_dated = Category.DATE in state.categories or any(token.shape is Shape.DATE for token in state.tokens)
    is_year = len(state.tokens) == 1 and _YEAR.fullmatch(state.tokens[0].key) is not None
    return is_year or (is_dated and _free_words(state) == 0)


def _is_profession(state: NoteState) -> bool:
    trades = sum(bool(token.categories & TRADES) for token in state.tokens)
    unknown = sum(token.is_unknown for token in state.tokens)
    has_number = any(token.shape is Shape.NUMBER for token in state.tokens)
    is_mostly_trades = trades >= max(1, _free_words(state)) and trades + has_number > unknown
    return is_mostly_trades or _is_letters_with_numbers(state)


def _is_letters_with_numbers(state: NoteState) -> bool:
    """Whether professions stand by their first letters: `A 300 H 300`, `A300/H300`."""
    shapes = {token.shape for token in state.tokens}
    is_numeric = Shape.NUMBER in shapes and shapes <= {Shape.LETTER, Shape.NUMBER}
    return is_numeric and len(state.tokens) > 1 and all(token.key[0].isalpha() for token in state.tokens[::2])


def _is_machine(state: NoteState) -> bool:
    """Numbers with or without what they count, or an addon's tag such as `[S]`."""
    counts = all(token.shape is not Shape.WORD or token.has(Category.MEASURE) for token in state.tokens)
    return state.is_counter or (counts and any(mark.isdigit() or mark in "[{<" for mark in state.text))


_KINDS: Final[tuple[tuple[NoteKind, Callable[[NoteState], bool]], ...]] = (
    (NoteKind.BANK, lambda state: state.is_bank),
    (NoteKind.DITTO, _is_ditto),
    (NoteKind.DATE, _is_date),
    (NoteKind.MARKER, lambda state: state.marks_main is not None),
    (NoteKind.PROFESSION, _is_profession),
    (NoteKind.MACHINE, _is_machine),
)
