"""What the scripts of the pages say in other languages: a script for each, which puts their texts into a table, see `static/tr.js`."""

from __future__ import annotations

import gzip
import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from gettext import c2py
from pathlib import Path

from babel import Locale
from babel.messages.extract import extract_from_dir

from patt.web.places import STATIC_PREFIX
from sv_common.guild_sync.core.language import ENGLISH, LANGUAGES, PSEUDO, catalogue, speaking, tr

_STATIC = Path(__file__).parents[2] / "static"
KEYWORDS = {"tr": None, "trParts": None, "trN": (1, 2), "mark": None}
"""The functions of scripts whose literals are texts."""

_METHODS = [("vendor/**", "ignore"), ("**.js", "javascript")]
_NUMBERS = range(1000)
"""Enough of them to have one of each plural form."""

_Text = str | Mapping[str, str]
"""A text, or one with a number by the category of the number, as `Intl.PluralRules` calls it."""


@dataclass(frozen=True, slots=True)
class ScriptTexts:
    """The texts of the scripts in a language, as a script, whose name changes with them."""

    name: str
    script: bytes
    packed: bytes

    @property
    def address(self) -> str:
        return f"{STATIC_PREFIX}/{self.name}"


@cache
def table_of(code: str) -> ScriptTexts | None:
    """Return the texts of a language; None for English, and where nothing is translated."""
    found = {} if code == ENGLISH else _pseudo_texts() if code == PSEUDO else dict(_texts(code))
    if not found:
        return None
    script = f"globalThis.TEXTS = {json.dumps(found, ensure_ascii=False, sort_keys=True)};\n".encode()
    name = f"texts.{code}.{hashlib.sha256(script).hexdigest()[:8]}.js"
    return ScriptTexts(name, script, gzip.compress(script, mtime=0))


def table_named(name: str) -> ScriptTexts | None:
    """Return the texts that are served under a name; None where it is no such name, or one of other texts."""
    if not name.startswith("texts."):
        return None
    tables = (table_of(code) for code in (*LANGUAGES, PSEUDO))
    return next((table for table in tables if table and table.name == name), None)


@cache
def _written() -> frozenset[str | tuple[str, str]]:
    """Return what the scripts say in English: texts, and pairs of forms for one and for many."""
    found = extract_from_dir(_STATIC, _METHODS, keywords=KEYWORDS)
    return frozenset(text if isinstance(text, str) else (text[0], text[1]) for _, _, text, _, _ in found)


def _texts(code: str) -> Iterator[tuple[str, _Text]]:
    for message in catalogue(code):
        if message.id in _written() and not message.fuzzy:
            if isinstance(message.id, str) and isinstance(message.string, str) and message.string:
                yield message.id, message.string
            elif isinstance(message.id, tuple) and isinstance(message.string, tuple) and all(message.string):
                yield message.id[0], _by_category(code, message.string)


def _by_category(code: str, forms: Sequence[str]) -> dict[str, str]:
    form, category = c2py(catalogue(code).plural_expr), Locale.parse(code, sep="-").plural_form
    return {category(number): forms[form(number)] for number in _NUMBERS}


def _pseudo_texts() -> dict[str, _Text]:
    with speaking(PSEUDO):
        texts: dict[str, _Text] = {text: tr(text) for text in _written() if isinstance(text, str)}
        counted = [text for text in _written() if isinstance(text, tuple)]
        return texts | {one: {"one": tr(one), "other": tr(many)} for one, many in counted}
