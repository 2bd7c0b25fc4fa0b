"""Sentences, numbers and days in the language of the task."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime

import pytest

from sv_common.guild_sync.core.language import (
    PSEUDO,
    best_of,
    day,
    day_and_time,
    language,
    number,
    of_environment,
    percent,
    speak,
    speaking,
    tr,
    tr_in,
    tr_n,
)


def test_english_is_the_text_of_the_code() -> None:
    assert tr("Guild {number} does not exist.", number=7) == "Guild 7 does not exist."


def test_another_language_has_the_text_of_its_catalogue() -> None:
    with speaking("de"):
        assert tr("Guild {number} does not exist.", number=7) == "Gilde 7 gibt es nicht."
    assert tr("Guild {number} does not exist.", number=7) == "Guild 7 does not exist."


def test_a_text_without_a_translation_is_english() -> None:
    with speaking("de"):
        assert tr("no catalogue has this {what}", what="text") == "no catalogue has this text"
        assert tr_n("{n} unheard of", "{n} unheards of", 2) == "2 unheards of"


def test_a_value_is_never_read_as_a_placeholder() -> None:
    assert tr("The note says “{note}”.", note="{player} {0} {") == "The note says “{player} {0} {”."


@pytest.mark.parametrize(("count", "said"), [(0, "0 cats"), (1, "1 cat"), (2, "2 cats"), (1234, "1,234 cats")])
def test_a_number_chooses_the_form_of_its_noun(count: int, said: str) -> None:
    assert tr_n("{n} cat", "{n} cats", count) == said


def test_the_pseudo_language_puts_each_text_in_brackets() -> None:
    with speaking(PSEUDO):
        assert tr("Hello {name}", name="Mito") == "⟦Hello Mito⟧"
        assert tr_in("verb", "Open") == "⟦Open⟧"
        assert tr_n("{n} cat", "{n} cats", 3) == "⟦3 cats⟧"


@pytest.mark.parametrize("code", ["en", "de", PSEUDO])
def test_no_text_is_no_text_in_every_language(code: str) -> None:
    with speaking(code):
        assert (tr(""), tr_in("verb", "")) == ("", "")


def test_numbers_and_days_are_written_as_the_language_does() -> None:
    moment = datetime(2026, 3, 9, 17, 5, tzinfo=UTC)
    assert (number(12345), percent(0.62), day(date(2026, 3, 9))) == ("12,345", "62%", "2026-03-09")
    with speaking("de"):
        assert (number(12345), percent(0.62), day(moment)) == ("12.345", "62\N{NO-BREAK SPACE}%", "09.03.2026")
        assert day_and_time(moment) == "09.03.2026 17:05"


def test_an_unknown_language_is_english() -> None:
    with speaking("tlh"):
        assert language() == "en"


async def test_each_task_has_its_own_language() -> None:
    async def said(code: str) -> str:
        speak(code)
        await asyncio.sleep(0)
        return language()

    assert await asyncio.gather(*(asyncio.create_task(said(code)) for code in ("de", "en", "de"))) == ["de", "en", "de"]
    assert language() == "en"


@pytest.mark.parametrize(
    ("accepted", "code"),
    [
        ("de-DE,de;q=0.9,en;q=0.8", "de"),
        ("fr, de;q=0.5", "de"),
        ("en;q=0.4, DE;q=0.7", "de"),
        ("de;q=0, en", "en"),
        ("", "en"),
        ("*", "en"),
        ("de;q=much, en", "en"),
        ("en-XA", "en"),
    ],
)
def test_a_browser_gets_the_first_language_it_wants_that_there_is(accepted: str, code: str) -> None:
    assert best_of(accepted) == code


@pytest.mark.parametrize(
    ("environment", "code"),
    [
        ({"LANG": "de_DE.UTF-8"}, "de"),
        ({"LANG": "de_AT.UTF-8", "LC_ALL": "C.UTF-8"}, "en"),
        ({"LANG": "C", "PATT_LANGUAGE": "de"}, "de"),
        ({"PATT_LANGUAGE": PSEUDO}, PSEUDO),
        ({"LANG": ""}, "en"),
        ({}, "en"),
    ],
)
def test_a_terminal_says_its_language_in_the_environment(environment: dict[str, str], code: str) -> None:
    assert of_environment(environment) == code
