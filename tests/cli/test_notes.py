"""`patt notes`: rosters in, readings out, without a database."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from cli.conftest import Outcome, Patt
from sv_common.guild_sync.simulators.addon import saved_variables

HEADER = "character\tnote"


@pytest.fixture
def database_url() -> str:
    """The address of no database: a command that opens it fails."""
    return "postgresql://nobody@127.0.0.1:1/none"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path


def _roster(folder: Path, *lines: str, header: str = HEADER) -> Path:
    file = folder / "roster.tsv"
    file.write_text("\n".join((header, *lines)) + "\n", encoding="utf-8")
    return file


def _readings(outcome: Outcome) -> dict[str, Any]:
    assert outcome.code == 0, outcome.err
    found = [json.loads(line) for line in outcome.out.splitlines()]
    return {reading["character"]: reading for reading in found}


def _read(patt: Patt, folder: Path, *lines: str, discord: str = "") -> dict[str, Any]:
    names = folder / "discord.txt"
    names.write_text(discord, encoding="utf-8")
    return _readings(patt("notes", _roster(folder, *lines), "--discord", names, "--json"))


def test_a_note_that_names_one_character_is_confident_of_it(patt: Patt, folder: Path) -> None:
    readings = _read(patt, folder, "Opal-Area 52\tMain", "Zork-Area 52\tAlt of opal")
    assert readings["Zork-Area 52"] == {
        "character": "Zork-Area 52",
        "note": "Alt of opal",
        "decision": "confident",
        "kind": "alt_of",
        "targets": ["Opal-Area 52"],
        "suggestions": [],
        "evidence": ["“opal” is the character Opal-Area 52."],
        "person": "Opal-Area 52",
        "why_not": None,
    }


def test_an_alt_that_names_an_alt_is_the_target_and_leads_on_to_the_main(patt: Patt, folder: Path) -> None:
    readings = _read(patt, folder, "Opal-X\t", "Brakk-X\tOpal", "Zork-X\tBrakk's alt")
    zork = readings["Zork-X"]
    assert (zork["decision"], zork["targets"], zork["person"]) == ("confident", ["Brakk-X"], "Opal-X")
    assert zork["evidence"] == ["“Brakk” is the character Brakk-X. Its own note: “Opal” is the character Opal-X."]


def test_a_list_whose_members_are_one_person_gives_the_main_first(patt: Patt, folder: Path) -> None:
    zork = _read(patt, folder, "Opal-X\t", "Brakk-X\tOpal", "Zork-X\tBrakk/Opal")["Zork-X"]
    assert (zork["decision"], zork["targets"], zork["person"]) == ("confident", ["Opal-X", "Brakk-X"], "Opal-X")


def test_two_characters_of_the_name_are_ambiguous_and_both_are_given(patt: Patt, folder: Path) -> None:
    zork = _read(patt, folder, "Opal-Hyjal\t", "Opal-Area 52\t", "Zork-Hyjal\tOpal")["Zork-Hyjal"]
    assert (zork["decision"], sorted(zork["targets"])) == ("ambiguous", ["Opal-Area 52", "Opal-Hyjal"])
    assert zork["why_not"] == "“Opal” could mean Opal-Area 52 or Opal-Hyjal."


@pytest.mark.parametrize("note", ["Opal-Area52", "opal - area 52", "Opal (Area 52)", "alt of Opal-Area52"])
def test_a_realm_in_the_note_says_which_of_them(patt: Patt, folder: Path, note: str) -> None:
    zork = _read(patt, folder, "Opal-Hyjal\t", "Opal-Area 52\t", f"Zork-Hyjal\t{note}")["Zork-Hyjal"]
    assert (zork["decision"], zork["targets"]) == ("confident", ["Opal-Area 52"])


@pytest.mark.parametrize(
    ("note", "how"),
    [
        ("Brigthmane", "is spelled like"),
        ("Alt of Brihgtman", "is spelled like"),
        ("Bright", "matches the start of"),
        ("Brighty's alt", "has the same first letters as"),
        ("mane", "is part of"),
        ("hello Brightmane", "is the name of"),
    ],
)
def test_a_name_that_is_not_quite_right_is_suggested_with_the_reason(
    patt: Patt, folder: Path, note: str, how: str
) -> None:
    zork = _read(patt, folder, "Brightmane-X\t", "Kip-X\t", f"Zork-X\t{note}")["Zork-X"]
    assert (zork["decision"], zork["targets"], zork["suggestions"]) == ("suggested", [], ["Brightmane-X"])
    assert f"{how} Brightmane-X." in zork["evidence"][0]
    assert zork["why_not"] == zork["evidence"][-1]


@pytest.mark.parametrize(
    ("name", "note", "others"),
    [("Brightmane", "Brightmané", ["Kip"]), ("Überøn", "Uberon alt", ["Uberonia", "Uberan"])],
)
def test_another_spelling_of_a_name_is_read_as_that_name_and_not_as_one_that_is_merely_alike(
    patt: Patt, folder: Path, name: str, note: str, others: list[str]
) -> None:
    zork = _read(patt, folder, *(f"{each}-X\t" for each in (name, *others)), f"Zork-X\t{note}")["Zork-X"]
    assert (zork["decision"], zork["targets"], zork["suggestions"]) == ("confident", [f"{name}-X"], [])


def test_of_characters_just_as_like_those_that_other_notes_name_come_first(patt: Patt, folder: Path) -> None:
    mains = [f"Dark{ending}-X\t" for ending in ("bark", "claw", "dale", "fall", "moon", "wing")]
    zork = _read(patt, folder, *mains, "Kip-X\tDarkmoon", "Zork-X\talt of Darkm")["Zork-X"]
    assert zork["suggestions"][0] == "Darkmoon-X"
    assert len(zork["suggestions"]) <= 5


@pytest.mark.parametrize(
    ("note", "kind"),
    [
        ("Alch 300 / Herbs 300", "profession"),
        ("Holy", "profession"),
        ("Banker", "bank"),
        ("2020-12-05", "date"),
        ("123,45", "machine"),
        ("^", "ditto"),
        ("Main", "marker"),
        ("Zork", "marker"),
        ("lol", "noise"),
        ("friend of Opal", "noise"),
        ("", "empty"),
        ("Zugzwang", "unknown_name"),
    ],
)
def test_a_note_that_names_no_one_says_what_it_is(patt: Patt, folder: Path, note: str, kind: str) -> None:
    zork = _read(patt, folder, "Opal-X\t", f"Zork-X\t{note}")["Zork-X"]
    assert (zork["decision"], zork["kind"], zork["targets"], zork["suggestions"]) == ("nobody", kind, [], [])
    assert zork["evidence"] == [zork["why_not"]]


def test_a_name_of_no_character_on_several_notes_is_a_nickname(patt: Patt, folder: Path) -> None:
    readings = _read(patt, folder, "Opal-X\tRobin", "Brakk-X\trobins alt", "Zork-X\tRobin's tank", "Kip-X\t")
    assert {readings[name]["kind"] for name in ("Opal-X", "Brakk-X", "Zork-X")} == {"nickname"}
    assert readings["Brakk-X"]["person"] == "Robin"
    assert readings["Brakk-X"]["evidence"][-1] == "3 characters have a note that says “Robin”."


def test_a_discord_name_is_a_person_whose_namesakes_are_the_targets(patt: Patt, folder: Path) -> None:
    readings = _read(
        patt,
        folder,
        *("Kip-X\t", "Opal-X\t@kip", "Zork-X\tDC: moth.er", "Brakk-X\tBig Joe alt"),
        discord="Kip\r\n\r\nmoth.er\r\nBig Joe (Officer)\r\n",
    )
    assert (readings["Opal-X"]["targets"], readings["Opal-X"]["person"]) == (["Kip-X"], "Kip")
    assert (readings["Zork-X"]["targets"], readings["Zork-X"]["person"]) == ([], "moth.er")
    assert (readings["Zork-X"]["decision"], readings["Zork-X"]["kind"]) == ("confident", "discord")
    assert readings["Brakk-X"]["person"] == "Big Joe (Officer)"


def test_readings_come_in_the_order_of_the_file_and_name_characters_as_it_does(patt: Patt, folder: Path) -> None:
    lines = ("Zork-Kel'Thuzad\tOpal", "Opal-Azjol-Nerub\t", "Ænn-Die Aldor\t", "Brakk\tZork")
    readings = _read(patt, folder, *lines)
    assert list(readings) == ["Zork-Kel'Thuzad", "Opal-Azjol-Nerub", "Ænn-Die Aldor", "Brakk"]
    assert readings["Zork-Kel'Thuzad"]["targets"] == ["Opal-Azjol-Nerub"]


@pytest.mark.parametrize(
    "content",
    [
        b"\xef\xbb\xbfCHARACTER\tRank\tNote\r\nOpal-X\tRaider\t\r\nZork-X\tAlt\tOpal, mostly alt\r\n",
        b'Character,Note,rank_index,officer_note\nOpal-X,,1,"a\nb"\n\n"Zork-X","Opal, mostly alt",2,\n',
        b'note,character\n,Opal-X\n"Opal, mostly alt",Zork-X\n',
    ],
    ids=["TSV with a BOM", "quoted CSV", "another order"],
)
def test_tables_of_every_kind_are_read(patt: Patt, folder: Path, content: bytes) -> None:
    file = folder / "roster.txt"
    file.write_bytes(content)
    readings = _readings(patt("notes", file, "--json"))
    assert [reading["note"] for reading in readings.values()] == ["", "Opal, mostly alt"]
    assert readings["Zork-X"]["targets"] == ["Opal-X"]


def test_the_addons_own_file_is_read_and_a_note_that_was_not_seen_is_not_taken_for_empty(
    patt: Patt, folder: Path
) -> None:
    rows: list[dict[str, object]] = [
        {"name": "Opal", "realm": "Area52", "note": ""},
        {"name": "Zork", "realm": "Area52", "note": "Opal"},
        {"name": "Kip", "realm": "Area52"},
    ]
    file = folder / "PATTSync.LUA"
    export = saved_variables({"PATTSyncDB": {"lastExport": {"characters": rows}}}, "current")  # type: ignore[dict-item]
    file.write_text(export, encoding="utf-8")
    readings = _readings(patt("notes", file, "--json"))
    assert readings["Zork-Area52"]["targets"] == ["Opal-Area52"]
    assert [readings[name]["kind"] for name in ("Opal-Area52", "Kip-Area52")] == ["empty", "unseen"]
    assert readings["Kip-Area52"]["note"] is None


BAD = {
    "nothing": (b"", "The roster is empty."),
    "no note column": (b"character\trank\nOpal-X\t1\n", "Line 1: the header has no column “note”."),
    "two note columns": (b"character,note,Note\nOpal-X,a,b\n", "Line 1: the header has more than one column “note”."),
    "no characters": (b"character\tnote\n\n", "a header and no characters below it"),
    "no name": (b"character\tnote\nOpal-X\t\n-X\thi\n", "Line 3, column character: has no name."),
    "a row cut off": (b"character\tnote\nOpal-X\n", "Line 2, column note: the line ends before it."),
    "a comma too many": (b"character,note\nOpal-X,a,b\n", "Line 2 has 3 columns and the header 2."),
    "a quote too few": (b'character,note\nOpal-X,"a\nb,c\n', "Line 2 of the roster cannot be split into columns"),
    "twice": (b"character\tnote\nOpal-Area 52\t\nopal-Area52\t\n", "opal-Area52 is already on line 2"),
    "not UTF-8": (b"character\tnote\nOpal-X\t\xff\n", "Line 2 of the file is not UTF-8 text."),
    "NUL": (b"character\tnote\nOpal-X\ta\0b\n", "Line 2 of the file contains a NUL character"),
    "a long note": (b"character\tnote\nOpal-X\t" + b"a" * 300 + b"\n", "Line 2, column note: has 300 letters"),
    "a long name": (b"character\tnote\n" + b"a" * 50 + b"-X\t\n", "Line 2, column character: has a name of more"),
}


@pytest.mark.parametrize("case", BAD)
def test_what_cannot_be_read_is_named_with_line_and_column_and_prints_nothing(
    patt: Patt, folder: Path, case: str
) -> None:
    content, sentence = BAD[case]
    file = folder / "roster.csv"
    file.write_bytes(content)
    outcome = patt("notes", file, "--json")
    assert (outcome.code, outcome.out) == (1, "")
    assert sentence in outcome.err
    assert "Traceback" not in outcome.err


def test_a_file_that_is_not_there_is_one_sentence(patt: Patt, folder: Path) -> None:
    for arguments in (["missing.tsv"], [_roster(folder, "Opal-X\t"), "--discord", "missing.txt"]):
        outcome = patt("notes", *arguments)
        assert (outcome.code, outcome.out) == (1, "")
        assert "cannot be read" in outcome.err


def test_without_json_there_is_a_table_a_summary_and_the_nicknames(patt: Patt, folder: Path) -> None:
    lines = (
        "Opal-X\t",
        "Brakk-X\tOpal",
        "Zork-X\tBrakk",
        "Kip-X\tOpel",
        "Juno-X\tRobin",
        "Wren-X\tRobin",
        "Odo-X\tHoly",
    )
    outcome = patt("notes", _roster(folder, *lines))
    shown = [" ".join(line.split()) for line in outcome.out.splitlines()]
    assert outcome.code == 0
    assert shown[:4] == [
        "character note reading",
        "Opal-X no player (empty)",
        "Brakk-X Opal Opal-X",
        "Zork-X Brakk Brakk-X, so Opal-X",
    ]
    assert {"Kip-X Opel perhaps Opal-X", "Juno-X Robin no player (nickname: Robin)"} <= set(shown)
    assert {"confident name 2", "suggested name 1", "nobody nickname 2", "Robin Juno-X, Wren-X"} <= set(shown)


def test_a_note_that_looks_like_markup_is_shown_as_it_is(patt: Patt, folder: Path) -> None:
    outcome = patt("notes", _roster(folder, "Opal-X\t[bold]hi[/]"))
    assert "[bold]hi[/]" in outcome.out


def test_a_guild_of_a_thousand_is_read_note_by_note(patt: Patt, folder: Path) -> None:
    lines = [
        f"Name{_word(number)}-X\t{'alt of Name' + _word(number - 1) if number % 2 else ''}" for number in range(1000)
    ]
    readings = _read(patt, folder, *lines)
    assert sum(reading["decision"] == "confident" for reading in readings.values()) == 500


def _word(number: int) -> str:
    return "".join(chr(ord("a") + int(digit)) for digit in f"{number:03}")
