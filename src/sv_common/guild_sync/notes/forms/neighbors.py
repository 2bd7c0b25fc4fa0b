"""The names beside a form's own word: found before and after it, and added with the phrases and lists they belong to."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, NamedTuple

from sv_common.guild_sync.notes.mentions import MentionKind
from sv_common.guild_sync.notes.state import CONNECTING, JOINED, NoteState
from sv_common.guild_sync.notes.words.tokens import Gap, Shape
from sv_common.guild_sync.notes.words.vocabulary import Category

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


BELONGING: Final = frozenset({Category.ALT, Category.BANK, Category.CHARACTER})
_TRIGGERS: Final = BELONGING | {Category.MAIN, Category.OWNER, Category.IDENTITY, Category.DISCORD}


class Slot(NamedTuple):
    """A word that stands where a form expects a name, after the form's own word.

    `is_announced`: a word such as "of" or a colon says that a name comes here, so that any word may be one.
    """

    position: int
    is_announced: bool


class NameBefore(NamedTuple):
    """A word that stands where a form expects a name, before the form's own word; doubtful inside free text."""

    position: int
    is_doubtful: bool


def slot_after(state: NoteState, position: int, *, is_announced: bool = False) -> Slot | None:
    """Find the name that follows, past "of", "the", numbers and words about characters, or None."""
    for place in range(position, len(state.tokens)):
        token = state.tokens[place]
        is_announced = is_announced or token.gap is Gap.LABEL
        if token.used or (token.categories & _TRIGGERS and not is_announced):
            return None
        if token.categories & CONNECTING:
            is_announced = is_announced or bool(token.categories & ANNOUNCING)
        elif token.is_unknown or (is_announced and _can_be_announced(state, place)) or _is_title(state, place):
            return Slot(place, is_announced)
        elif token.is_free or (token.gap not in JOINED and token.gap is not Gap.LABEL):
            return None
    return None


def _can_be_announced(state: NoteState, place: int) -> bool:
    """Whether a word of the vocabulary may be the name that is announced ("alt of Tailor") or begin it ("of Mr_Pickle")."""
    token = state.tokens[place]
    following = next(state.joined_after(place), None)
    if token.shape is not Shape.WORD or " " in token.key:
        return False
    return following is None or (following.is_unknown and state.phrase_after(place) is not None)


def _is_title(state: NoteState, place: int) -> bool:
    """Whether a word of relation begins a name of several words: "alt Auntie Jo"."""
    return state.tokens[place].has(Category.RELATION) and state.phrase_after(place) is not None


def is_near(state: NoteState, slot: Slot) -> bool:
    """Whether no punctuation parts a name from the form's word before it, or a colon ties it to that word."""
    return slot.is_announced or state.tokens[slot.position].gap in JOINED


def name_before(state: NoteState, position: int) -> NameBefore | None:
    """Find the name that precedes, past numbers and words about characters; a possessive wins over a nearer word."""
    found: NameBefore | None = None
    in_sentence = False
    for place in range(position - 1, -1, -1):
        token = state.tokens[place]
        if token.used or token.categories & _TRIGGERS:
            break
        if token.is_possessive:
            head = state.head_of(place)
            return NameBefore(head, is_doubtful=not state.tokens[head].is_unknown)
        if found is not None and state.tokens[place + 1].gap not in JOINED:
            break
        if found is not None and place >= found.position:
            continue
        if token.is_unknown and found is None:
            found = NameBefore(state.head_of(place), is_doubtful=in_sentence)
        elif token.is_unknown or (token.is_free and not token.categories & CONNECTING):
            in_sentence = True
            found = found and found._replace(is_doubtful=True)
    return found or _everyday_word_before(state, position)


def _everyday_word_before(state: NoteState, position: int) -> NameBefore | None:
    if position == 0 or state.tokens[position - 1].used or not state.tokens[position - 1].is_everyday:
        return None
    return NameBefore(position - 1, is_doubtful=True)


def add_slot(state: NoteState, slot: Slot, kind: MentionKind, *, only_if_known: bool = False) -> None:
    """Add the name after a form's own word, with the phrase and the list that it may begin."""
    position = slot.position
    doubtful = only_if_known or not state.tokens[position].is_unknown
    if not slot.is_announced:
        doubtful = doubtful or not state.has_only_tail_after(position)
    phrase = state.phrase_after(position)
    if phrase is not None:
        state.add_phrase(phrase, kind, position)
    state.add(position, kind, only_if_known=doubtful, belongs=True)
    for place in _list_after(state, position):
        state.add(place, kind, only_if_known=doubtful)


def _list_after(state: NoteState, position: int) -> Iterator[int]:
    """Places of the further names of a list that begins at `position`, as far as each is nothing but a name."""
    expected = False
    for place in range(position + 1, len(state.tokens)):
        token = state.tokens[place]
        expected = expected or token.gap is Gap.LIST
        if token.used or (token.is_tail and not expected):
            continue
        if not (expected and token.is_unknown and state.has_only_tail_after(place)):
            return
        yield place
        expected = False


def add_before(state: NoteState, before: NameBefore, kind: MentionKind) -> None:
    """Add the name before a form's own word, with the phrase it may end and the list it may close."""
    phrase = state.phrase_before(before.position)
    if phrase is not None:
        state.add_phrase(phrase, kind, before.position)
    state.add(before.position, kind, only_if_known=before.is_doubtful, belongs=True)
    _add_listed_before(state, before, kind)


def _add_listed_before(state: NoteState, before: NameBefore, kind: MentionKind) -> None:
    """Add the earlier members of a list such as "Zork & Brakk's alt"."""
    place = before.position
    while place > 0 and state.tokens[place].gap is Gap.LIST and state.tokens[place - 1].is_unknown:
        place -= 1
        state.add(place, kind, only_if_known=before.is_doubtful)
