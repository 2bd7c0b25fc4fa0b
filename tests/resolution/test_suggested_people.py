"""People are suggested as well as the product promises, and nothing strong is said of strangers."""

from __future__ import annotations

import sys
from dataclasses import replace

import pytest

from evaluation.labelled import GUILDS
from evaluation.people import PEOPLE, labelled_people
from evaluation.suggestions import (
    CHARACTERS_BY_NAME,
    CHARACTERS_BY_NOTE,
    MEMBERS,
    Asked,
    ask_about_people,
    ask_all,
    by_kind,
    main,
    missed_aims,
)
from sv_common.guild_sync.issues.explanation import Strength

FEWEST = 190


@pytest.fixture(scope="module")
def seen() -> list[Asked]:
    return ask_all()


@pytest.fixture(scope="module")
def unseen() -> list[Asked]:
    return ask_all(GUILDS.parent / "unseen", PEOPLE / "unseen")


def test_the_right_person_is_suggested_first_as_often_as_is_promised(seen: list[Asked]) -> None:
    assert missed_aims(seen) == []


def test_the_same_holds_in_guilds_for_which_no_rule_was_written(unseen: list[Asked]) -> None:
    assert missed_aims(unseen) == []


def test_there_are_enough_questions_of_each_kind(seen: list[Asked], unseen: list[Asked]) -> None:
    for asked in (seen, unseen):
        counts = {kind: len(part) for kind, part in by_kind(asked).items()}
        assert counts.keys() == {CHARACTERS_BY_NOTE, CHARACTERS_BY_NAME, MEMBERS}
        assert min(counts.values()) >= FEWEST, counts


def test_in_one_large_guild_of_all_labelled_people_the_aims_are_met_too() -> None:
    everyone = [person for _, people in labelled_people(PEOPLE) for person in people]
    assert missed_aims(list(ask_about_people("all", everyone))) == []


def test_a_strong_suggestion_is_almost_never_wrong(seen: list[Asked], unseen: list[Asked]) -> None:
    strong = [each for each in (*seen, *unseen) if each.suggested and each.suggested[0].strength is Strength.STRONG]
    wrong = [each.about for each in strong if not each.is_first]
    assert len(strong) > 1000
    assert len(wrong) <= 0.01 * len(strong), wrong


def test_people_without_evidence_are_suggested_with_little_strength() -> None:
    for folder in (PEOPLE, PEOPLE / "unseen"):
        for name, people in labelled_people(folder):
            strangers = [each for each in people if not each.is_telling]
            assert strangers
            about = {stranger.display_name for stranger in strangers}
            asked = ask_about_people(name, [replace(each, is_telling=True) for each in people])
            assert {
                one.label
                for each in asked
                if each.about in about
                for one in each.suggested
                if one.strength is not Strength.WEAK
            } == set()


def test_the_command_prints_the_shares_and_lists_the_misses(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["evaluation.suggestions", "--misses"])
    with pytest.raises(SystemExit) as ended:
        main()
    printed = capsys.readouterr().out
    assert ended.value.code == 0
    assert "All aims are met." in printed
    assert "by_hand: Ashwarden: Ashgrove is not there; came nobody" in printed
