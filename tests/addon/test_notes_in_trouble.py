"""What is in the way of a proposed note: a file that is old or of others, characters that are others, a game that does not take it."""

from __future__ import annotations

import re
from typing import Any

import pytest

from addon.client import MODERN, Client, Member, guild_of
from addon.noting_client import file_of, proposed
from addon.test_notes import ALT, FILE, MAIN, OTHER, client_of


@pytest.mark.parametrize(
    ("file", "sentence"),
    [
        (file_of(proposed("Newalt"), guild="Other Guild"), "those of another guild: Other Guild"),
        (file_of(proposed("Newalt"), region=1), "those of another guild"),
        (file_of(proposed("Newalt"), realm="Stormrage"), "those of another guild"),
        (file_of(proposed("Newalt"), days=7.5), "are 7 days old; start the companion"),
        (file_of(proposed("Newalt"), days=-30), "is damaged"),
        (b"local _, ns = ... ns.proposals = nil", "PATT proposes no notes"),
        (b"local _, ns = ... ns.proposals = 7", "is damaged"),
        (b"local _, ns = ... ns.proposals = { guild = 'Kin of Dawn', realms = {}, checkedAt = 1 }", "is damaged"),
        (FILE.replace(b"notes = {", b"notes = { 7,"), "is damaged"),
        (FILE.replace(b'"Newalt", 1', b'"Newalt", 9'), "is damaged"),
        (FILE.replace(b'"alt of Robin"', b'"%b"' % (b"x" * 32)), "is damaged"),
        (FILE.replace(b'"alt of Robin"', b'"|cffff0000x|r"'), "is damaged"),
        (FILE.replace(b'"alt of Robin"', b'""'), "is damaged"),
        (FILE.replace(b'"alt of Robin"', b"{}"), "is damaged"),
    ],
)
def test_a_file_that_is_old_damaged_or_of_another_guild_changes_nothing_and_says_so(file: bytes, sentence: str) -> None:
    client = client_of(file=file)
    assert client.open() == []
    assert sentence in client.status
    client.advance(60)
    assert client.writes == []


