"""What a guild note says, as typed values: whom it mentions, or what kind of note it is if it mentions no one."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from sv_common.guild_sync.core.names import name_key
from sv_common.guild_sync.notes.words.text import clean
from sv_common.guild_sync.notes.words.tokens import Token
from sv_common.guild_sync.notes.words.vocabulary import LETTER


class NoteKind(StrEnum):
    """What a note is about when none of its mentions turns out to be someone."""

    NAMES = "names"
    EMPTY = "empty"
    PROFESSION = "profession"
    BANK = "bank"
    DATE = "date"
    MACHINE = "machine"
    DITTO = "ditto"
    MARKER = "marker"
    NOISE = "noise"


class MentionKind(StrEnum):
    """The form in which a note names someone."""

    NAME = "name"
    ALT_OF = "alt_of"
    MAIN_IS = "main_is"
    DISCORD = "discord"
    BANK_OF = "bank_of"
    LIST_MEMBER = "list_member"
    WORD = "word"


@dataclass(frozen=True, slots=True)
class Reading:
    """One way to read a mention. `key` is a `name_key`, never empty.

    Rank 0 is as written. Equal ranks are equally plausible; a higher rank is tried only when no lower one means
    anyone.
    """

    key: str
    rank: int


@dataclass(frozen=True, slots=True)
class Mention:
    """A person that a note names.

    `readings` go by rank. `only_if_known` mentions count only when someone of that name exists: words in free text, words
    of the vocabulary, expansions of a list. Every other mention names a person even if no one of that name is known.
    `realm` is the part after the hyphen of `Name-Realm` where that part could be a realm; `is_realm_glued`: no blank stands
    around that hyphen, where a bracket may hold anything. `needs_realm`: it counts only where `realm` is one, of the guild's
    or of the character that has the note.

    `is_doubtful`: where it does mean someone, the note as a whole is not certain any more: a word that is also a name
    ("Holy" alone, "Sleepy/Zork"), a past or second name. `is_owner`: the form says that something is this person's, so that
    the name may be in another case. `is_listed`: a mark of lists, such as a slash, stands beside it; `is_joined`: an "and" does.
    """

    text: str
    kind: MentionKind
    readings: tuple[Reading, ...]
    realm: str | None
    only_if_known: bool
    is_doubtful: bool = False
    is_realm_glued: bool = False
    is_owner: bool = False
    is_listed: bool = False
    is_joined: bool = False
    needs_realm: bool = False


@dataclass(frozen=True, slots=True)
class ParsedNote:
    """One note, read without any knowledge of the guild.

    `kind` holds if no mention turns out to be known; it is NAMES when at least one mention is not `only_if_known`.
    `mentions` go from the strongest to the weakest. `marks_main` is True for a main's marker, False for an alt's, None
    when the note says neither. `is_about_others`: as far as one can tell, its names are other people's ("friend of Zork").
    `listed_words` are words of the vocabulary that stand in a list beside a name, where someone may be called so.
    """

    kind: NoteKind
    mentions: tuple[Mention, ...]
    is_bank: bool
    marks_main: bool | None
    is_about_others: bool = False
    listed_words: tuple[str, ...] = ()


def stands_alone(mention: Mention, note: str) -> bool:
    """Whether a mention has the form of a name in its note: nothing else is there, or a form says that a name is there."""
    return mention.kind in _IN_A_FORM or is_whole_note(mention, note)


def is_whole_note(mention: Mention, note: str) -> bool:
    """Whether a note is this name and nothing else but signs."""
    return name_key(_SIGNS.sub(" ", clean(note))) == mention.readings[0].key


def is_username(mention: Mention, note: str) -> bool:
    """Whether a note is nothing but a Discord name that is no word ("zork.brakk"), whose parts are then no names."""
    is_word = mention.readings[0].key.isalpha()
    return mention.kind is MentionKind.DISCORD and not is_word and is_whole_note(mention, note)


_IN_A_FORM: Final = frozenset({MentionKind.ALT_OF, MentionKind.MAIN_IS, MentionKind.BANK_OF, MentionKind.DISCORD})
_SIGNS: Final = re.compile(rf"(?!{LETTER}|[\d'_.-]).")


def note_key(parsed: ParsedNote) -> str | None:
    """Name that a note gives, for display: the first reading of the first mention that stands alone, or None."""
    for mention in parsed.mentions:
        if not mention.only_if_known:
            return mention.readings[0].key
    return None


_SHORTEST_STEM: Final = 2
_CYRILLIC_GENITIVES: Final = {"а": ("",), "я": ("й", "ь"), "ы": ("а",), "и": ("я", "а", "ь")}
"""What a Russian ending can have been before it was put into the genitive ("твинк Маши" is of Маша)."""


def readings_of(token: Token, *, belongs: bool = False, may_be_genitive: bool = True) -> tuple[Reading, ...]:
    """All readings of a word, as written first.

    A final "s" is never cut blindly: the word as written and the word without it are both readings. `belongs` says that
    the form makes a possessive as likely as a name in "s" ("Brightmanes alt"); and who is called Jangles is often written
    "Jangle's". `may_be_genitive` is False where what follows would not be a character of that person ("Brightmanes recruit").
    """
    key = token.key
    alternatives: list[Reading] = []
    if (stem := _without_plural(token)) and (may_be_genitive or token.is_possessive):
        doubtful = token.is_possessive or not belongs or stem.endswith("s")
        alternatives.append(Reading(stem, 1 if doubtful else 0))
    if token.ending == "'s" and not key.endswith("s"):
        alternatives.append(Reading(f"{key}s", 1))
    if belongs and not token.is_possessive:
        alternatives += [Reading(nominative, 1) for nominative in _nominatives(key)]
    if token.stem:
        alternatives.append(Reading(token.stem, 1))
    if (letters := key.rstrip("0123456789")) != key and letters:
        alternatives.append(Reading(letters, 1))
    return (Reading(key, 0), *alternatives)


def _without_plural(token: Token) -> str | None:
    """`Brightmanes` without its "s"; None where there is none, or where an apostrophe has already parted it."""
    stem = token.key[:-1]
    can_be_cut = token.key.endswith("s") and token.ending != "'s"
    return stem if can_be_cut and len(stem) >= _SHORTEST_STEM and stem.isalpha() else None


def _nominatives(key: str) -> list[str]:
    endings = _CYRILLIC_GENITIVES.get(key[-1], ())
    return [key[:-1] + ending for ending in endings if len(key) > _SHORTEST_STEM]
