"""Text of notes: made plain for parsing, folded for suggestions."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

LONGEST_NOTE: Final = 255
"""Letters that are read. The game allows 31; a longer text is no note, and reading all of it would only cost time."""

_MARKUP: Final = re.compile(
    r"\|c(?:[0-9a-fA-F]{8}|n[A-Za-z0-9_]+:)"  # a color begins
    r"|\|T[^|]*\|t|\|A[^|]*\|a"  # a picture
    r"|\|H[^|]*\|h|\|h"  # a link, whose text stays
    r"|\{(?:rt[1-8]|star|circle|diamond|triangle|moon|square|cross|x|skull)\}"  # a raid marker
)
_COLOR_END: Final = re.compile(r"\|r")

_APOSTROPHES: Final = "'`´‘’‛ʹʻʼʽˈ′‵＇｀＇"
_QUOTES: Final = '"“”„‟«»‹›「」『』〝〞〟″〃＂'
_COMMAS: Final = ",、，､·•‧・･∙⋅●◦▪"
_UNFOLDED: Final = {
    "ø": "o", "đ": "d", "ð": "d", "þ": "th", "ł": "l", "æ": "ae", "œ": "oe", "ß": "ss", "ħ": "h", "ı": "i", "ŧ": "t",
    "ŋ": "n", "ĸ": "k", "ƒ": "f", "ƀ": "b", "ɨ": "i", "ŀ": "l", "ɐ": "a", "ə": "e", "ʒ": "z", "ƶ": "z", "ȥ": "z",
    "Ø": "O", "Đ": "D", "Ð": "D", "Þ": "Th", "Ł": "L", "Æ": "Ae", "Œ": "Oe", "ẞ": "SS", "Ħ": "H", "Ŧ": "T", "Ŋ": "N",
    "Ƶ": "Z",
}  # fmt: skip
_UNFOLDED_TABLE: Final = str.maketrans(_UNFOLDED)
_LATIN_MARKS: Final = re.compile(r"[\u0300-\u036f]")


def fold_accents(text: str) -> str:
    """`text` without accents and ligatures, to look for a name that is spelled otherwise.

    No proof that two names are one: four characters of one realm can differ in accents alone. NFKD leaves letters
    such as `ø`, `ł` and `ß` as they are, so these go by an explicit table.
    """
    decomposed = unicodedata.normalize("NFKD", text.translate(_UNFOLDED_TABLE))
    return unicodedata.normalize("NFC", _LATIN_MARKS.sub("", decomposed))


def clean(note: str) -> str:
    """`note` with the game's markup, invisible characters and pictures taken out and punctuation made ASCII.

    Letters, their marks and digits stay as they are in every script; everything else becomes ASCII punctuation or a
    blank.
    """
    text = note[:LONGEST_NOTE]
    if "|" in text or "{" in text:
        text = _without_markup(text)
    return " ".join(unicodedata.normalize("NFC", text).translate(_PLAIN).split())


def _without_markup(text: str) -> str:
    """Color ends are only cut where a color began: in "Brightmane|rogue" the bar parts two words."""
    stripped = _MARKUP.sub("", text)
    return stripped if stripped == text else _COLOR_END.sub("", stripped)


class _PlainCharacters(dict[int, str]):
    """Maps a code point to what stands for it in a clean note; worked out once for each character that is met."""

    def __missing__(self, code: int) -> str:
        plain = self[code] = _plain_character(chr(code))
        return plain


_SPECIAL: Final = (
    dict.fromkeys(_APOSTROPHES, "'")
    | dict.fromkeys(_QUOTES, '"')
    | dict.fromkeys(_COMMAS, ",")
    | dict.fromkeys("。．", ".")
    | dict.fromkeys("↑⬆", "^")
    | dict.fromkeys("∕⁄", "/")
    | dict.fromkeys("→⇒⟶⟹➔➜➝➞➡➤⮕►▶", "->")
    | dict.fromkeys("≥≫≻", ">")
    | dict.fromkeys("←⇐⟵⟸⬅◀◄≤≪≺↔⇔⟷", "<")
    | {"−": "-", "≠": "!=", "\N{COMBINING GRAPHEME JOINER}": ""}
)
_FULL_WIDTH: Final = range(0xFF01, 0xFF5F)
_BLANK_LETTERS: Final = "\u115f\u1160\u17b4\u17b5\u3164\uffa0"
"""Letters to Unicode, and nothing to the eye."""

_BY_CATEGORY: Final = {"Pd": "-", "Ps": "(", "Pe": ")", "Pi": '"', "Pf": '"', "Cf": "", "Me": ""}


def _plain_character(character: str) -> str:
    if character in _BLANK_LETTERS:
        return " "
    if character in _SPECIAL:
        return _SPECIAL[character]
    if character.isascii():
        return character if character.isprintable() else " "
    if unicodedata.name(character, "").startswith("VARIATION SELECTOR"):
        return ""
    category = unicodedata.category(character)
    if (category[0] in "LM" and category != "Me") or category == "Nd":
        return character
    if ord(character) in _FULL_WIDTH:
        return chr(ord(character) - 0xFEE0)
    return _BY_CATEGORY.get(category, " ")


_PLAIN: Final = _PlainCharacters()
