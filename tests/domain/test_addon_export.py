"""How an export of the addon becomes characters, and how one that cannot be used is refused: whole and by name."""

import copy
import dataclasses
import time
from collections.abc import Iterable
from typing import cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sv_common.guild_sync.domain import addon_export
from sv_common.guild_sync.domain.addon_export import (
    MAX_CHARACTERS,
    AddonExport,
    read_addon_export,
    read_characters,
    strip_markup,
)
from sv_common.guild_sync.domain.addon_fields import (
    MAX_LABEL_LETTERS,
    MAX_LISTED_PROBLEMS,
    MAX_NAME_LETTERS,
    MAX_NOTE_LETTERS,
)
from sv_common.guild_sync.domain.errors import BadInput
from sv_common.guild_sync.domain.guild import AddonCharacter

FIRST_ADDON = b"""
PATTSyncDB = {
["totalExports"] = 2,
["lastExportTime"] = 1740153600,
["lastExport"] = {
["exportTime"] = 1740153600,
["exportTimeISO"] = "2025-02-21T16:00:00Z",
["addonVersion"] = "1.0.0",
["guildName"] = "Pull All The Things",
["memberCount"] = 2,
["characters"] = {
{
["name"] = "Brightmane",
["realm"] = "Kel'Thuzad",
["class"] = "Druid",
["classFile"] = "DRUID",
["level"] = 80,
["rank"] = 0,
["rankName"] = "Guild Master",
["zone"] = "Dornogal",
["note"] = "GM / |cffff0000Robin|r",
["officerNote"] = "Discord: robin",
["isOnline"] = true,
["lastOnline"] = "Online",
["achievementPoints"] = 12345,
},
{
["name"] = "Opal",
["realm"] = "Area52",
["class"] = "Unknown",
["classFile"] = "UNKNOWN",
["level"] = 0,
["rank"] = 99,
["rankName"] = "Unknown",
["note"] = "",
["officerNote"] = "",
["isOnline"] = false,
["lastOnline"] = "3d 4h",
},
},
},
}
"""

BRIGHTMANE = AddonCharacter(
    name="Brightmane",
    realm="Kel'Thuzad",
    note="GM / Robin",
    officer_note="Discord: robin",
    rank=0,
    rank_name="Guild Master",
    level=80,
    class_name="Druid",
    hours_away=0,
)
OPAL = AddonCharacter("Opal", "Area52", "", "", None, None, None, None, hours_away=3 * 24 + 4)


def row(name: object = "Brightmane", **fields: object) -> dict[str, object]:
    return {
        "name": name,
        "realm": "Area52",
        "note": "Robin",
        "officerNote": "trusted",
        "rank": 3,
        "level": 80,
        **fields,
    }


def one(**fields: object) -> AddonCharacter:
    (character,) = read_characters([row(**fields)])
    return character


def refusal(rows: Iterable[object]) -> BadInput:
    with pytest.raises(BadInput) as refused:
        read_characters(rows)
    return refused.value


def problems_of(*rows: object) -> tuple[str, ...]:
    return refusal(rows).problems


def export_of(body: bytes, *, rows: bytes = b'{ name = "Brightmane" }, { name = "Opal" }') -> bytes:
    return b"PATTSyncDB = { lastExport = { " + body + b" characters = { " + rows + b" } } }\n"


def export_refusal(source: bytes) -> BadInput:
    with pytest.raises(BadInput) as refused:
        read_addon_export(source)
    return refused.value


def test_an_export_of_the_first_addon_is_read() -> None:
    assert read_addon_export(FIRST_ADDON) == AddonExport(
        characters=(BRIGHTMANE, OPAL),
        export_id=None,
        exported_at=1740153600,
        guild_name="Pull All The Things",
        realm=None,
        region=None,
    )


