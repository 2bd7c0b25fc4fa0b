"""A note while it is being read: its pieces, and what has been understood so far."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Final

from sv_common.guild_sync.core.names import name_key
from sv_common.guild_sync.notes.doubt import doubted_in, doubts_handle
from sv_common.guild_sync.notes.mentions import Mention, MentionKind, Reading, readings_of
from sv_common.guild_sync.notes.others import NOWHERE, Places, denied_in, is_told_of_others, others_in, second_names_in
from sv_common.guild_sync.notes.words.tokens import Gap, Shape, Token
from sv_common.guild_sync.notes.words.vocabulary import TRADES, Categories, Category

CONNECTING: Final = frozenset({Category.LINK, Category.COPULA, Category.ARTICLE})
JOINED: Final = frozenset({Gap.SPACE, Gap.HYPHEN})
OWN: Final = TRADES | {Category.ALT, Category.BANK, Category.CHARACTER, Category.MAIN, Category.MEASURE}
"""Words for a character: "Zork's bank" and "Zork's priest" are Zork's, where "Zork's recruit" and "Zork's zug" need not be."""

ALSO_VERBS: Final = frozenset(
    re.findall(
        r"\w+",
        "heal heals healing healt heilt cura curas cure soin soins soigne tanks tanking tankt war hunt hunts mark marks mine "
        "support buff ombra sombra combat balance main",
    )
)
"""Words for characters that say of someone else what is done for them ("heals Zork"), or what they were ("war Zork")."""

WHERE_SOMETHING_WAS: Final = "~"
"""What stands in the text for an address or a handle that has been taken out."""

_BEFORE_OWN: Final = frozenset({Category.ARTICLE, Category.POSSESSIVE})
_OF_OWNERS: Final = frozenset({MentionKind.ALT_OF, MentionKind.BANK_OF})
_IN_NO_FORM: Final = frozenset({MentionKind.NAME, MentionKind.LIST_MEMBER})
_BESIDE: Final = re.compile(r" ?[(\[]([^()\[\]]+)[)\]]| - (\S.*)")
_MOST_REALM_WORDS: Final = 3
_MOST_PHRASE_WORDS: Final = 3


