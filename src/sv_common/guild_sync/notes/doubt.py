"""Which names of a note its writer doubts: asked about ("Zork?", "Zork alt?"), or compared ("Zork > this one").

Such a name may be whom the note means, but the note neither links nor unlinks anyone by it. An arrow between a name and
nothing but a word such as "alt" or "mage" ("alt -> Zork") compares nothing, nor does one at an end of the note ("-> Zork").
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final

from sv_common.guild_sync.notes.words.tokens import Gap, Token
from sv_common.guild_sync.notes.words.vocabulary import TRADES, Category

_QUESTION: Final = re.compile(r"(?<!=)\?")
_BRACKETED: Final = re.compile(r"<[^<>]*[^<>\s-][^<>]*>")
_FACES: Final = re.compile(r"</?3+|>[._:;]+[<()DPp]?|[._:;]+[<>](?![<>=-])")
_WRAPPED: Final = re.compile(r"[-=~ ]*>+([^<>]*)<+[-=~ ]*")
_COMPARING: Final = re.compile(r"[<>]|!=|=/=")
_ENDS: Final = re.compile(r"^[\s(]*(?:[-=~]*>+(?!=)|<+[-=~]+|=+)[\s)]*|[\s(]*(?:[-=~]+>+|(?<!=)<+[-=~]+)[\s)]*$")
"""An arrow at an end of a note, which has nothing on its other side to compare."""


def doubted_in(text: str, tokens: Sequence[Token], *, said: bool) -> frozenset[int]:
    """Places of the words that a question is about, or all of them where the note compares or ends as a question.

    `said`: a word of the note may say that its writer does not know ("maybe"), if it is no name itself.
    """
    is_said = said and any(token.is_unknown for token in tokens)
    if is_said or text.endswith("?") or (_compares(text) and not _points(text, tokens)):
        return frozenset(range(len(tokens)))
    if "?" not in text:
        return frozenset()
    return frozenset(place for question in _QUESTION.finditer(text) for place in _asked(question.start(), tokens))


def doubts_handle(text: str, mark: str) -> bool:
    """Whether a question or a comparison is about a handle, in whose place `mark` stands in the text."""
    return re.search(rf"{re.escape(mark)} ?[()]*\?", text) is not None or (mark in text and _compares(text))


def _compares(text: str) -> bool:
    if not ("<" in text or ">" in text or "=" in text) or _WRAPPED.fullmatch(text):
        return False
    inside = _ENDS.sub("", _FACES.sub(" ", _BRACKETED.sub(" ", text)))
    return _COMPARING.search(inside) is not None


def _points(text: str, tokens: Sequence[Token]) -> bool:
    """Whether all that stands on one side of the signs says that a character is an alt, a main, a bank."""
    sign = _COMPARING.search(text)
    if sign is None or not tokens:
        return False
    sides = ([t for t in tokens if t.start < sign.start()], [t for t in tokens if t.start >= sign.end()])
    says = _OWN | TRADES if "-" in text[: sign.end()] else _OWN
    return any(side and all(token.categories & says for token in side) for side in sides)


_OWN: Final = frozenset({Category.ALT, Category.MAIN, Category.BANK, Category.CHARACTER})


def _asked(question: int, tokens: Sequence[Token]) -> Iterator[int]:
    """The words of the clause that ends at a question mark; of the first clause where the mark comes first."""
    before = [place for place, token in enumerate(tokens) if token.start < question]
    for place in reversed(before):
        yield place
        if tokens[place].gap is Gap.BREAK and tokens[place].before != ".":
            return
    if before:
        return
    for place, token in enumerate(tokens):
        if place and token.gap is Gap.BREAK:
            return
        yield place