def test_the_newer_fields_of_an_export_are_read() -> None:
    export = read_addon_export(export_of(b'exportId = "a-1", realm = "Area52", region = 3, exportTime = 5.0,'))
    assert (export.export_id, export.realm, export.region, export.exported_at) == ("a-1", "Area52", 3, 5)


SEALED = b'formatVersion = 2, exportId = "a-1", memberCount = 2,'


def test_an_export_with_its_closing_mark_is_read() -> None:
    closing = b'PATTSyncEnd = { memberCount = 2, exportId = "a-1" }'
    assert read_addon_export(export_of(SEALED) + closing).export_id == "a-1"


@pytest.mark.parametrize(
    ("closing", "fault"),
    [
        (b"", "is missing"),
        (b"PATTSyncEnd = nil", "is missing"),
        (b"PATTSyncEnd = 5", "is missing"),
        (b"PATTSyncEnd = {}", "belongs to another export"),
        (b'PATTSyncEnd = { exportId = "a-2", memberCount = 2 }', "belongs to another export"),
        (b'PATTSyncEnd = { exportId = "a-1", memberCount = 3 }', "belongs to another export"),
    ],
)
def test_a_newer_export_without_the_closing_mark_that_belongs_to_it_is_refused(closing: bytes, fault: str) -> None:
    refused = export_refusal(export_of(SEALED) + closing)
    assert str(refused).startswith(f"The file is not whole: its closing mark PATTSyncEnd {fault}. ")


def test_an_older_export_needs_no_closing_mark_even_if_a_later_one_left_it() -> None:
    assert read_addon_export(export_of(b'exportId = "a-1",') + b'PATTSyncEnd = { exportId = "a-2" }').export_id == "a-1"


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


def test_a_guild_name_that_the_client_did_not_tell_is_unknown() -> None:
    assert read_addon_export(export_of(b'guildName = "Unknown",')).guild_name is None


@pytest.mark.parametrize(
    ("source", "sentence"),
    [
        (b"", "The file is empty"),
        (b"PATTSyncDB = { lastExport = {", "The file ends in the middle of a table"),
        (b"DetailsDB = {}\nDetailsX = 1\n", "This file belongs to another addon: it saves DetailsDB, DetailsX and not"),
        (b"-- nothing\n", "This file belongs to another addon: it saves nothing and not PATTSyncDB"),
        (b"PATTSyncDB = nil\n", "The addon has not exported yet. Open the game, type /pattsync"),
        (b"PATTSyncDB = { totalExports = 0 }\n", "The addon has not exported yet. Open the game, type /pattsync"),
        (b"PATTSyncDB = { lastExport = 5 }\n", "The addon's last export is a number and must be a table"),
        (b"PATTSyncDB = { lastExport = {} }\n", "The last export has no list of characters"),
        (b"PATTSyncDB = { lastExport = { characters = 'x' } }\n", "The last export has no list of characters"),
        (export_of(b"", rows=b""), "The export has no characters"),
        (export_of(b"", rows=b"[1] = {}, [3] = {}"), "are not numbered from 1 without gaps"),
        (export_of(b"", rows=b"{}, total = 1"), "are not numbered from 1 without gaps"),
    ],
)
def test_a_file_without_an_export_says_what_is_missing(source: bytes, sentence: str) -> None:
    assert sentence in str(export_refusal(source))


@pytest.mark.parametrize(
    ("body", "problem"),
    [
        (b"exportId = {},", "the export: exportId is a table and must be text; correct it, or export again"),
        (b"exportTime = -1,", "the export: exportTime is -1 and must be a whole number from 0 to"),
        (b"exportTime = 1e20,", "the export: exportTime is 1e+20 and must be a whole number"),
        (b"region = 'eu',", "the export: region is 'eu' and must be a whole number"),
        (b"region = nan,", "the export: region is nan and must be a whole number"),
        (b'guildName = "a\\nb",', "the export: guildName contains a control character"),
        (b"canViewOfficerNotes = 1,", "the export: canViewOfficerNotes is a number and must be true or false"),
        (b"memberCount = 3,", "the export: memberCount says 3 characters and the list has 2"),
    ],
)
def test_a_fault_in_the_head_of_an_export_is_named(body: bytes, problem: str) -> None:
    (found,) = export_refusal(export_of(body)).problems
    assert found.startswith(problem)


