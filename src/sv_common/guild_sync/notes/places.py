"""Places in a note where a form stands: words that no form has read yet, runs of them, and the signs around them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from sv_common.guild_sync.notes.state import NoteState
from sv_common.guild_sync.notes.tokens import Gap, Shape
from sv_common.guild_sync.notes.vocabulary import Category

ANNOUNCING: Final = frozenset({Category.LINK, Category.COPULA})


def unread(state: NoteState, categories: frozenset[Category]) -> Iterator[int]:
    """Places of the words of `categories` that no form has read by the time each is reached."""
    for position, token in enumerate(state.tokens):
        if token.categories & categories and token.shape is not Shape.NUMBER and not token.used:
            yield position


def end_of_run(state: NoteState, position: int, categories: frozenset[Category]) -> int:
    """Last of the words of `categories`, and of the numbers behind them, that belong together ("bank alt 2")."""
    end = position
    for token in state.joined_after(position):
        if not (token.categories & categories or token.shape is Shape.NUMBER):
            break
        end += 1
    return end


def use(state: NoteState, position: int, end: int) -> None:
    """Close these places, both included, to later forms."""
    for token in state.tokens[position : end + 1]:
        token.used = True


def is_bracketed(state: NoteState, position: int) -> bool:
    """Whether a word stands in brackets of its own, such as `<M>`."""
    token = state.tokens[position]
    return token.before.endswith(("(", "[", "<", "{")) and state.text.startswith((")", "]", ">", "}"), token.end)


def is_labelled(state: NoteState, position: int) -> bool:
    """Whether a colon or its like stands before a place."""
    return position < len(state.tokens) and state.tokens[position].gap is Gap.LABEL


def is_announced_at(state: NoteState, position: int) -> bool:
    """Whether a word that announces a name, such as "of" or "is", stands at a place."""
    return position < len(state.tokens) and bool(state.tokens[position].categories & ANNOUNCING)
