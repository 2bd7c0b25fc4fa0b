"""The known forms in which a note says whose character this is, each read by one function, in the order of `FORMS`.

What an earlier form has read is closed to the later ones. How a form finds names beside its word is told in `neighbors`, and
where it stands in `places`; names on Discord are read by `discord_forms`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from sv_common.guild_sync.notes.forms import neighbors
from sv_common.guild_sync.notes.forms.discord import DISCORD, read_discord, read_discord_behind
from sv_common.guild_sync.notes.forms.neighbors import BELONGING, slot_after, unread
from sv_common.guild_sync.notes.mentions import MentionKind
from sv_common.guild_sync.notes.state import ALSO_VERBS, CONNECTING, NoteState
from sv_common.guild_sync.notes.words.tokens import Shape
from sv_common.guild_sync.notes.words.vocabulary import NO_CATEGORY, TRADES, Categories, Category

_IDENTITY: Final = frozenset({Category.IDENTITY})
_SEE: Final = frozenset({Category.SEE})
_MAIN: Final = frozenset({Category.MAIN})
_OWNER: Final = frozenset({Category.OWNER})
_MAIN_RUN: Final = frozenset({Category.MAIN, Category.CHARACTER})


def read_forms(state: NoteState) -> None:
    for needed, read in FORMS:
        if not needed or needed & state.categories:
            read(state)


def read_letter_marker(state: NoteState) -> None:
    """Read `<M>`, `(M)`, `[M]` and `<A>`, `(A)`, `[A]`."""
    for position, token in enumerate(state.tokens):
        if token.shape is Shape.LETTER and token.key in _LETTER_MARKERS and neighbors.is_bracketed(state, position):
            token.used = True
            state.marks_main = _LETTER_MARKERS[token.key]


_LETTER_MARKERS: Final = {"m": True, "a": False}


def read_owner(state: NoteState) -> None:
    """Read `owner=Zork` and `Guildbank (managed by Zork)`."""
    kind = MentionKind.BANK_OF if state.is_bank else MentionKind.MAIN_IS
    for position in unread(state, _OWNER):
        slot = slot_after(state, position + 1)
        if slot is not None:
            state.tokens[position].used = state.has_owner = True
            neighbors.add_slot(state, slot, kind)


def read_main(state: NoteState) -> None:
    """Read `Main: Zork`, `Zork main`, `main of Zork`; a main word without a name marks this character as a main."""
    for position in unread(state, _MAIN):
        end = neighbors.end_of_run(state, position, _MAIN_RUN)
        found = not neighbors.is_bracketed(state, position) and _read_main_run(state, position, end)
        neighbors.use(state, position, end)
        state.has_owner |= found
        if not found:
            state.marks_main = True


def _read_main_run(state: NoteState, position: int, end: int) -> bool:
    after = slot_after(state, end + 1)
    before = neighbors.name_before(state, position)
    if after is not None and (before is None or neighbors.is_near(state, after)):
        is_main_of = state.tokens[end + 1].has(Category.LINK)
        neighbors.add_slot(state, after, MentionKind.NAME if is_main_of else MentionKind.MAIN_IS)
    elif before is not None:
        is_main_of = state.tokens[before.position].is_possessive
        neighbors.add_before(state, before, MentionKind.NAME if is_main_of else MentionKind.MAIN_IS)
    else:
        return False
    if is_main_of and Category.ALT not in state.categories:
        state.marks_main = True
    return True


def read_belonging(state: NoteState) -> None:
    """Read `alt of Zork`, `Zork's bank alt`, `ALT-Zork`, `Zork bank 2`, `Zorks toon`; an alt word marks an alt."""
    kind = MentionKind.BANK_OF if state.is_bank else MentionKind.ALT_OF
    for position in unread(state, BELONGING):
        end = neighbors.end_of_run(state, position, BELONGING)
        run = state.tokens[position : end + 1]
        is_alt = any(token.has(Category.ALT) for token in run)
        if is_alt and state.marks_main is None:
            state.marks_main = False
        is_marker = is_alt and neighbors.is_bracketed(state, position) and not neighbors.is_announced_at(state, end + 1)
        state.has_owner |= not is_marker and _read_belonging_run(state, position, end, kind)
        neighbors.use(state, position, end)


def _read_belonging_run(state: NoteState, position: int, end: int, kind: MentionKind) -> bool:
    after = slot_after(state, end + 1)
    before = neighbors.name_before(state, position)
    if after is not None and (after.is_announced or before is None):
        neighbors.add_slot(state, after, _kind_of_slot(state, end, kind))
    elif before is not None:
        is_certain = state.tokens[before.position].is_possessive or after is None or not neighbors.is_near(state, after)
        neighbors.add_before(state, before._replace(is_doubtful=before.is_doubtful or not is_certain), kind)
        if after is not None and not is_certain:
            neighbors.add_slot(state, after, kind, only_if_known=True)
    else:
        return _read_lone_word(state, position, end, kind)
    return True


def _kind_of_slot(state: NoteState, end: int, kind: MentionKind) -> MentionKind:
    """LIST_MEMBER after a plural with a colon ("Alts: Zork, Brakk"), which does not say who is the main."""
    is_plural = state.tokens[end].key.endswith("s") and neighbors.is_labelled(state, end + 1)
    if is_plural and state.marks_main is False:
        state.marks_main = None
    return MentionKind.LIST_MEMBER if is_plural else kind


def _read_lone_word(state: NoteState, position: int, end: int, kind: MentionKind) -> bool:
    """`Tailor alt` names Tailor if there is such a character, but `Alch 300 alt` and `Bank alt` name no one."""
    others = [
        place
        for place, token in enumerate(state.tokens)
        if not position <= place <= end and not token.categories & CONNECTING
    ]
    if len(others) != 1 or kind is not MentionKind.ALT_OF:
        return False
    token = state.tokens[others[0]]
    if token.shape is not Shape.WORD or token.used or " " in token.key:
        return False
    state.add(others[0], kind, only_if_known=True, belongs=others[0] < position)
    return True


def read_identity(state: NoteState) -> None:
    """Read `i am Zork`, `son to Zork`, `Brakk aka Zork`; "i am toast after eleven" names no one for certain."""
    for position in unread(state, _IDENTITY):
        slot = slot_after(state, position + 1, is_announced=True)
        if slot is None or state.tokens[slot.position].is_free:
            continue
        state.tokens[position].used = True
        if state.has_only_tail_after(slot.position):
            neighbors.add_slot(state, slot, MentionKind.ALT_OF)
        else:
            state.add(slot.position, MentionKind.WORD, only_if_known=True)


def read_see(state: NoteState) -> None:
    """Read `see Zork` where nothing else is said: it refers to that name's entry."""
    if not state.tokens or not state.tokens[0].has(Category.SEE) or state.tokens[0].used:
        return
    slot = slot_after(state, 1, is_announced=True)
    if slot is not None and state.tokens[slot.position].is_unknown and state.has_only_tail_after(slot.position):
        state.tokens[0].used = True
        neighbors.add_slot(state, slot, MentionKind.ALT_OF, only_if_known=True)