def test_faults_of_head_and_entries_are_told_together() -> None:
    problems = export_refusal(export_of(b"region = 0,", rows=b"nil, { name = 'Opal', rank = 12 }")).problems
    assert [problem.split(":")[0] for problem in problems] == ["entry 1", "entry 2 'Opal'", "the export"]


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


def test_what_later_versions_read_besides_makes_no_export_new() -> None:
    before = AddonExport((AddonCharacter("Opal", "Area52", "x", "", 3, "Raider", 80, "Mage"),), "id", 5)
    assert before.content_hash == "d849ee772731b9a7fafaca5331e20a43038e56d348ea26a05fb414224de10822"
    now = dataclasses.replace(before, characters=(dataclasses.replace(before.characters[0], hours_away=7),))
    assert now.content_hash == before.content_hash


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


def test_one_bad_entry_refuses_all_and_changes_nothing() -> None:
    rows: list[object] = [row("Opal"), None, row("Brightmane")]
    before = copy.deepcopy(rows)
    refused = refusal(rows)
    assert str(refused).startswith("The upload has a fault and nothing of it was used. Type /pattsync force")
    assert [problem.split(":")[0] for problem in refused.problems] == ["entry 2"]
    assert rows == before


def test_all_faults_are_collected() -> None:
    refused = refusal([row(rank=77, level="x", note=1), 5, row("Opal"), row("B b")])
    assert "The upload has 5 faults" in str(refused)
    assert len(refused.problems) == 5


def test_the_list_of_faults_ends_at_a_limit_and_tells_the_rest() -> None:
    refused = refusal([None] * 25)
    assert "The upload has 25 faults" in str(refused)
    assert len(refused.problems) == MAX_LISTED_PROBLEMS + 1
    assert refused.problems[-1] == "and 5 more"


@pytest.mark.parametrize(
    "second",
    [row("Brightmane"), row("BRIGHTMANE", realm="Area 52"), row("Brightmane-area-52", realm=None, rank=5)],
)
def test_a_character_that_occurs_twice_is_refused_naming_both(second: dict[str, object]) -> None:
    (problem,) = problems_of(row("Brightmane"), row("Opal"), second)
    assert problem.startswith("entry 3 '")
    assert problem.endswith("name and realm are those of entry 1 'Brightmane-Area52'; keep one of the two entries.")


def test_one_name_on_two_realms_is_two_characters() -> None:
    read = read_characters([row("Brightmane"), row("Brightmane", realm="Draenor"), row("Brightmane", realm=None)])
    assert [character.realm for character in read] == ["Area52", "Draenor", None]


def test_names_that_differ_in_accents_are_two_characters() -> None:
    assert len(read_characters([row("Brightmane"), row("Brightmâne")])) == 2


@pytest.mark.parametrize("rows", [None, 5, "Brightmane", b"x", {"name": "Brightmane"}])
def test_something_other_than_a_list_is_refused(rows: object) -> None:
    assert "must be a list" in str(refusal(cast("Iterable[object]", rows)))


def test_an_empty_list_is_refused() -> None:
    assert "The export has no characters" in str(refusal([]))


