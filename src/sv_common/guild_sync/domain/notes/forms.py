"""The known forms in which a note says whose character this is, each read by one function, in the order of `FORMS`.

What an earlier form has read is closed to the later ones.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Final, NamedTuple

from sv_common.guild_sync.domain.names import name_key
from sv_common.guild_sync.domain.notes.mentions import MentionKind, Reading
from sv_common.guild_sync.domain.notes.state import CONNECTING, JOINED, NoteState
from sv_common.guild_sync.domain.notes.tokens import Gap, Shape, Token
from sv_common.guild_sync.domain.notes.vocabulary import NO_CATEGORY, TRADES, Categories, Category

_BELONGING: Final = frozenset({Category.ALT, Category.BANK, Category.CHARACTER})
_DISCORD: Final = frozenset({Category.DISCORD})
_IDENTITY: Final = frozenset({Category.IDENTITY})
_MAIN: Final = frozenset({Category.MAIN})
_OWNER: Final = frozenset({Category.OWNER})
_MAIN_RUN: Final = frozenset({Category.MAIN, Category.CHARACTER})
_TRIGGERS: Final = _BELONGING | {Category.MAIN, Category.OWNER, Category.IDENTITY, Category.DISCORD}
_ANNOUNCING: Final = frozenset({Category.LINK, Category.COPULA})


def read_forms(state: NoteState) -> None:
    """Read every known form in the note."""
    for needed, read in FORMS:
        if not needed or needed & state.categories:
            read(state)


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


def read_letter_marker(state: NoteState) -> None:
    """Read `<M>`, `(M)`, `[M]` and `<A>`, `(A)`, `[A]`."""
    for position, token in enumerate(state.tokens):
        if token.shape is Shape.LETTER and token.key in _LETTER_MARKERS and _is_bracketed(state, position):
            token.used = True
            state.marks_main = _LETTER_MARKERS[token.key]


_LETTER_MARKERS: Final = {"m": True, "a": False}


def read_owner(state: NoteState) -> None:
    """Read `owner=Zork` and `Guildbank (managed by Zork)`."""
    kind = MentionKind.BANK_OF if state.is_bank else MentionKind.MAIN_IS
    for position in _unread(state, _OWNER):
        slot = _slot_after(state, position + 1)
        if slot is not None:
            state.tokens[position].used = state.has_owner = True
            _add_slot(state, slot, kind)


def read_main(state: NoteState) -> None:
    """Read `Main: Zork`, `Zork main`, `main of Zork`; a main word without a name marks this character as a main."""
    for position in _unread(state, _MAIN):
        end = _end_of_run(state, position, _MAIN_RUN)
        found = not _is_bracketed(state, position) and _read_main_run(state, position, end)
        _use(state, position, end)
        state.has_owner |= found
        if not found:
            state.marks_main = True


def _read_main_run(state: NoteState, position: int, end: int) -> bool:
    after = _slot_after(state, end + 1)
    before = _name_before(state, position)
    if after is not None and (before is None or _is_near(state, after)):
        is_main_of = state.tokens[end + 1].has(Category.LINK)
        _add_slot(state, after, MentionKind.NAME if is_main_of else MentionKind.MAIN_IS)
    elif before is not None:
        is_main_of = state.tokens[before.position].is_possessive
        _add_before(state, before, MentionKind.NAME if is_main_of else MentionKind.MAIN_IS)
    else:
        return False
    if is_main_of and Category.ALT not in state.categories:
        state.marks_main = True
    return True


def read_belonging(state: NoteState) -> None:
    """Read `alt of Zork`, `Zork's bank alt`, `ALT-Zork`, `Zork bank 2`, `Zorks toon`; an alt word marks an alt."""
    kind = MentionKind.BANK_OF if state.is_bank else MentionKind.ALT_OF
    for position in _unread(state, _BELONGING):
        end = _end_of_run(state, position, _BELONGING)
        run = state.tokens[position : end + 1]
        is_alt = any(token.has(Category.ALT) for token in run)
        if is_alt and state.marks_main is None:
            state.marks_main = False
        is_marker = is_alt and _is_bracketed(state, position) and not _is_announced(state, end + 1)
        state.has_owner |= not is_marker and _read_belonging_run(state, position, end, kind)
        _use(state, position, end)


def _read_belonging_run(state: NoteState, position: int, end: int, kind: MentionKind) -> bool:
    after = _slot_after(state, end + 1)
    before = _name_before(state, position)
    if after is not None and (after.is_announced or before is None):
        _add_slot(state, after, _kind_of_slot(state, end, kind))
    elif before is not None:
        is_certain = state.tokens[before.position].is_possessive or after is None or not _is_near(state, after)
        _add_before(state, before._replace(is_doubtful=before.is_doubtful or not is_certain), kind)
        if after is not None and not is_certain:
            _add_slot(state, after, kind, only_if_known=True)
    else:
        return _read_lone_word(state, position, end, kind)
    return True


def _kind_of_slot(state: NoteState, end: int, kind: MentionKind) -> MentionKind:
    """LIST_MEMBER after a plural with a colon ("Alts: Zork, Brakk"), which does not say who is the main."""
    is_plural = state.tokens[end].key.endswith("s") and _is_labelled(state, end + 1)
    if is_plural and state.marks_main is False:
        state.marks_main = None
    return MentionKind.LIST_MEMBER if is_plural else kind


def _read_lone_word(state: NoteState, position: int, end: int, kind: MentionKind) -> bool:
    """`Tailor alt` names Tailor if there is such a character, but `Alch 300 alt` and `Bank alt` name nobody."""
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
    """Read `i am Zork`, `son to Zork`, `Brakk aka Zork`; "i am toast after eleven" names nobody for certain."""
    for position in _unread(state, _IDENTITY):
        slot = _slot_after(state, position + 1, is_announced=True)
        if slot is None or state.tokens[slot.position].is_free:
            continue
        state.tokens[position].used = True
        if state.has_only_tail_after(slot.position):
            _add_slot(state, slot, MentionKind.ALT_OF)
        else:
            state.add(slot.position, MentionKind.WORD, only_if_known=True)


def read_trade_of(state: NoteState) -> None:
    """Read `DK of Zork`, which "Hunter of Demons" resembles: it counts only where there is such a character."""
    for position in _unread(state, TRADES):
        if position + 1 < len(state.tokens) and state.tokens[position + 1].has(Category.LINK):
            slot = _slot_after(state, position + 1)
            if slot is not None and state.has_only_tail_after(slot.position):
                _add_slot(state, slot, MentionKind.ALT_OF, only_if_known=True)


_DISCORD_NAME: Final = re.compile(r"[^\s,;/|()\[\]<>{}\"']+")


def read_discord(state: NoteState) -> None:
    """Read `Discord: zork` and `disc zork`; the name may hold full stops, digits and, after a colon, blanks."""
    for position in _unread(state, _DISCORD):
        end = _end_of_run(state, position, _DISCORD | _IDENTITY)
        if _read_discord_after(state, end):
            _use(state, position, end)


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
        state.add_mention(phrase, MentionKind.DISCORD, (Reading(name_key(phrase), 0),), only_if_known=False)
    doubtful = phrase is not None or not token.is_unknown or not (is_label or state.has_only_tail_after(end + 1))
    add_handle(state, _handle_at(state, token), only_if_known=doubtful)
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
    for position in _unread(state, _DISCORD):
        if position == 0 or state.tokens[position].has(Category.SPEC):
            continue
        token = state.tokens[position - 1]
        handle = _handle_that_ends_at(state, token)
        if handle != token.text:
            for other in state.tokens[: position + 1]:
                other.used = other.used or other.start >= token.end - len(handle)
            add_handle(state, handle, only_if_known=True)
        elif token.is_unknown and not token.used:
            _use(state, position, position)
            others = (other for other in state.tokens if other is not token and not other.used)
            doubtful = any(not other.is_tail for other in others)
            state.add(position - 1, MentionKind.DISCORD, only_if_known=doubtful)


def add_handle(state: NoteState, handle: str, *, only_if_known: bool) -> None:
    """Add a Discord name as written; full stops at its end may be the sentence's, and `#1234` an old discriminator."""
    name, _, _ = handle.partition("#")
    spellings = (name, handle, name.rstrip(".:!?'*-"), name.lstrip(".:!?'*-"))
    keys = dict.fromkeys(name_key(spelling) for spelling in spellings if spelling)
    readings = tuple(Reading(key, min(rank, 1)) for rank, key in enumerate(key for key in keys if key))
    if readings:
        state.add_mention(handle, MentionKind.DISCORD, readings, only_if_known=only_if_known)


