"""The catalogues hold every text of the program, each with its whole translation."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages import Message

from patt.catalogue import KEYWORDS, SOURCES, as_file, is_translated, updated
from sv_common.guild_sync.core.language import ENGLISH, LANGUAGES, catalogue, path_of

TRANSLATED = [code for code in LANGUAGES if code != ENGLISH]


@pytest.mark.parametrize("code", TRANSLATED)
def test_a_catalogue_has_each_text_of_the_program_and_no_other(code: str) -> None:
    assert as_file(updated(code)) == path_of(code).read_bytes(), "Run: python -m patt.catalogue"


@pytest.mark.parametrize("code", TRANSLATED)
def test_each_text_is_translated(code: str) -> None:
    assert [each.id for each in catalogue(code) if each.id and not is_translated(each)] == []


@pytest.mark.parametrize("code", TRANSLATED)
def test_a_translation_holds_the_values_of_its_text(code: str) -> None:
    wrong = [each.id for each in catalogue(code) if each.id and not _has_the_same_values(each)]
    assert wrong == []


def test_the_text_that_is_translated_is_never_put_together_by_the_program() -> None:
    assert [place for file in sorted(SOURCES.rglob("*.py")) for place in _put_together(file)] == []


def _has_the_same_values(message: Message) -> bool:
    if isinstance(message.id, str):
        return _values(message.id) == _values(str(message.string))
    wanted = _values(message.id[-1])
    return all(wanted - {"n"} <= _values(form) <= wanted for form in message.string or ())


def _values(text: str) -> set[str]:
    return set(re.findall(r"\{(\w+)\}", text))


def _put_together(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in KEYWORDS:
            texts = node.args[: 1 if node.func.id in ("tr", "mark") else 2]
            for text in (each for each in texts if isinstance(each, ast.JoinedStr | ast.BinOp)):
                yield f"{file.relative_to(SOURCES)}:{text.lineno}"


def test_bringing_a_catalogue_up_to_date_leaves_alone_what_is_spoken() -> None:
    code = TRANSLATED[0]
    spoken = {each.id: each.string for each in catalogue(code)}
    blank = updated(code)
    for each in blank:
        each.string = "" if isinstance(each.id, str) else ("", "")
    assert {each.id: each.string for each in catalogue(code)} == spoken
