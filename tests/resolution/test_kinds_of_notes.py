"""Notes of every supported language, by kind: whose character it is, who only stands beside it, and what is no name at all.

`kinds_of_notes.tsv` has a kind, a language, and notes parted by bars. All name Mito, or Мирдан, 조크, 佐克, who are in the
roster, or Trog, who is too.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import NamedTuple

import pytest

from sv_common.guild_sync.domain.roster_file import NotedCharacter
from sv_common.guild_sync.note_reading import UNKNOWN_NAME, NoteReading, Sureness, read_notes

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


def of_kinds(*kinds: str) -> pytest.MarkDecorator:
    """Try the notes of these kinds, each under its language."""
    cases = [case for case in CASES if case.kind in kinds]
    ids = [f"{case.kind} {case.language}: {case.note}" for case in cases]
    return pytest.mark.parametrize("note", [case.note for case in cases], ids=ids)


@of_kinds("own")
def test_a_note_that_says_whose_character_it_is_means_that_person(note: str) -> None:
    reading = read(note)
    assert (reading.decision, len(reading.targets)) == (Sureness.CONFIDENT, 1)


@of_kinds("relation", "company", "negation")
def test_a_person_who_only_stands_beside_is_not_meant(note: str) -> None:
    reading = read(note)
    assert reading.decision is Sureness.NOBODY
    assert reading.kind != UNKNOWN_NAME


@of_kinds("second", "unclear")
def test_a_past_name_and_an_unclear_possession_neither_link_nor_unlink(note: str) -> None:
    reading = read(note)
    assert reading.decision is not Sureness.CONFIDENT
    assert reading.decision is not Sureness.AMBIGUOUS
    assert reading.kind != UNKNOWN_NAME


@of_kinds("state")
def test_a_state_names_nobody(note: str) -> None:
    reading = read(note)
    assert (reading.decision, reading.targets) == (Sureness.NOBODY, ())
    assert reading.kind != UNKNOWN_NAME


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
    assert {language for kind, language in counts if kind == "negation"} == LANGUAGES
