"""Names as Polish and Russian write them for "of someone": the genitive, and the adjective that says whose something is.

All the forms that a name can have, of which its bearer uses one: who has such a form may be meant, who alone has it is.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

_CYRILLIC: Final = re.compile(r"[а-яё]+")
_LATIN: Final = re.compile(r"[a-ząćęłńóśźż]+")
_SHORTEST: Final = 3
_SOFTENED: Final = {"ń": "ni", "ś": "si", "ć": "ci", "ź": "zi"}
_COMPOUND: Final = re.compile(r"(.{2,})(ый|ий|ой|ая|яя)(.{3,})")
_ADJECTIVES: Final = {"ый": ("ого",), "ий": ("его", "ого"), "ой": ("ого",), "ая": ("ой", "ей"), "яя": ("ей",)}
_VOWELS: Final = "аеёиоуыэюя"
_POLISH_LETTERS: Final = re.compile(r"[ąćęłńśźż]", re.IGNORECASE)


def is_written_in_polish(text: str) -> bool:
    """Whether a text has a letter that among the supported languages only Polish has."""
    return _POLISH_LETTERS.search(text) is not None


def owners_forms(name: str, *, is_polish: bool) -> frozenset[str]:
    """Every form in which the name (a key) may stand for an owner; none for a name that such a language does not decline."""
    if len(name) < _SHORTEST:
        return frozenset()
    if _CYRILLIC.fullmatch(name):
        return frozenset(_russian(name)) - {name}
    return frozenset(_polish(name)) - {name} if is_polish and _LATIN.fullmatch(name) else frozenset()


def _polish(name: str) -> Iterator[str]:
    stem, last = name[:-1], name[-1]
    match last:
        case "a":
            yield from (stem + ending for ending in ("y", "i", "ej", "iej"))
            if stem.endswith(("i", "j")):
                yield from (stem, stem[:-1] + "i", stem[:-1] + "ii")
        case "o" | "e":
            yield stem + "a"
        case "y" | "i":
            yield from (stem + ending for ending in ("ego", "iego"))
        case "u" | "ó" | "ą" | "ę":
            return
        case _:
            for base in _polish_bases(name):
                soft = base[:-1] + _SOFTENED[base[-1]] if base[-1] in _SOFTENED else base + "i"
                yield from (base + "a", base + "u", base + "y", soft, soft + "a", soft + "u")


def _polish_bases(name: str) -> Iterator[str]:
    """The name, and as it is when an ending follows: Żurek, Żurk-; Gołąb, Gołęb-; Kozioł, Kozł-."""
    yield name
    if name[-2] == "e":
        yield name[:-2] + name[-1]
    if name[-3:-1] in ("ie", "io") and len(name) > _SHORTEST:
        yield name[:-3] + name[-1]
    for closed, opened in (("ó", "o"), ("ą", "ę")):
        head, found, tail = name.rpartition(closed)
        if found:
            yield head + opened + tail


def _russian(name: str) -> Iterator[str]:
    stem, last = name[:-1], name[-1]
    match last:
        case "а" | "я":
            endings = ("ы", "и", "ин", "ина", "ино", "ины")
            yield from (stem + ending for ending in endings)
            yield from (stem[:-1] + ending for ending in ("ой", "ей") if stem.endswith(("а", "я")))
        case "й":
            yield from (stem + ending for ending in ("я", "ев", "ева", "ево"))
            yield from (stem[:-1] + ending for ending in ("ого", "его", "ья"))
        case "ь":
            for base in (stem, stem[:-2] + stem[-1]):
                yield from (base + ending for ending in ("я", "и", "ев", "ева"))
        case "о" | "е" | "ё":
            yield from (stem + ending for ending in ("а", "я"))
        case _ if last not in _VOWELS:
            for base in _russian_bases(name):
                yield from (base + ending for ending in ("а", "ов", "ова", "ово", "ев", "ева"))
    yield from _russian_of_two_words(name)


def _russian_of_two_words(name: str) -> Iterator[str]:
    """Forms of an adjective and a noun in one, of which both change: Тёмныйлис, Тёмноголиса."""
    compound = _COMPOUND.fullmatch(name)
    if compound:
        for adjective in _ADJECTIVES[compound[2]]:
            yield from (compound[1] + adjective + rest for rest in _russian(compound[3]))


def _russian_bases(name: str) -> Iterator[str]:
    """The name, and as it is when an ending follows: Волчок, Волчк-; Лев, Льв-; Боец, Бойц-."""
    yield name
    if name[-2] in "еёо":
        yield from (name[:-2] + between + name[-1] for between in ("", "ь", "й"))
