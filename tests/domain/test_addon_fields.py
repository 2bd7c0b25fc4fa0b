"""How the fields of an entry are read: in every form in which they are written, or with a sentence that names the fault."""

import dataclasses

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import thoroughness
from domain.addon_entries import one, problems_of, row
from sv_common.guild_sync.core.errors import BadInput
from sv_common.guild_sync.sources.addon.entries import read_characters
from sv_common.guild_sync.sources.addon.fields import MAX_LABEL_LETTERS, MAX_NAME_LETTERS, MAX_NOTE_LETTERS
from sv_common.guild_sync.sources.models import AddonCharacter


@pytest.mark.parametrize(
    ("fields", "class_name"),
    [
        ({"class": "Druide", "classFile": "DRUID"}, "Druid"),
        ({"class": "Todesritterin", "classFile": "DEATHKNIGHT"}, "Death Knight"),
        ({"class": "Dämonenjäger", "classFile": "DEMONHUNTER"}, "Demon Hunter"),
        ({"classFile": "EVOKER"}, "Evoker"),
        ({"class": "Tinker", "classFile": "TINKER"}, "Tinker"),
        ({"class": "Unknown", "classFile": "UNKNOWN"}, None),
        ({"class": "Druid"}, "Druid"),
    ],
)
def test_the_class_is_read_in_english_whatever_the_clients_language(
    fields: dict[str, object], class_name: str | None
) -> None:
    assert one(**fields).class_name == class_name


def test_only_a_name_is_needed() -> None:
    (character,) = read_characters([{"name": "Brightmane"}])
    assert character == AddonCharacter("Brightmane", None, None, None, None, None, None, None)


def test_all_fields_of_an_entry_are_read_and_others_ignored() -> None:
    fields = {"class": "Druid", "rankName": "Raider", "guid": "Player-1-0A", "lastOnline": 5, "zone": None}
    assert one(**fields) == AddonCharacter(
        name="Brightmane",
        realm="Area52",
        note="Robin",
        officer_note="trusted",
        rank=3,
        rank_name="Raider",
        level=80,
        class_name="Druid",
        guid="Player-1-0A",
    )


@pytest.mark.parametrize(
    ("written", "hours"),
    [
        ("Online", 0),
        ("0h", 0),
        ("5h", 5),
        ("3d 4h", 76),
        ("395d 23h", 9503),
        ("1468h", 1468),
        (None, None),
        (5, None),
        ("Unknown", None),
        ("3d", None),
        ("-3d 4h", None),
        ("3d 4h ", None),
        ("9" * 40 + "h", None),
        ({}, None),
    ],
)
def test_the_time_away_is_read_in_hours_and_what_says_nothing_is_no_fault(written: object, hours: int | None) -> None:
    assert one(lastOnline=written).hours_away == hours


@pytest.mark.parametrize(
    ("written", "realm", "expected"),
    [
        ("Brightmane", "Area52", ("Brightmane", "Area52")),
        ("  Brightmane\n", " Area52 ", ("Brightmane", "Area52")),
        ("Brightmane-Area52", None, ("Brightmane", "Area52")),
        ("Brightmane-Area52", "", ("Brightmane", "Area52")),
        ("Brightmane-Azjol-Nerub", None, ("Brightmane", "Azjol-Nerub")),
        ("Brightmane-Area52", "Area 52", ("Brightmane", "Area 52")),
        ("Brightmane-", None, ("Brightmane", None)),
        ("Brightmane", "", ("Brightmane", None)),
        ("Серебро", "Ревущийфьорд", ("Серебро", "Ревущийфьорд")),
        ("은", None, ("은", None)),
    ],
)
def test_name_and_realm_are_read_in_every_form(
    written: str, realm: str | None, expected: tuple[str, str | None]
) -> None:
    character = one(name=written, realm=realm)
    assert (character.name, character.realm) == expected


