"""What of a Discord name is a name, and what decorates it: ranks, roles, pronouns, signs, letters drawn as others."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from typing import Final

from sv_common.guild_sync.core.names import name_key
from sv_common.guild_sync.notes import Category, Vocabulary
from sv_common.guild_sync.notes.words.vocabulary import NO_CATEGORY, TRADES, categories_of

SHORTEST_PART: Final = 3
"""Letters of a name that is one word among decoration, or one of several names parted by a bar."""

_DECORATING: Final = TRADES | categories_of("status measure main alt character date discord")
_SAYING_OTHERWISE: Final = categories_of("relation company negation second_name identity link")
PRONOUNS: Final = frozenset(
    re.findall(
        r"\w+",
        "he him his she her hers they them their theirs it its xe xem ze zir any all er ihm ihn sie ihr il lui "
        "elle iel el ella ele ela lei han ham hon henne hun hende hij hem zij haar on ona jego jej он его она её "
        "ее",
    )
)
_TITLES: Final = frozenset({"dr", "mr", "mrs", "ms", "prof", "sir"})
_BRACKETED: Final = re.compile(r"\(.*?\)|\[.*?\]|\{.*?\}|<.*?>|【.*?】|「.*?」|『.*?』")
_BETWEEN_NAMES: Final = re.compile(r"[|/\\•·~»«¦,;]|\s[-–—:]+\s")
_WORD: Final = re.compile(r"[^\W_]+(?:['’][^\W_]+)*")
_EDGE: Final = re.compile(r"^[\W_]+|[\W_]+$")
_GENITIVE: Final = re.compile(r"['’`´](?:s\b|$|\s)", re.IGNORECASE)
_STYLED: Final = str.maketrans("ᴀʙᴄᴅᴇꜰɢʜɪᴊᴋʟᴍɴᴏᴘꞯʀꜱᴛᴜᴠᴡʏᴢ", "abcdefghijklmnopqrstuvwyz") | {
    first + number: chr(ord("a") + number) for first in (0x1F150, 0x1F170, 0x1F1E6) for number in range(26)
}
"""Small capitals, letters in black circles and squares, and flags' letters; the other styles are folded by NFKC."""


def undecorated(name: str, vocabulary: Vocabulary) -> frozenset[str]:
    """Return the keys of the names that a Discord name holds without its decoration.

    Several with a bar between them ("Brightmane | Kip") are names each. A name with a negation, or about someone's mother, team or
    friend, holds no other name.
    """
    plain = plain_letters(name)
    bare = _BRACKETED.sub(" ", plain)
    if any(
        Category.NEGATION in vocabulary.categories.get(name_key(word), NO_CATEGORY) for word in _WORD.findall(plain)
    ):
        return frozenset({name_key(_EDGE.sub("", plain))} - {""})
    whole = {name_key(_EDGE.sub("", text)) for text in (plain, bare)}
    parts = {key for part in _BETWEEN_NAMES.split(bare) for key in _names_in(part, vocabulary)}
    return frozenset((whole | parts) - {""} - {key for key in whole if key in vocabulary.categories})


def plain_letters(text: str) -> str:
    """`text` with letters that are drawn as others (𝓡𝓸𝔁, ᴋɪᴘ, 🅺🅸🅿) written plainly."""
    return unicodedata.normalize("NFKC", text.translate(_STYLED)) if not text.isascii() else text


def _names_in(part: str, vocabulary: Vocabulary) -> Iterator[str]:
    if _GENITIVE.search(part):
        return
    words = list(_WORD.finditer(part))
    kept = [word for word in words if not _is_decoration(name_key(word[0]), vocabulary)]
    if not kept:
        return
    key = name_key(part[kept[0].start() : kept[-1].end()])
    is_one = len(kept) == 1
    if is_one and len(key) < SHORTEST_PART and len(words) > 1:
        return
    if key not in vocabulary.categories:
        yield key


def _is_decoration(word: str, vocabulary: Vocabulary) -> bool:
    categories = vocabulary.categories.get(word, NO_CATEGORY)
    if word in PRONOUNS or word in _TITLES or word.isdigit() or len(word) == 1:
        return True
    return bool(categories & _DECORATING) and not categories & _SAYING_OTHERWISE