def test_more_characters_than_any_guild_has_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    assert MAX_CHARACTERS == 20_000
    monkeypatch.setattr(addon_export, "MAX_CHARACTERS", 2)
    assert len(read_characters([row("Opal"), row("Brightmane")])) == 2
    assert "more than 2 characters" in str(refusal(row() for _ in iter(int, 1)))


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("", ""),
        ("Brightmane", "Brightmane"),
        ("|cffff0000Red|r tail", "Red tail"),
        ("|cFFA1b2C3Red |cff00ff00green|r", "Red green"),
        ("|cnPURE_GREEN_COLOR:Green|r", "Green"),
        ("|cnIQ4:Epic|r", "Epic"),
        ("|cff0070dd|Hitem:19019::::|h[Thunderfury]|h|r", "[Thunderfury]"),
        ("|Hplayer:Opal|hOpal|h and |Hplayer:Kip|hKip|h", "Opal and Kip"),
        ("|TInterface\\Icons\\Temp:16:16|t tank", " tank"),
        ("|A:groupfinder-icon:16:16|a heal", " heal"),
        ("Opal || Kip", "Opal | Kip"),
        ("||cffff0000 typed by hand||r", "|cffff0000 typed by hand|r"),
        ("||||", "||"),
        ("|||cffff0000x|r", "|x"),
        ("a | b", "a | b"),
        ("|cff00 cut", "|cff00 cut"),
        ("|Hitem:1 cut", "|Hitem:1 cut"),
        ("|Tcut", "|Tcut"),
        ("ends in |", "ends in |"),
    ],
)
def test_markup_is_shown_as_the_game_shows_it(text: str, shown: str) -> None:
    assert strip_markup(text) == shown


def test_markup_is_removed_in_linear_time() -> None:
    begin = time.process_time()
    for text in ("|H" * 200_000, "|cn" * 200_000, "|T" + "a" * 400_000, "|" * 400_001):
        strip_markup(text)
    assert time.process_time() - begin < 2


def test_notes_lose_markup_and_outer_blanks_only() -> None:
    character = one(note="  |cffff0000 Alt  of Robin |r ", officerNote="a || b ")
    assert (character.note, character.officer_note) == ("Alt  of Robin", "a | b")


def notes(*rows: dict[str, object], **flags: bool | None) -> list[tuple[str | None, str | None]]:
    named = [row(f"Opal{chr(97 + number)}", **fields) for number, fields in enumerate(rows)]
    return [(character.note, character.officer_note) for character in read_characters(named, **flags)]


NOTHING_SEEN: dict[str, object] = {"note": "", "officerNote": ""}


def test_officer_notes_are_unknown_when_all_are_empty() -> None:
    assert notes({"officerNote": ""}, {"officerNote": " "}) == [("Robin", None)] * 2


def test_an_empty_officer_note_is_known_when_another_one_was_seen() -> None:
    assert notes({"officerNote": ""}, {"officerNote": "trusted"}) == [("Robin", ""), ("Robin", "trusted")]


def test_public_notes_are_unknown_when_all_are_empty() -> None:
    assert notes(NOTHING_SEEN, NOTHING_SEEN) == [(None, None)] * 2


def test_an_empty_public_note_is_known_when_another_one_was_seen() -> None:
    assert notes({"note": ""}, {"note": "Robin"}) == [("", "trusted"), ("Robin", "trusted")]


def test_an_empty_public_note_of_a_single_entry_is_known() -> None:
    assert notes(NOTHING_SEEN) == [("", None)]


def test_a_note_that_is_missing_is_unknown_whatever_else_was_seen() -> None:
    assert notes({"note": None, "officerNote": None}, {}) == [(None, None), ("Robin", "trusted")]


def test_a_note_of_markup_alone_is_empty() -> None:
    assert notes({"note": "|cffff0000|r"}, {})[0][0] == ""


def test_the_export_can_say_that_empty_notes_were_seen() -> None:
    assert notes(NOTHING_SEEN, NOTHING_SEEN, notes_visible=True, officer_notes_visible=True) == [("", "")] * 2


def test_the_export_can_say_that_no_notes_were_seen() -> None:
    assert notes({}, {"note": ""}, notes_visible=False, officer_notes_visible=False) == [(None, None)] * 2