@pytest.mark.parametrize(
    ("entry", "problem"),
    [
        (None, "entry 1: is null and must be a table with at least a name; correct it, or export again"),
        (7, "entry 1: is a number and must be a table"),
        (True, "entry 1: is true and must be a table"),
        ("Brightmane", "entry 1: is text and must be a table"),
        (["Brightmane"], "entry 1: is a list and must be a table"),
        (object(), "entry 1: is of type object and must be a table"),
        ({}, "entry 1: has no name"),
        ({1: "Brightmane"}, "entry 1: has no name"),
        (row(None), "entry 1: has no name"),
        (row(""), "entry 1: name is empty"),
        (row("  "), "entry 1: name is empty"),
        (row("-Area52", realm=None), "entry 1 '-Area52': name is empty"),
        (row(12), "entry 1: name is a number and must be text"),
        (row({}), "entry 1: name is a table and must be text"),
        (row("Bright mane"), "entry 1 'Bright mane-Area52': name contains a blank"),
        (row("Bright\u00a0mane"), "entry 1 'Bright�mane-Area52': name contains a blank"),
        (row("Bright\0mane"), "entry 1 'Bright�mane-Area52': name contains a NUL character"),
        (row("Bright\u0007mane"), "entry 1 'Bright�mane-Area52': name contains a control character"),
        (row("Bright\u200bmane"), "entry 1 'Bright�mane-Area52': name contains a control character or an invisible"),
        (row("Bright\ud800"), "entry 1 'Bright�-Area52': name contains half a character"),
        (
            row("Opal-Area52", realm="Draenor"),
            "entry 1 'Opal-Area52': name says realm 'Area52' and realm says 'Draenor'",
        ),
        (row("Opal-Area\u000752", realm=None), "entry 1 'Opal-Area�52': name contains a control character"),
        (row(realm=52), "entry 1 'Brightmane': realm is a number and must be text"),
        (row(realm="Area\n52"), "entry 1 'Brightmane-Area�52': realm contains a control character"),
        (row(note=5), "entry 1 'Brightmane-Area52': note is a number and must be text"),
        (row(note="a\0b"), "entry 1 'Brightmane-Area52': note contains a NUL character"),
        (row(officerNote=False), "entry 1 'Brightmane-Area52': officerNote is false and must be text"),
        (row(officerNote="\udfff"), "entry 1 'Brightmane-Area52': officerNote contains half a character"),
        (row(rank=10), "entry 1 'Brightmane-Area52': rank is 10 and must be a whole number from 0 to 9"),
        (row(rank=-1), "entry 1 'Brightmane-Area52': rank is -1 and must be"),
        (row(rank=2.5), "entry 1 'Brightmane-Area52': rank is 2.5 and must be"),
        (row(rank=True), "entry 1 'Brightmane-Area52': rank is True and must be"),
        (row(rank="3"), "entry 1 'Brightmane-Area52': rank is '3' and must be"),
        (row(rank=float("inf")), "entry 1 'Brightmane-Area52': rank is inf and must be"),
        (row(level=201), "entry 1 'Brightmane-Area52': level is 201 and must be a whole number from 0 to 200"),
        (row(level=10**5000), "entry 1 'Brightmane-Area52': level is a number and must be"),
        (row(level={}), "entry 1 'Brightmane-Area52': level is a table and must be"),
        (row(rankName=1), "entry 1 'Brightmane-Area52': rankName is a number and must be text"),
        (row(guid="Player\t1"), "entry 1 'Brightmane-Area52': guid contains a control character"),
        (row(noteVisible="yes"), "entry 1 'Brightmane-Area52': noteVisible is text and must be true or false"),
        (row(canViewOfficerNote=1), "entry 1 'Brightmane-Area52': canViewOfficerNote is a number and must be true or"),
    ],
)
def test_a_fault_is_told_with_entry_field_and_remedy(entry: object, problem: str) -> None:
    (found,) = problems_of(entry)
    assert found.startswith(problem)
    assert found.endswith("; correct it, or export again with /pattsync force.")


@pytest.mark.parametrize(
    ("field", "most"),
    [
        ("name", MAX_NAME_LETTERS),
        ("note", MAX_NOTE_LETTERS),
        ("officerNote", MAX_NOTE_LETTERS),
        ("realm", MAX_LABEL_LETTERS),
        ("rankName", MAX_LABEL_LETTERS),
        ("class", MAX_LABEL_LETTERS),
        ("guid", MAX_LABEL_LETTERS),
    ],
)
def test_texts_may_be_as_long_as_the_limit_and_no_longer(field: str, most: int) -> None:
    assert "é" * most in dataclasses.astuple(one(**{field: "é" * most}))
    (problem,) = problems_of(row(**{field: "é" * (most + 1)}))
    assert f"{field} has {most + 1} letters and may have at most {most}" in problem


def test_a_sentence_stays_short_and_on_one_line_whatever_was_uploaded() -> None:
    (problem,) = problems_of(row("x\n" * 1_000_000))
    assert problem.isprintable()
    assert len(problem) < 250


def test_whole_numbers_may_be_written_with_a_point() -> None:
    assert (one(rank=3.0, level=80.0).rank, one(rank=0.0).rank) == (3, 0)
    assert isinstance(one(rank=3.0).rank, int)


def test_what_the_first_addon_writes_for_unknown_is_unknown() -> None:
    character = one(rank=99, rankName="Unknown", level=0, **{"class": "Unknown"})
    assert (character.rank, character.rank_name, character.level, character.class_name) == (None, None, None, None)


def test_a_rank_that_is_called_unknown_keeps_its_name() -> None:
    assert one(rank=3, rankName="Unknown").rank_name == "Unknown"


def test_characters_are_checked_like_entries() -> None:
    bad = AddonCharacter("Bright mane", "Area52", None, "a\0", 12, None, 80, None)
    assert [problem.split(": ")[1].split(";")[0] for problem in problems_of(bad)] == [
        "name contains a blank",
        "rank is 12 and must be a whole number from 0 to 9",
        "officerNote contains a NUL character",
    ]


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12) | st.binary(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5) | st.integers(), inner, max_size=3),
    max_leaves=5,
)
fields = st.sampled_from(
    ["name", "realm", "note", "officerNote", "rank", "rankName", "level", "class", "guid", "noteVisible", "other"]
)


@settings(deadline=None, max_examples=thoroughness.examples(150))
@given(st.lists(anything | st.dictionaries(fields, anything), max_size=4))
def test_no_entries_raise_anything_but_bad_input(rows: list[object]) -> None:
    try:
        characters = read_characters(rows)
    except BadInput as refused:
        told = (str(refused), *refused.problems)
        unreadable = [sentence for sentence in told if not sentence.isprintable()]
    else:
        unreadable = [character.name for character in characters if not character.name]
    assert not unreadable
