"""`patt settings`: showing and changing what a guild sets for itself."""

from __future__ import annotations

import psycopg
import pytest

from cli.conftest import Patt


@pytest.fixture(autouse=True)
def asleep(guild: psycopg.Connection) -> None:
    """Let a character of the guild sleep for 40 days."""
    guild.execute(
        "update guild_identity.wow_characters set last_login_timestamp = "
        "(extract(epoch from now() - interval '40 days') * 1000)::bigint where character_name = 'Mito'"
    )


def test_a_threshold_is_previewed_set_shown_and_undone(patt: Patt) -> None:
    assert patt("scan", "stale_character").code == 0
    change = ("settings", "rule", "stale_character", "--set", "stale_after_days=45")
    seen = patt(*change, "--preview")
    assert "Stale after  30 days  45 days" in seen.out
    assert "This would resolve 1 issue." in seen.out
    assert patt("settings", "history", "--json").json == []
    saved = patt(*change)
    assert "Saved. It resolved 1 issue." in saved.out
    assert "stale_after_days: 45 days" in " ".join(patt("settings", "show").out.split())  # a narrow column is wrapped
    [made] = patt("settings", "history", "--json").json
    assert made["sentence"] == "stale_character. Stale after: 30 days → 45 days"
    undone = patt("settings", "undo", made["id"], "--json").json
    assert undone["counts"] == {"opens": 1, "resolves": 0, "fixed": 0}
    assert "undone" in patt("settings", "history").out
    shown = {each["issue_type"]: each["parameters"] for each in patt("settings", "show", "--json").json}
    assert shown["stale_character"] == {"stale_after_days": 30}


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["rule", "stale_character", "--set", "stale_after_days"], "Write --set NAME=NUMBER"),
        (["rule", "orphan_wow", "--automatic", "perhaps"], "“perhaps” cannot be used. Use yes, no or default"),
        (["rule", "orphan_wow", "--severity", "dire"], "“dire” does not exist"),
        (["undo", "99"], "Settings change 99 does not exist"),
        (["try", "x" * 201], "the longest that is read here has 200"),
    ],
)
def test_what_cannot_be_set_is_one_sentence_and_exit_code_1(patt: Patt, arguments: list[str], sentence: str) -> None:
    assert patt("settings", *arguments).refuses(sentence)
    assert patt("settings", "history", "--json").json == []


def _kept(patt: Patt, name: str) -> int | None:
    days: dict[str, int | None] = {
        each["name"]: each["value"] for each in patt("settings", "keep", "--json").json["lives"]
    }
    return days[name]


def test_how_long_data_is_kept_is_shown_previewed_set_and_undone(patt: Patt) -> None:
    assert "90 days" in patt("settings", "keep").out
    assert "deletes nothing" in patt("settings", "keep", "uploads=30", "--preview").out
    assert patt("settings", "keep", "uploads=30").code == 0
    assert _kept(patt, "uploads") == 30
    [made] = patt("settings", "history", "--json").json
    assert made["sentence"] == "Uploads: 90 days → 30 days"
    patt("settings", "undo", made["id"])
    assert _kept(patt, "uploads") is None
    assert patt("settings", "keep", "uploads").refuses("Write NAME=DAYS")


def test_a_rule_is_switched_off_with_a_word_about_its_issues(patt: Patt) -> None:
    patt("scan")
    said = patt("settings", "rule", "stale_character", "--off", "--preview").out
    assert "! 1 issue of this rule stays open" in " ".join(said.split())


def test_a_word_is_said_and_a_note_is_tried(patt: Patt) -> None:
    before = patt("settings", "try", "Nightcrew", "--json").json
    assert (before["verdict"], before["sentence"]) == ("unknown", "No one here is named “Nightcrew”.")
    assert patt("settings", "word", "Nightcrew", "role").code == 0
    assert patt("settings", "try", "nightcrew", "--json").json["known_words"] == [
        {"word": "nightcrew", "is_here": "role"}
    ]
    assert "means" in patt("settings", "try", "alt of Mito").out.lower()


def test_what_other_commands_set_is_remembered_too(patt: Patt) -> None:
    patt("words", "add", "Nightcrew", "role")
    patt("words", "reset", "Nightcrew")
    patt("ranks", "map", 3, "4711", "--name", "Social")
    patt("ranks", "unmap", 3)
    patt("ranks", "unmap", 3)
    sentences = [each["sentence"] for each in patt("settings", "history", "--json").json]
    assert sentences == [
        "Rank 3, Social: Social → no role",
        "Rank 3, Social: not set → Social",
        "The word “nightcrew”: role → as in every guild (no word of the vocabulary)",
        "The word “nightcrew”: as in every guild (no word of the vocabulary) → role",
    ]
