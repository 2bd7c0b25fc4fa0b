"""How an export of the addon becomes characters, and how one that cannot be used is refused: whole and by name."""

import copy
import dataclasses
from collections.abc import Iterable
from typing import cast

import pytest

from domain.addon_entries import problems_of, refusal, row
from sv_common.guild_sync.core.errors import BadInput
from sv_common.guild_sync.sources.addon import entries as entries_module
from sv_common.guild_sync.sources.addon.entries import MAX_CHARACTERS, read_characters
from sv_common.guild_sync.sources.addon.export import AddonExport, read_addon_export
from sv_common.guild_sync.sources.addon.fields import MAX_LISTED_PROBLEMS
from sv_common.guild_sync.sources.models import AddonCharacter

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


def test_what_later_versions_read_besides_makes_no_export_new() -> None:
    before = AddonExport((AddonCharacter("Opal", "Area52", "x", "", 3, "Raider", 80, "Mage"),), "id", 5)
    assert before.content_hash == "d849ee772731b9a7fafaca5331e20a43038e56d348ea26a05fb414224de10822"
    now = dataclasses.replace(before, characters=(dataclasses.replace(before.characters[0], hours_away=7),))
    assert now.content_hash == before.content_hash


def test_one_bad_entry_refuses_all_and_changes_nothing() -> None:
    rows: list[object] = [row("Opal"), None, row("Brightmane")]
    before = copy.deepcopy(rows)
    refused = refusal(rows)
    assert str(refused).startswith("The upload has a fault, so it was not used. Type /pattsync force")
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
    monkeypatch.setattr(entries_module, "MAX_CHARACTERS", 2)
    assert len(read_characters([row("Opal"), row("Brightmane")])) == 2
    assert "more than 2 characters" in str(refusal(row() for _ in iter(int, 1)))


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