def read_trade_of(state: NoteState) -> None:
    """Read `DK of Zork`, which "Hunter of Demons" resembles: it counts only where there is such a character."""
    for position in unread(state, TRADES):
        if state.tokens[position].key in ALSO_VERBS:
            continue
        if position + 1 < len(state.tokens) and state.tokens[position + 1].has(Category.LINK):
            slot = slot_after(state, position + 1)
            if slot is not None and state.has_only_tail_after(slot.position):
                neighbors.add_slot(state, slot, MentionKind.ALT_OF, only_if_known=True)


def read_possessive(state: NoteState) -> None:
    """Read `Zork's priest`, and `Zork's` alone; what "Zork's zug" may be is not known, so it only suggests Zork."""
    for position, token in enumerate(state.tokens):
        if token.used or not token.is_possessive or token.shape is not Shape.WORD:
            continue
        in_sentence = any(
            not earlier.used and not earlier.is_tail and not earlier.categories & CONNECTING
            for earlier in state.tokens[: state.head_of(position)]
        )
        head = state.head_of(position)
        kind = MentionKind.NAME if state.is_own_after(position) else MentionKind.WORD
        doubtful = in_sentence or not token.is_unknown or kind is MentionKind.WORD
        phrase = state.phrase_before(head)
        if phrase is not None and kind is MentionKind.NAME:
            state.add_phrase(phrase, kind, head)
        state.add(head, kind, only_if_known=doubtful, belongs=True)
        for following in state.joined_after(position):
            following.used = True


FORMS: Final[tuple[tuple[Categories, Callable[[NoteState], None]], ...]] = (
    (NO_CATEGORY, read_letter_marker),
    (DISCORD, read_discord),
    (_OWNER, read_owner),
    (_MAIN, read_main),
    (BELONGING, read_belonging),
    (_IDENTITY, read_identity),
    (_SEE, read_see),
    (DISCORD, read_discord_behind),
    (TRADES, read_trade_of),
    (NO_CATEGORY, read_possessive),
)
"""Each form with the words it needs; a form without such words is tried on every note."""