def test_a_file_that_was_cut_off_leaves_the_rest_of_the_addon_at_work() -> None:
    source = FILE[: len(FILE) // 2]
    client = Client(guild_of(3))
    client._lua.execute(b"loaded = loadstring(...)", source)
    assert client._globals[b"loaded"] is None
    assert "Exported" in client.try_to_export()[-1]


def test_a_file_that_grows_old_while_the_game_runs_is_used_no_more() -> None:
    client = client_of(file=file_of(proposed("Newalt"), days=6.9))
    client.open()
    client.now += 86400
    row = client.click("Newalt")
    assert row is not None
    assert "are 7 days old" in row.message
    assert client.writes == []


def test_a_player_who_has_left_for_another_guild_meanwhile_writes_nothing_there() -> None:
    client = client_of()
    client.open()
    client.guild = ("Other Guild", None)
    row = client.click("Newalt")
    assert row is not None
    assert "another guild" in row.message
    assert client.writes == []


def test_a_guild_of_another_realm_than_the_players_is_known_by_its_own() -> None:
    assert len(client_of(guild=("Kin of Dawn", "Area52"), normalized_realm="Stormrage").open()) == 1
    assert client_of(guild=("Kin of Dawn", "Stormrage")).open() == []


def test_a_guild_that_the_client_has_not_told_yet_is_waited_for() -> None:
    client = client_of(guild=(None, None))
    assert client.open() == []
    assert "has not told your guild yet" in client.status
    client.guild = ("Kin of Dawn", None)
    client.advance(30)
    assert len(client.rows) == 1


def test_a_character_of_the_same_name_on_another_realm_is_somebody_else() -> None:
    twin = Member("Newalt", realm="Stormrage", note="mine", guid="Player-60-00000009")
    client = client_of(twin, ALT, MAIN)
    client.open()
    client.write("Newalt")
    assert [member.note for member in client.members] == ["mine", "alt of Robin", "Main"]
    assert client_of(twin, MAIN).open() == []


def test_realms_are_known_in_every_way_in_which_they_are_written() -> None:
    alt = Member("Newalt", realm="Kel'Thuzad", guid=ALT.guid)
    file = file_of(proposed("Newalt", realms=("kelthuzad", "Кел'Тузад")))
    assert len(client_of(alt, MAIN, file=file).open()) == 1
    russian = Member("Newalt", realm="Ясеневыйлес", guid=ALT.guid)
    file = file_of(proposed("Newalt", realms=("ashenvale", "Ясеневый лес")))
    assert len(client_of(russian, MAIN, file=file).open()) == 1


def test_a_character_that_left_the_guild_is_counted_and_not_listed() -> None:
    client = client_of(MAIN, OTHER)
    assert client.open() == []
    assert client.status == "0 notes to look at. 1 of the characters are not in the guild's list now."


def test_a_character_that_leaves_before_the_click_gets_no_note() -> None:
    client = client_of()
    client.open()
    client.members = [MAIN, OTHER]
    client._known = 2
    row = client.click("Newalt")
    assert client.writes == []
    assert row is not None
    assert "does not show this character" in row.message


def test_a_secret_row_lets_nothing_be_written() -> None:
    client = client_of()
    client.open()
    client.secret_rows = {2}
    row = client.click("Newalt")
    assert client.writes == []
    assert row is not None
    assert "hides the roster's values" in row.message


@pytest.mark.parametrize(
    ("does", "said"),
    [
        ("nothing", "Not written: the game did not take the note."),
        ("fail", "Not written: the game did not take the note."),
        ("forbid", "Not written: the game does not let addons do that now."),
    ],
)
def test_a_note_that_the_game_does_not_take_is_said_not_to_be_written(does: Any, said: str) -> None:
    client = client_of(does=does)
    client.open()
    assert client.write("Newalt") == [f"PATTSync: Note of Newalt: {said}"]
    assert client.note_of("Newalt") == ""
    assert client.rows[0].message == said
    client.does = "take"
    client.write("Newalt")
    assert client.note_of("Newalt") == "alt of Robin"


def test_a_note_that_the_game_cuts_is_said_as_it_is_and_can_be_undone() -> None:
    client = client_of(does="cut")
    client.open()
    assert client.write("Newalt") == ['PATTSync: Note of Newalt: The game keeps another note: "alt o".']
    client.does = "take"
    client.press("Undo", "Newalt")
    client.advance(60)
    assert client.note_of("Newalt") == ""


@pytest.mark.parametrize("wanted", ["alt of Незнайкаград", "龙" * 31, "é" * 31, "alt of Ünïcødé"])
def test_letters_that_take_several_bytes_are_written_whole(wanted: str) -> None:
    client = client_of(file=file_of(proposed("Newalt", wanted=wanted)))
    client.open()
    client.write("Newalt")
    assert client.note_of("Newalt") == wanted


def test_a_second_click_waits_for_the_first_note() -> None:
    client = client_of(file=file_of(proposed("Newalt"), proposed("Brakk", "tank, EU")), does="nothing")
    client.open()
    client.press("Write", "Newalt")
    row = client.click("Brakk")
    assert row is not None
    assert row.message.startswith("One note after the other")
    assert client.writes == [("Newalt", "alt of Robin")]
    client.advance(60)
    client.does = "take"
    client.write("Brakk")
    assert client.note_of("Brakk") == "alt of Robin"


def test_notes_are_not_written_faster_than_one_in_two_seconds() -> None:
    client = client_of(file=file_of(proposed("Newalt"), proposed("Brakk", "tank, EU")))
    client.open()
    client.press("Write", "Newalt")
    client.advance(1)
    assert client.note_of("Newalt") == "alt of Robin"
    client.press("Write", "Brakk")
    assert len(client.writes) == 1
    client.advance(2)
    client.press("Write", "Brakk")
    assert len(client.writes) == 2


def test_the_roster_is_asked_for_no_faster_than_the_game_allows_while_the_window_is_open() -> None:
    client = client_of()
    client.open()
    client.advance(300)
    assert client.dropped_requests == 0
    assert len(client.requests) <= 25


def test_a_click_works_on_the_roster_of_that_moment_where_the_game_takes_places_for_members() -> None:
    missing = (MODERN - {"canaccessvalue", "issecretvalue"}) | {"issecretvalue"}
    client = client_of(by_index=True, missing=missing)
    client.open()
    client.members = [OTHER, MAIN, ALT]
    client.write("Newalt")
    assert [member.note for member in client.members] == ["tank, EU", "Main", "alt of Robin"]


def test_a_member_without_an_id_is_not_written() -> None:
    client = client_of(Member("Newalt", guid=None), MAIN)
    client.open()
    assert client.write("Newalt") == ["PATTSync: Note of Newalt: Not written: the game did not take the note."]


HOSTILE = ('"]] error() --', "|cffff0000red|r", "%s%d%1", "\\", "a\nb", "\0x", "Ünï龙", "]=]")


@pytest.mark.parametrize("hostile", HOSTILE)
def test_hostile_notes_and_names_are_shown_as_they_are_and_harm_nothing(hostile: str) -> None:
    alt = Member("Newalt", note=hostile)
    client = client_of(alt, MAIN, file=file_of(proposed("Newalt", hostile, reason=hostile, lost=hostile)))
    (row,) = client.open()
    shown = re.sub(r"[\x00-\x1f]", " ", hostile.replace("|", "||"))
    assert shown in row.change
    assert row.reason == f'{shown} There is no room for "{shown}".'
    client.write("Newalt")
    assert client.note_of("Newalt") == "alt of Robin"
    client.write("Newalt", "Undo")
    assert client.note_of("Newalt") == hostile
    assert client.new_globals <= {b"PATTSyncDB", b"PATTSyncEnd", b"SLASH_PATTSYNC1"}