def read_possessive(state: NoteState) -> None:
    """Read `Zork's DH waifu`: whatever it is, it is Zork's."""
    for position, token in enumerate(state.tokens):
        if token.used or not token.is_possessive or token.shape is not Shape.WORD:
            continue
        in_sentence = any(
            not earlier.used and not earlier.is_tail and not earlier.categories & CONNECTING
            for earlier in state.tokens[: state.head_of(position)]
        )
        head = state.head_of(position)
        state.add(head, MentionKind.NAME, only_if_known=in_sentence or not token.is_unknown, belongs=True)
        for following in state.joined_after(position):
            following.used = True


FORMS: Final[tuple[tuple[Categories, Callable[[NoteState], None]], ...]] = (
    (NO_CATEGORY, read_letter_marker),
    (_DISCORD, read_discord),
    (_OWNER, read_owner),
    (_MAIN, read_main),
    (_BELONGING, read_belonging),
    (_IDENTITY, read_identity),
    (_DISCORD, read_discord_behind),
    (TRADES, read_trade_of),
    (NO_CATEGORY, read_possessive),
)
"""Each form with the words it needs; a form without such words is tried on every note."""


def _unread(state: NoteState, categories: frozenset[Category]) -> Iterator[int]:
    """Places of the words of `categories` that no form has read by the time each is reached."""
    for position, token in enumerate(state.tokens):
        if token.categories & categories and token.shape is not Shape.NUMBER and not token.used:
            yield position


