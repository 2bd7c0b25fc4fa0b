"""Notes of every supported language, by kind: whose character it is, who only stands beside it, and what is no name at all.

`kinds_of_notes.tsv` has a kind, a language, and notes parted by bars. All name Mito, or Мирдан, 조크, 佐克, who are in the
roster, or Trog, who is too; those of the kinds `day` and `spec` are words that somebody else in the roster is called.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from sv_common.guild_sync.identity.roster_file import NotedCharacter
from sv_common.guild_sync.identity.roster_notes import UNKNOWN_NAME, NoteReading, Sureness, read_notes

LANGUAGES = frozenset({"en", "de", "fr", "es", "pt", "it", "ru", "ko", "zh", "da", "sv", "no", "nl", "pl"})
FEWEST_NOTES = 15
NAMED = ("Mito", "Trog", "Мирдан", "조크", "佐克")


class Case(NamedTuple):
    """One note of the file."""

    kind: str
    language: str
    note: str


def _cases() -> list[Case]:
    lines = Path(__file__).with_name("kinds_of_notes.tsv").read_text(encoding="utf-8").splitlines()
    rows = [line.split("\t") for line in lines]
    return [Case(kind, language, note.strip()) for kind, language, notes in rows for note in notes.split("|")]


CASES = _cases()


def read(note: str) -> NoteReading:
    """Read a note in a guild that has everybody whom it may name."""
    roster = [NotedCharacter(f"{name}-Hyjal", name, "Hyjal", "") for name in NAMED]
    return read_notes([*roster, NotedCharacter("Zork-Hyjal", "Zork", "Hyjal", note)])[-1]


def broken_by(*kinds: str, law: Callable[[str], bool]) -> list[Case]:
    """Return the notes of these kinds for which a law does not hold."""
    return [case for case in CASES if case.kind in kinds and not law(case.note)]


def in_no_case_is_certain(reading: NoteReading) -> bool:
    """Whether a reading neither links a character nor founds a group of strangers."""
    return reading.decision is not Sureness.CONFIDENT and reading.kind != UNKNOWN_NAME


def test_a_note_that_says_whose_character_it_is_means_that_person() -> None:
    def law(note: str) -> bool:
        reading = read(note)
        return (reading.decision, len(reading.targets)) == (Sureness.CONFIDENT, 1)

    assert broken_by("own", law=law) == []


def test_a_person_who_only_stands_beside_is_not_meant() -> None:
    def law(note: str) -> bool:
        reading = read(note)
        return reading.decision is Sureness.NOBODY and reading.kind != UNKNOWN_NAME

    assert broken_by("relation", "company", "negation", law=law) == []


def test_a_past_name_and_an_unclear_possession_neither_link_nor_unlink() -> None:
    def law(note: str) -> bool:
        reading = read(note)
        return in_no_case_is_certain(reading) and reading.decision is not Sureness.AMBIGUOUS

    assert broken_by("second", "unclear", law=law) == []


def test_a_name_that_is_asked_about_or_compared_is_suggested_and_no_more() -> None:
    def law(note: str) -> bool:
        reading = read(note)
        suggested = {name.partition("-")[0] for name in reading.suggestions}
        return reading.decision is Sureness.SUGGESTED and suggested <= set(NAMED)

    assert broken_by("doubt", law=law) == []


def test_a_name_with_a_mood_moves_nobody() -> None:
    assert broken_by("mood", law=lambda note: in_no_case_is_certain(read(note))) == []


def test_no_note_that_ends_as_a_question_is_certain_of_anybody() -> None:
    def law(note: str) -> bool:
        asked = (f"{note}?", f"{note} ??", f"{note}？")
        return {read(question).decision for question in asked} <= {Sureness.SUGGESTED, Sureness.NOBODY}

    assert broken_by("own", law=law) == []


def test_a_state_names_nobody() -> None:
    def law(note: str) -> bool:
        reading = read(note)
        return (reading.decision, reading.targets) == (Sureness.NOBODY, ()) and reading.kind != UNKNOWN_NAME

    assert broken_by("state", law=law) == []


def test_a_day_or_a_spec_that_is_also_a_characters_name_is_ambiguous_alone() -> None:
    def law(note: str) -> bool:
        readings = [in_guild_with(note, written) for written in (note, note.lower())]
        expected = (Sureness.AMBIGUOUS, (f"{note}-Hyjal",))
        return all((reading.decision, reading.targets) == expected for reading in readings)

    assert broken_by("day", "spec", law=law) == []


def test_a_character_called_like_a_day_or_a_spec_is_found_where_a_form_says_that_a_name_comes() -> None:
    def law(note: str) -> bool:
        return in_guild_with(note, f"alt of {note}").decision is Sureness.CONFIDENT

    assert broken_by("day", "spec", law=law) == []


@pytest.mark.parametrize("note", ["Brimble?", "alt of Brimble?", "Brimble > this"])
def test_a_stranger_who_is_asked_about_or_compared_founds_no_group(note: str) -> None:
    assert read(note).kind != UNKNOWN_NAME


@pytest.mark.parametrize("note", ["?", "??", "¿?", "？", "alt?", ">", "->", "<3"])
def test_a_sign_alone_names_nobody(note: str) -> None:
    assert read(note).decision is Sureness.NOBODY


def in_guild_with(name: str, note: str) -> NoteReading:
    """Read a note in a guild that has one other character."""
    roster = [NotedCharacter(f"{name}-Hyjal", name, "Hyjal", ""), NotedCharacter("Zork-Hyjal", "Zork", "Hyjal", note)]
    return read_notes(roster)[-1]


@pytest.mark.parametrize("name", ["Dawn", "Ant", "Prec", "Frü", "Form"])
def test_a_name_that_is_spelt_like_an_abbreviation_is_a_name_without_the_full_stop(name: str) -> None:
    assert in_guild_with(name, name).decision is Sureness.CONFIDENT
    assert in_guild_with(name, f"{name}.").decision is Sureness.CONFIDENT


@pytest.mark.parametrize("name", ["Maris", "Mors", "Tantes", "Unges", "Kones"])
def test_a_name_that_is_spelt_like_a_relative_in_the_genitive_is_a_name(name: str) -> None:
    assert in_guild_with(name, name).decision is Sureness.CONFIDENT
    assert in_guild_with(name, f"alt of {name}").decision is Sureness.CONFIDENT


@pytest.mark.parametrize("name", ["佐克团", "风暴團", "星星队"])
def test_a_name_that_ends_like_a_group_is_a_name(name: str) -> None:
    assert in_guild_with(name, name).decision is Sureness.CONFIDENT


def on_discord(note: str) -> NoteReading:
    """Read a note in a guild with a character Mito and three Discord members."""
    roster = [NotedCharacter("Mito-Hyjal", "Mito", "Hyjal", ""), NotedCharacter("Zork-Hyjal", "Zork", "Hyjal", note)]
    return read_notes(roster, ["mito.brimble", "Salty Otter", "anna.b_99"])[-1]


@pytest.mark.parametrize(
    ("note", "member"),
    [
        ("mito.brimble", "mito.brimble"),
        ("Mito.Brimble", "mito.brimble"),
        ("@mito.brimble", "mito.brimble"),
        ("anna.b_99", "anna.b_99"),
        ("Salty Otter's tank", "Salty Otter"),
        ("Salty Otter's 2nd mage", "Salty Otter"),
        ("Salty Otter tank", "Salty Otter"),
        ("Salty Otters healer", "Salty Otter"),
        ("Salty Otter's alt", "Salty Otter"),
        ("Salty Otter Heiler", "Salty Otter"),
    ],
)
def test_a_username_alone_and_a_display_name_of_two_words_mean_the_member(note: str, member: str) -> None:
    reading = on_discord(note)
    assert (reading.decision, reading.person) == (Sureness.CONFIDENT, member)


@pytest.mark.parametrize(
    "note",
    ["mito.brimble?", "Salty Otter's tank?", "Salty Otter's wife's tank", "not mito.brimble", "Salty Otter's zug"],
)
def test_a_members_name_that_is_doubted_denied_or_anothers_means_nobody_for_certain(note: str) -> None:
    assert on_discord(note).decision in (Sureness.SUGGESTED, Sureness.NOBODY)


def test_a_spec_written_as_a_name_suggests_the_one_character_whose_name_begins_so() -> None:
    assert in_guild_with("Schattenklinge", "Schatten").suggestions == ("Schattenklinge-Hyjal",)
    assert in_guild_with("Schattenklinge", "schatten").decision is Sureness.NOBODY
    assert in_guild_with("Holyclaw", "Holy").decision is Sureness.NOBODY


def test_a_character_that_gives_its_own_name_and_realm_means_no_namesake() -> None:
    roster = [NotedCharacter(f"Mito-{realm}", "Mito", realm, "") for realm in ("Area 52", "Stormrage")]
    reading = read_notes([NotedCharacter("Mito-Hyjal", "Mito", "Hyjal", "Mito-Hyjal"), *roster])[0]
    assert (reading.decision, reading.targets) == (Sureness.NOBODY, ())


@pytest.mark.parametrize("note", ["Brakks", "Brakks-Hyjal"])
def test_a_character_that_gives_its_own_name_does_not_mean_another_spelt_without_its_s(note: str) -> None:
    roster = [NotedCharacter("Brakk-Hyjal", "Brakk", "Hyjal", "")]
    assert read_notes([NotedCharacter("Brakks-Hyjal", "Brakks", "Hyjal", note), *roster])[0].decision is Sureness.NOBODY


@pytest.mark.parametrize("note", ["Mito-Stormrage", "alt of Mito-Stormrage", "Mito (Stormrage)", "Mito-Kilrogg"])
def test_a_realm_on_which_nobody_bears_the_name_means_nobody_for_certain(note: str) -> None:
    roster = [
        NotedCharacter("Mito-Hyjal", "Mito", "Hyjal", ""),
        NotedCharacter("Opal-Stormrage", "Opal", "Stormrage", ""),
    ]
    assert read_notes([*roster, NotedCharacter("Zork-Hyjal", "Zork", "Hyjal", note)])[-1].decision is Sureness.SUGGESTED


@pytest.mark.parametrize("note", ["ㅤ", "ᅟ", "ﾠ", "nº 2", "々", "nº2"])
def test_blank_letters_and_signs_are_no_strangers(note: str) -> None:
    reading = read(note)
    assert (reading.decision, reading.targets) == (Sureness.NOBODY, ())
    assert reading.kind != UNKNOWN_NAME


def test_each_language_has_many_notes_of_each_kind() -> None:
    counts = Counter((case.kind, case.language) for case in CASES)
    few = [
        (kind, language)
        for kind in ("relation", "company", "second", "own", "state")
        for language in LANGUAGES
        if counts[kind, language] < FEWEST_NOTES
    ]
    assert few == []
    for kind in ("negation", "doubt", "day", "spec", "mood"):
        assert {language for each, language in counts if each == kind} >= LANGUAGES