@dataclass(slots=True)
class NoteState:
    """The pieces of one note and the mentions found in them.

    `has_owner` is set once a form has said whose character this is; what else the note holds then counts only if known.
    `categories` are those of all its words. `is_bank`: the note has a bank word. `denied`, `others` and `second_names` are
    the places of words that stand for other people or former names; `others` holds the denied ones too. `doubted` are those
    that the note asks about or compares. `is_counter`: the note is a machine's, words with numbers ("Net:12 Tot:34").
    """

    text: str
    tokens: list[Token]
    mentions: list[Mention] = field(default_factory=list)
    marks_main: bool | None = None
    has_owner: bool = False
    listed_words: list[str] = field(default_factory=list)
    categories: Categories = field(init=False)
    is_bank: bool = field(init=False)
    denied: Places = field(init=False, default=NOWHERE)
    others: Places = field(init=False, default=NOWHERE)
    second_names: Places = field(init=False, default=NOWHERE)
    doubted: Places = field(init=False)
    is_counter: bool = field(init=False)

    def __post_init__(self) -> None:
        self.categories = frozenset[Category]().union(*(token.categories for token in self.tokens))
        self.is_bank = Category.BANK in self.categories
        if is_told_of_others(self.categories):
            self.denied = denied_in(self.tokens)
            self.others = others_in(self.tokens, handle_at=self.text.find(WHERE_SOMETHING_WAS)) | self.denied
            self.second_names = second_names_in(self.tokens)
        self.doubted = doubted_in(self.text, self.tokens, said=Category.DOUBT in self.categories)
        self.is_counter = _is_counter(self.tokens)

    def add(
        self, position: int, kind: MentionKind, *, only_if_known: bool, belongs: bool = False, is_doubtful: bool = False
    ) -> None:
        """Add the word at `position`, with its realm if it has one, and count both as read."""
        token = self.tokens[position]
        token.used = True
        may_be_genitive = not token.key.endswith("s") or self.is_own_after(position)
        glued = self._realm_after(position)
        mention = Mention(
            token.text,
            kind,
            readings_of(token, belongs=belongs, may_be_genitive=may_be_genitive),
            realm=glued or self._realm_beside(position),
            only_if_known=only_if_known,
            is_doubtful=is_doubtful,
            is_realm_glued=glued is not None,
            is_owner=kind in _OF_OWNERS or (kind is MentionKind.NAME and (belongs or self._is_trade_behind(position))),
            is_listed=self.is_listed_at(position),
            is_joined=any(token.is_joined for token in self.tokens[position : position + 2]),
        )
        self.add_mention(mention, position)

    def add_mention(self, mention: Mention, place: int | None = None) -> None:
        """Add a mention unless the same name has been found in a stronger form.

        `place` is that of its word; a mention without a place is a handle, which stands outside the words.
        """
        if self._is_of_others(place, mention.kind):
            mention = replace(mention, kind=MentionKind.WORD, only_if_known=True)
        elif self._is_unsure(place):
            mention = replace(mention, kind=MentionKind.WORD, only_if_known=True, is_doubtful=True)
        if self.second_names:
            mention = replace(mention, only_if_known=True)
        if all(known.readings[0].key != mention.readings[0].key for known in self.mentions):
            self.mentions.append(mention)

    def add_phrase(self, phrase: str, kind: MentionKind, place: int) -> None:
        """Add a name of several words that begins or ends at `place`; it may hold a word of relation ("Uncle Fungus")."""
        is_other = place in self.denied or self._is_unsure(place)
        self.mentions.append(
            Mention(phrase, MentionKind.WORD if is_other else kind, (Reading(name_key(phrase), 0),), None, True)
        )

    def is_own_after(self, position: int) -> bool:
        """Whether what hangs on the word at `position` would be a character of whom it names ("Zork's priest")."""
        following = list(self.joined_after(self._end_of_realm(position)))
        if any(token.is_possessive for token in following):
            return False
        return any(token.categories & OWN for token in following) or all(
            token.shape in (Shape.NUMBER, Shape.DATE) or token.categories & _BEFORE_OWN for token in following
        )

    def _is_of_others(self, place: int | None, kind: MentionKind) -> bool:
        if place in self.others or (place is None and self.others):
            return True
        if kind is MentionKind.DISCORD and place is None and any(token.is_everyday for token in self.tokens):
            return True  # a handle inside a sentence: "summons @zork every week"
        return kind in _IN_NO_FORM and not self.others <= self.denied

    def _is_unsure(self, place: int | None) -> bool:
        """Whether a name is a past or second one, or doubted; `place` is None for a handle."""
        if place is None:
            return bool(self.second_names) or doubts_handle(self.text, WHERE_SOMETHING_WAS)
        return place in self.second_names or place in self.doubted

    def is_listed_at(self, position: int) -> bool:
        """Whether a mark of lists stands before or behind a word."""
        return any(token.gap is Gap.LIST for token in self.tokens[max(position, 1) : position + 2])

    def _is_trade_behind(self, position: int) -> bool:
        following = next(self.joined_after(position), None)
        return following is not None and bool(following.categories & OWN)

    def head_of(self, position: int) -> int:
        """Place of the name in Name-Realm, given the place of the realm; any other `position` stays as it is."""
        while position > 0 and self.tokens[position].gap is Gap.HYPHEN and self.tokens[position - 1].is_unknown:
            position -= 1
        return position

    def joined_after(self, position: int) -> Iterator[Token]:
        """Pieces after `position` that neither punctuation nor a form parts from it."""
        for token in self.tokens[position + 1 :]:
            if token.gap not in JOINED or token.used:
                return
            yield token

    def has_only_tail_after(self, position: int) -> bool:
        """Whether nothing but numbers and words about characters hangs on the word at `position`."""
        return all(token.is_tail for token in self.joined_after(self._end_of_realm(position)))

    def phrase_after(self, position: int) -> str | None:
        """Return the whole of a name of several words that begins at `position` ("Big Joe"), or None."""
        following = list(self.joined_after(position))
        words = [self.tokens[position], *following]
        is_phrase = 0 < len(following) < _MOST_PHRASE_WORDS and all(word.gap is Gap.SPACE for word in following)
        if not is_phrase or any(word.is_tail or word.is_possessive for word in words):
            return None
        return self.text[words[0].start : words[-1].end]

    def _realm_after(self, position: int) -> str | None:
        end = self._end_of_realm(position)
        if end == position:
            return None
        parts = self.tokens[position + 1 : end + 1]
        for part in parts:
            part.used = True
        return self.text[parts[0].start : parts[-1].end]

    def _realm_beside(self, position: int) -> str | None:
        """What stands where a realm may: `Zork (Realm)`, `Zork - Realm`."""
        following = self.tokens[position + 1 : position + 2]
        if not following or following[0].is_tail:
            return None
        beside = _BESIDE.match(self.text, self.tokens[position].end)
        return (beside[1] or beside[2]) if beside else None

    def phrase_before(self, position: int) -> str | None:
        """Return the whole of a name of several words that ends at `position` ("Big Joe"), or None."""
        first = position
        while first > 0 and self.tokens[first].gap is Gap.SPACE and not self.tokens[first - 1].categories & CONNECTING:
            first -= 1
        words = self.tokens[first : position + 1]
        if not 1 < len(words) <= _MOST_PHRASE_WORDS or any(word.is_tail for word in words):
            return None
        return self.text[words[0].start : words[-1].end]

    def _end_of_realm(self, position: int) -> int:
        """Place of the last piece of the realm in Name-Realm; `position` itself when there is none."""
        following = self.tokens[position + 1 :]
        if not following or following[0].gap is not Gap.HYPHEN or following[0].is_tail:
            return position
        glued = 1
        while glued < len(following) and following[glued].gap is Gap.HYPHEN:
            glued += 1
        if following[glued - 1].is_possessive:
            return position + glued
        spaced = list(self.joined_after(position + glued))
        if len(spaced) < _MOST_REALM_WORDS and all(word.shape is Shape.WORD and not word.is_tail for word in spaced):
            glued += len(spaced)
        return position + glued


def _is_counter(tokens: list[Token]) -> bool:
    labels, numbers = tokens[::2], tokens[1::2]
    return (
        len(labels) == len(numbers) > 0
        and all(label.shape is Shape.WORD and not label.has(Category.PROFESSION) for label in labels)
        and all(number.shape is Shape.NUMBER and number.gap is Gap.LABEL for number in numbers)
    )