def _end_of_run(state: NoteState, position: int, categories: frozenset[Category]) -> int:
    """Last of the words of `categories`, and of the numbers behind them, that belong together ("bank alt 2")."""
    end = position
    for token in state.joined_after(position):
        if not (token.categories & categories or token.shape is Shape.NUMBER):
            break
        end += 1
    return end


def _use(state: NoteState, position: int, end: int) -> None:
    for token in state.tokens[position : end + 1]:
        token.used = True


def _is_bracketed(state: NoteState, position: int) -> bool:
    token = state.tokens[position]
    return token.before.endswith(("(", "[", "<", "{")) and state.text.startswith((")", "]", ">", "}"), token.end)


def _is_labelled(state: NoteState, position: int) -> bool:
    return position < len(state.tokens) and state.tokens[position].gap is Gap.LABEL


def _is_near(state: NoteState, slot: Slot) -> bool:
    """Whether no punctuation parts a name from the form's word before it, or a colon ties it to that word."""
    return slot.is_announced or state.tokens[slot.position].gap in JOINED


def _is_announced(state: NoteState, position: int) -> bool:
    return position < len(state.tokens) and bool(state.tokens[position].categories & _ANNOUNCING)


def _slot_after(state: NoteState, position: int, *, is_announced: bool = False) -> Slot | None:
    """Find the name that follows, past "of", "the", numbers and words about characters, or None."""
    for place in range(position, len(state.tokens)):
        token = state.tokens[place]
        is_announced = is_announced or token.gap is Gap.LABEL
        if token.used or (token.categories & _TRIGGERS and not is_announced):
            return None
        if token.categories & CONNECTING:
            is_announced = is_announced or bool(token.categories & _ANNOUNCING)
        elif token.is_unknown or (is_announced and _can_be_announced(state, place)):
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


def _name_before(state: NoteState, position: int) -> NameBefore | None:
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


def _add_before(state: NoteState, before: NameBefore, kind: MentionKind) -> None:
    phrase = state.phrase_before(before.position)
    if phrase is not None:
        state.add_mention(phrase, kind, (Reading(name_key(phrase), 0),), only_if_known=True)
    state.add(before.position, kind, only_if_known=before.is_doubtful, belongs=True)
    _add_listed_before(state, before, kind)


def _add_listed_before(state: NoteState, before: NameBefore, kind: MentionKind) -> None:
    """Add the earlier members of a list such as "Zork & Brakk's alt"."""
    place = before.position
    while place > 0 and state.tokens[place].gap is Gap.LIST and state.tokens[place - 1].is_unknown:
        place -= 1
        state.add(place, kind, only_if_known=before.is_doubtful)


def _add_slot(state: NoteState, slot: Slot, kind: MentionKind, *, only_if_known: bool = False) -> None:
    position = slot.position
    doubtful = only_if_known or not state.tokens[position].is_unknown
    if not slot.is_announced:
        doubtful = doubtful or not state.has_only_tail_after(position)
    phrase = state.phrase_after(position)
    if phrase is not None:
        state.add_mention(phrase, kind, (Reading(name_key(phrase), 0),), only_if_known=True)
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
