"""What people read is plain: short sentences without the words that gamers would not say."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, cast

import pytest

from cli.command_tree import rendered
from docs.markdown import ROOT, paragraphs_of
from sv_common.db.pool import Pool
from sv_common.guild_sync.rules import RULES
from web.helpers import application

LONGEST_OF_A_RULE = 40
LONGEST_OF_THE_API = 40
LONGEST_OF_A_DOCUMENT = 30

FOR_PLAYERS_AND_OFFICERS = (
    "README",
    "docs/index",
    "docs/start",
    "docs/guild-master",
    "docs/officers",
    "docs/players",
    "docs/admin",
    "docs/commands",
)
"""The documents that people read who are no engineers."""

_NOT_SAID = re.compile(
    r"\b(?:whoever|whom|whomever|somebody|nobody|anybody"
    r"|by hand|by itself|proves? nothing|no longer so|(?:officer|one) says so|took this back)\b"
    r"|[a-z]\(s\)",
    re.IGNORECASE,
)
_SENTENCE_END = re.compile(r"(?<=[.:;?!])\s+")


def _of_rules() -> Iterator[tuple[str, str]]:
    for rule in RULES.values():
        texts = [rule.name, rule.description, rule.why, rule.safe or "", rule.left_to_officer]
        texts += [text for each in rule.thresholds for text in (each.label, each.about)]
        texts += [text for each in rule.examples for text in (each.given, each.then)]
        yield from ((rule.issue_type, text) for text in texts)


def _described(node: Any, place: str = "") -> Iterator[tuple[str, str]]:
    """Yield every summary and description below a node of the API's own document."""
    if isinstance(node, dict):
        for name, value in node.items():
            if name in ("summary", "description") and isinstance(value, str):
                yield place, value
            else:
                yield from _described(value, f"{place}/{name}")
    elif isinstance(node, list):
        for number, value in enumerate(node):
            yield from _described(value, f"{place}/{number}")


def _of_the_api() -> Iterator[tuple[str, str]]:
    return _described(application(cast("Pool", None)).openapi())


def _too_long(text: str, most: int) -> list[str]:
    return [sentence for sentence in _SENTENCE_END.split(text) if len(sentence.split()) > most]


def test_rules_are_told_in_short_plain_sentences() -> None:
    found = [(place, text) for place, text in _of_rules() if _NOT_SAID.search(text)]
    found += [(place, each) for place, text in _of_rules() for each in _too_long(text, LONGEST_OF_A_RULE)]
    assert found == []


def test_the_api_is_described_in_short_plain_sentences() -> None:
    texts = list(_of_the_api())
    assert len(texts) > 100
    found = [(place, text) for place, text in texts if _NOT_SAID.search(text)]
    found += [(place, each) for place, text in texts for each in _too_long(text, LONGEST_OF_THE_API)]
    assert found == []


@pytest.mark.parametrize("name", FOR_PLAYERS_AND_OFFICERS)
def test_documents_for_players_and_officers_are_written_in_short_plain_sentences(name: str) -> None:
    texts = paragraphs_of(ROOT / f"{name}.md")
    assert len(texts) > 10
    assert [text for text in texts if _NOT_SAID.search(text)] == []
    assert [sentence for text in texts for sentence in _too_long(text, LONGEST_OF_A_DOCUMENT)] == []


def test_the_command_line_helps_in_plain_words() -> None:
    assert [line for line in rendered().splitlines() if _NOT_SAID.search(line)] == []


@pytest.mark.parametrize(
    "text",
    [
        "2 bot(s)",
        "Whoever runs it",
        "Link it by hand",
        "It is similar, which proves nothing",
        "an officer says so",
        "Nobody knows",
        "Whom it is",
    ],
)
def test_a_word_that_no_gamer_says_is_noticed(text: str) -> None:
    assert _NOT_SAID.search(text)