def test_an_entry_can_say_so_for_itself_against_the_export() -> None:
    told = notes(
        {**NOTHING_SEEN, "noteVisible": True, "officerNoteVisible": True},
        {**NOTHING_SEEN, "canViewNote": True, "canViewOfficerNote": True},
        {"noteVisible": True, "officerNoteVisible": False},
        NOTHING_SEEN,
        notes_visible=False,
        officer_notes_visible=False,
    )
    assert told == [("", ""), ("", ""), ("Robin", None), (None, None)]


@pytest.mark.parametrize(
    ("flags", "expected"),
    [
        (b"", (None, None)),
        (b"canViewOfficerNotes = true,", (None, "")),
        (b"canViewOfficerNote = true,", (None, "")),
        (b"canViewNotes = true,", ("", None)),
        (b"canViewPublicNotes = true,", ("", None)),
        (b"canViewNotes = true, canViewOfficerNotes = false,", ("", None)),
    ],
)
def test_an_export_carries_its_flags(flags: bytes, expected: tuple[str | None, str | None]) -> None:
    rows = b"{ name = 'Opal', note = '', officerNote = '' }, { name = 'Kip', note = '', officerNote = '' }"
    for character in read_addon_export(export_of(flags, rows=rows)).characters:
        assert (character.note, character.officer_note) == expected


def test_characters_are_checked_like_entries() -> None:
    bad = AddonCharacter("Bright mane", "Area52", None, "a\0", 12, None, 80, None)
    assert [problem.split(": ")[1].split(";")[0] for problem in problems_of(bad)] == [
        "name contains a blank",
        "rank is 12 and must be a whole number from 0 to 9",
        "officerNote contains a NUL character",
    ]


def test_characters_keep_what_was_settled_when_they_were_made() -> None:
    settled = [
        AddonCharacter("Opal", "Area52", "", "", None, None, None, None),
        AddonCharacter("Kip", "Area52", "|r typed", None, None, None, None, None),
    ]
    assert list(read_characters(settled, notes_visible=False)) == settled


markup = st.sampled_from(
    ["|", "||", "|r", "|h", "|t", "|cffff0000", "|cnRED:", "|Hx|h", "|Ta|t", "Robin", " ", "c", "T"]
)
note_texts = st.lists(markup, max_size=6).map("".join) | st.text(max_size=20)
anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12) | st.binary(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5) | st.integers(), inner, max_size=3),
    max_leaves=5,
)
fields = st.sampled_from(
    ["name", "realm", "note", "officerNote", "rank", "rankName", "level", "class", "guid", "noteVisible", "other"]
)
entries = st.fixed_dictionaries(
    {"name": st.text(st.characters(categories=["L"]), min_size=1, max_size=12)},
    optional={
        "realm": st.sampled_from(["Area52", "Kel'Thuzad", "", None]),
        "note": st.none() | note_texts,
        "officerNote": st.none() | note_texts,
        "rank": st.integers(0, 9),
        "level": st.integers(0, 90),
        "lastOnline": st.just("Online") | st.from_regex(r"([0-9]{1,7}d )?[0-9]{1,8}h", fullmatch=True),
        "noteVisible": st.booleans(),
    },
)


@settings(deadline=None, max_examples=150)
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


@settings(deadline=None, max_examples=150)
@given(st.lists(entries, min_size=1, max_size=5), st.none() | st.booleans(), st.none() | st.booleans())
def test_reading_what_was_read_changes_nothing(
    rows: list[dict[str, object]], notes_visible: bool | None, officer_notes_visible: bool | None
) -> None:
    try:
        once = read_characters(rows, notes_visible=notes_visible, officer_notes_visible=officer_notes_visible)
    except BadInput:
        return
    assert read_characters(once) == once


@settings(deadline=None, max_examples=100)
@given(st.text(st.characters(exclude_characters="|")))
def test_text_without_markup_stays_as_it_is(text: str) -> None:
    assert strip_markup(text) == text
    assert strip_markup(text.replace("a", "||")) == text.replace("a", "|")
