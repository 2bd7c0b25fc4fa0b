"""What a note says outside the known forms: a name alone, a list, a name with a tail, or free text."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final

from sv_common.guild_sync.core.names import name_key
from sv_common.guild_sync.notes.mentions import Mention, MentionKind, Reading, readings_of
from sv_common.guild_sync.notes.state import ALSO_VERBS, JOINED, OWN, NoteState
from sv_common.guild_sync.notes.words.tokens import Gap, Shape, Token, is_unspaced
from sv_common.guild_sync.notes.words.vocabulary import TRADES, Category

_ORDINAL: Final = re.compile(r"\d+(?:st|nd|rd|th|er|e|è?me|o|a|º|ª|й|я)")
_TWO_NAMES: Final = re.compile(r"..+[和与與及或].+.")
_SHORTEST_WORD: Final = 3
_MOST_WORDS_OF_A_NAME: Final = 3
_LONGEST_EXPANSION: Final = 2
_SHORTEST_EXPANDED: Final = 4
_LETTERS_OF_AN_ABBREVIATION: Final = 2
_LONGEST_UNSPACED_NAME: Final = 6
_BEFORE_A_NAME: Final = frozenset({Category.CLASS, Category.SPEC, Category.ROLE})
_SAYING_OTHERWISE: Final = frozenset({Category.SECOND_NAME, Category.NEGATION, Category.COMPANY})


def read_whole_word(state: NoteState) -> None:
    """Keep a vocabulary word that is the whole note, but for a realm, as a possible name: someone may be called Tailor."""
    tokens = state.tokens
    if state.mentions:
        return
    if len(tokens) == 1 and tokens[0].shape is Shape.WORD and tokens[0].categories and " " not in tokens[0].key:
        is_caseless = tokens[0].text.upper() == tokens[0].text.lower()
        is_doubtful = not (tokens[0].is_everyday and (is_capital(tokens[0]) or is_caseless))
        readings = (Reading(tokens[0].key, 0),)
        state.add_mention(Mention(tokens[0].text, MentionKind.NAME, readings, None, True, is_doubtful))
    elif len(tokens) > 1 and tokens[0].categories & TRADES and tokens[1].gap is Gap.HYPHEN and tokens[1].is_unknown:
        realm = state.text[tokens[1].start :]
        state.add_mention(Mention(tokens[0].text, MentionKind.NAME, readings_of(tokens[0]), realm, True), 0)
    elif len(tokens) > 1 and all(token.before == "" and is_unspaced(token.key[0]) for token in tokens):
        whole = state.text[tokens[0].start : tokens[-1].end]
        state.add_phrase(whole, MentionKind.NAME, len(tokens) - 1)


def is_capital(token: Token) -> bool:
    return token.text[0] != token.key[0]


def read_plain(state: NoteState) -> None:
    """Read what the forms left: names and words of free text.

    A name stands by itself only if nothing in the note speaks against it.
    """
    segments = _segments(state)
    _add_whole_phrase(state, segments)
    names = [place for place, segment in enumerate(segments) if segment.is_name]
    has_text = any(segment.is_text for segment in segments)
    certain = not (state.has_owner or state.is_counter or has_text or _is_after_trade(segments, names))
    takes_everyday = not (state.has_owner or has_text or all(token.is_everyday for token in state.tokens))
    base: Token | None = None
    if names or state.mentions:
        state.listed_words = [s.first.key for s in segments if s.is_word_in_list]
    for place, segment in enumerate(segments):
        is_expansion = base is not None and segment.is_list_member and _is_expansion(segment)
        if base is not None and is_expansion:
            _add_expansion(state, base, segment)
        if segment.is_name:
            is_certain = certain and (base is None or segment.is_list_member) and not is_expansion
            is_certain = is_certain and not _is_doubtful(segments, place)
            if segment.first.gap is Gap.LABEL and place and segments[place - 1].is_name:
                state.add(segment.places[0], MentionKind.WORD, only_if_known=True, is_doubtful=True)
                continue
            kind = MentionKind.WORD if _is_small_with_date(segment) else _kind_of_name(segments, names)
            _add_name(state, segment, only_if_known=not is_certain or kind is MentionKind.WORD, kind=kind)
            base = base or segment.first
        elif segment.is_everyday and takes_everyday:
            is_listed = segment.is_list_member or any(each.is_list_member for each in segments[place + 1 : place + 2])
            state.add(segment.places[0], MentionKind.WORD, only_if_known=True, is_doubtful=is_listed)
        elif segment.is_text:
            _add_phrase_before_own(state, segment)
            _add_possible_name(state, segment, is_listed=base is not None and segment.is_list_member)
            _add_words(state, segment)


@dataclass(slots=True)
class Segment:
    """The unread pieces between two marks of punctuation; `places` are their places in the note.

    A name segment is one possible name with nothing but a tail of numbers and words about characters; an everyday one is
    an everyday word instead of a possible name. A text segment has words of sentences, or a possible name in no form.
    """

    state: NoteState
    places: tuple[int, ...]
    is_name: bool = field(init=False)
    is_everyday: bool = field(init=False)
    is_text: bool = field(init=False)

    def __post_init__(self) -> None:
        self.is_name = self.first.is_unknown and self.state.has_only_tail_after(self.places[0])
        self.is_everyday = self.first.is_everyday and all(token.shape is Shape.NUMBER for token in self.tokens[1:])
        self.is_text = not (self.is_name or self.is_everyday or all(token.is_tail for token in self.tokens))

    @property
    def tokens(self) -> list[Token]:
        return [self.state.tokens[place] for place in self.places]

    @property
    def first(self) -> Token:
        return self.state.tokens[self.places[0]]

    @property
    def is_list_member(self) -> bool:
        """Whether a list mark parts this segment from the one before."""
        return self.first.gap is Gap.LIST

    @property
    def is_word_in_list(self) -> bool:
        """Whether this is one word about characters, such as "Shadow", parted by a list mark from what is beside it."""
        is_word = len(self.places) == 1 and self.first.shape is Shape.WORD and self.first.is_tail
        return is_word and self.state.is_listed_at(self.places[0])

    @property
    def is_trade(self) -> bool:
        """Whether this is about a profession, specialization, class or role."""
        return not self.is_name and any(token.categories & TRADES for token in self.tokens)


def _segments(state: NoteState) -> list[Segment]:
    segments: list[list[int]] = []
    is_open = False
    for place, token in enumerate(state.tokens):
        if token.used or token.shape is Shape.DATE:
            is_open = False
            continue
        if is_open and token.gap in JOINED:
            segments[-1].append(place)
        else:
            segments.append([place])
        is_open = True
    return [Segment(state, tuple(places)) for places in segments]


def _is_after_trade(segments: list[Segment], names: list[int]) -> bool:
    """Whether professions stand before the first possible name, which is then rather one more profession, misspelled."""
    return bool(names) and any(segment.is_trade for segment in segments[: names[0]])


def _is_doubtful(segments: list[Segment], place: int) -> bool:
    first = segments[place].first
    return _is_abbreviation(first) or _is_sentence(first) or _is_skill(segments, place)


def _is_small_with_date(segment: Segment) -> bool:
    """Whether a word in small letters has a date behind it: "snow in june" is as often the weather as Snow."""
    return segment.first.text.islower() and any(token.has(Category.DATE) for token in segment.tokens[1:])


def _is_sentence(token: Token) -> bool:
    """Whether a word without blanks is longer than the game lets a name be in its script, or two names with "and"."""
    return is_unspaced(token.key[0]) and (
        len(token.key) > _LONGEST_UNSPACED_NAME or _TWO_NAMES.fullmatch(token.key) is not None
    )


def _is_abbreviation(token: Token) -> bool:
    """Whether the word is two capitals, which far more often shorten something than name someone."""
    return len(token.text) == _LETTERS_OF_AN_ABBREVIATION and token.text.isascii() and token.text.isupper()


def _is_skill(segments: list[Segment], place: int) -> bool:
    """Whether a word with a number stands among professions with numbers: "Alchmy 300 / Herbs 300"."""
    if [token.shape for token in segments[place].tokens] != [Shape.WORD, Shape.NUMBER]:
        return False
    return any(
        segment.first.has(Category.PROFESSION) and segment.tokens[-1].shape is Shape.NUMBER for segment in segments
    )


def _kind_of_name(segments: list[Segment], names: list[int]) -> MentionKind:
    is_list = any(segments[later].is_list_member for _, later in pairwise(names))
    return MentionKind.LIST_MEMBER if is_list else MentionKind.NAME


def _add_name(state: NoteState, segment: Segment, *, only_if_known: bool, kind: MentionKind) -> None:
    place = segment.places[0]
    state.add(place, kind, only_if_known=only_if_known)
    following = state.tokens[place + 1 : place + 2]
    if following and following[0].gap is Gap.HYPHEN and following[0].is_unknown:
        state.add(place + 1, MentionKind.LIST_MEMBER, only_if_known=True)


def _is_expansion(segment: Segment) -> bool:
    """Whether this stands for the end of a name: the "m" of "Sleepyp/m"."""
    only = segment.first
    is_short = len(only.key) <= _LONGEST_EXPANSION and only.key.isalpha() and not is_unspaced(only.key[0])
    return len(segment.places) == 1 and is_short and (only.shape is Shape.LETTER or only.is_unknown)


def _add_expansion(state: NoteState, base: Token, segment: Segment) -> None:
    ending = segment.first.text
    if len(base.text) < _SHORTEST_EXPANDED:
        return
    swapped = base.text[: -len(ending)] + ending
    readings = (Reading(name_key(swapped), 0), Reading(name_key(base.text + ending), 1))
    state.add_mention(Mention(swapped, MentionKind.LIST_MEMBER, readings, None, True), segment.places[0])


def _add_whole_phrase(state: NoteState, segments: list[Segment]) -> None:
    """Keep a note of two or three words as a possible name with blanks, as Discord allows."""
    is_whole = len(segments) == 1 and len(segments[0].places) == len(state.tokens)
    if not is_whole or not segments[0].is_text or not 1 < len(state.tokens) <= _MOST_WORDS_OF_A_NAME:
        return
    is_written_as_name = all(is_capital(token) for token in state.tokens)
    may_name = is_written_as_name or any(token.is_unknown for token in state.tokens)
    if may_name and not any(_is_of_no_name(token, is_about_others=bool(state.others)) for token in state.tokens):
        phrase = state.text[state.tokens[0].start : state.tokens[-1].end]
        state.add_phrase(phrase, MentionKind.NAME, len(state.tokens) - 1)


def _add_phrase_before_own(state: NoteState, segment: Segment) -> None:
    """Keep "Big Joe" of "Big Joe tank" and "Big Joes tank" as a possible name with a blank."""
    tokens = segment.tokens
    length = next((number for number, token in enumerate(tokens) if token.is_tail), 0)
    words, tail = tokens[:length], tokens[length:]
    if not 1 < length <= _MOST_WORDS_OF_A_NAME or not any(token.categories & OWN for token in tail):
        return
    is_plain = all(token.is_unknown or token.is_everyday for token in words) and all(token.is_tail for token in tail)
    may_name = any(token.is_unknown for token in words) or all(is_capital(token) for token in words)
    if is_plain and may_name and all(word.gap is Gap.SPACE for word in words[1:]):
        phrase = state.text[words[0].start : words[-1].end]
        for name in dict.fromkeys((phrase, phrase.removesuffix("s"))):
            state.add_phrase(name, MentionKind.NAME, segment.places[length - 1])


def _is_of_no_name(token: Token, *, is_about_others: bool) -> bool:
    """Whether the word can be no part of a name of several words: "Uncle Fungus" may be one, "friend of Zork" not."""
    if token.is_tail or token.categories & _SAYING_OTHERWISE:
        return True
    return is_about_others and (token.has(Category.LINK) or " " in token.key)


def _add_possible_name(state: NoteState, segment: Segment, *, is_listed: bool) -> None:
    """Keep what is a name in all but form as a possible one: "Zork the mage", "my 2nd Zork", "Brakk or Zork idk"."""
    if is_listed and segment.first.is_unknown:
        state.add(segment.places[0], MentionKind.LIST_MEMBER, only_if_known=True)
        return
    _add_possessive_without_apostrophe(state, segment)
    may_name = segment.first.is_unknown or (segment.first.is_everyday and is_capital(segment.first))
    if may_name and len(segment.places) > 1 and _is_same_otherwise(segment):
        state.add(segment.places[0], MentionKind.NAME, only_if_known=True)
        return
    place = _name_behind_its_description(segment)
    if place is None or state.tokens[segment.places[-1]].has(Category.ARTICLE):
        return
    behind = segment.tokens[segment.places.index(place) + 1 :]
    if all(token.is_tail or _is_description(token) or token.has(Category.AGAIN) for token in behind):
        before = segment.tokens[: segment.places.index(place)]
        is_trade = any(token.categories & TRADES for token in before)
        state.add(place, MentionKind.NAME, only_if_known=True, belongs=is_trade)


def _name_behind_its_description(segment: Segment) -> int | None:
    """Place of the name in "the 2nd Zork", "DK Zork", "still Zork" and "one of Zork"; None where anything else comes first."""
    is_counted = False
    for place, token in zip(segment.places, segment.tokens, strict=True):
        if token.is_unknown:
            return place
        is_link = token.has(Category.LINK) and is_counted
        is_trade = bool(token.categories & _BEFORE_A_NAME) and token.key not in ALSO_VERBS
        if not (_is_description(token) or token.has(Category.AGAIN) or is_trade or is_link):
            return None
        is_counted = is_counted or _is_description(token)
    return None


def _is_description(token: Token) -> bool:
    return token.has(Category.ARTICLE) or _ORDINAL.fullmatch(token.key) is not None or _is_particle(token)


def _add_possessive_without_apostrophe(state: NoteState, segment: Segment) -> None:
    """Keep `Zork` of "zorks inscription slave" as a possible name; the word as it is written stays free text."""
    first = segment.first
    stem = first.key[:-1]
    if first.is_unknown and len(segment.places) > 1 and first.key.endswith("s") and len(stem) >= _SHORTEST_WORD:
        place = segment.places[0]
        kind = MentionKind.NAME if state.is_own_after(place) else MentionKind.WORD
        state.add_mention(Mention(first.text, kind, (Reading(stem, 0),), None, True), place)


def _is_same_otherwise(segment: Segment) -> bool:
    """Whether a name is followed by "but" and anything, or by "again" and nothing of a sentence."""
    second, *behind = segment.tokens[1:]
    is_again = second.has(Category.AGAIN) and all(token.is_tail or _is_description(token) for token in behind)
    return is_again or second.has(Category.CONTRAST)


def _is_particle(token: Token) -> bool:
    """Whether this was glued to the word before to say that something is that one's, as in "조크꺼"."""
    return token.has(Category.LINK) and token.before == "" and is_unspaced(token.key[0])


def _add_words(state: NoteState, segment: Segment) -> None:
    for place in segment.places:
        token = state.tokens[place]
        if token.is_unknown and not token.used and (len(token.key) >= _SHORTEST_WORD or is_unspaced(token.key[0])):
            state.add(place, MentionKind.WORD, only_if_known=True)
