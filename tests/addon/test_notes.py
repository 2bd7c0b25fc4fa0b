"""The proposed notes in the game: shown beside the note of now, and written on a click for one of them alone."""

from __future__ import annotations

from typing import Any

import pytest

from addon.client import LEGACY, Client, Member, guild_of
from addon.noting_client import NotingClient, Row, file_of, proposed

ALT = Member("Newalt", note="", guid="Player-85-00000001")
MAIN = Member("Robin", note="Main", guid="Player-85-00000002", away=None)
OTHER = Member("Brakk", note="tank, EU", guid="Player-85-00000003")
FILE = file_of(proposed("Newalt"))


def client_of(*members: Member, file: bytes = FILE, **options: Any) -> NotingClient:
    return NotingClient(list(members or (ALT, MAIN, OTHER)), file=file, **options)


def test_a_proposed_note_stands_beside_the_note_of_now_with_its_reason() -> None:
    file = file_of(
        proposed("Newalt"), proposed("Brakk", "tank, EU", "alt of Robin", reason="It says nothing.", lost="tank, EU")
    )
    rows = client_of(file=file).open()
    assert rows == [
        Row('Newalt: (empty) becomes "alt of Robin"', "The note is empty.", "", "Write"),
        Row(
            'Brakk: "tank, EU" becomes "alt of Robin"',
            'It says nothing. There is no room for "tank, EU".',
            "",
            "Write",
        ),
    ]


def test_one_click_writes_one_note_and_the_game_confirms_it() -> None:
    client = client_of(file=file_of(proposed("Newalt"), proposed("Brakk", "tank, EU")))
    client.open()
    assert client.write("Newalt") == ["PATTSync: Note of Newalt: Written."]
    assert client.writes == [("Newalt", "alt of Robin")]
    assert (client.note_of("Newalt"), client.note_of("Brakk")) == ("alt of Robin", "tank, EU")
    assert client.rows[0] == Row('Newalt: "alt of Robin" becomes (empty)', "The note is empty.", "Written.", "Undo")


def test_nothing_is_written_without_a_click() -> None:
    client = client_of()
    client.open()
    client.advance(600)
    client.type("/pattsync notes")
    client.advance(60)
    assert client.writes == []
    assert not client.is_busy


def test_no_button_writes_more_than_one_note() -> None:
    client = client_of(file=file_of(proposed("Newalt"), proposed("Brakk", "tank, EU")))
    client.open()
    assert sorted(label for _, label, _, _ in client._seen) == ["Back", "Close", "Next", "Write", "Write"]


def test_the_former_note_comes_back_by_undo_for_its_row() -> None:
    client = client_of(file=file_of(proposed("Brakk", "tank, EU", "alt of Robin, tank, EU")))
    client.open()
    client.write("Brakk")
    assert client.write("Brakk", "Undo") == ["PATTSync: Note of Brakk: The former note is back."]
    assert client.note_of("Brakk") == "tank, EU"
    assert client.rows[0].button == "Write"


def test_a_note_that_changed_behind_the_window_is_shown_and_asked_about_again() -> None:
    client = client_of()
    client.open()
    client.change("Newalt", "alt of Zork")
    row = client.click("Newalt")
    assert client.writes == []
    assert row is not None
    assert row.change == 'Newalt: "alt of Zork" becomes "alt of Robin"'
    assert row.message == 'The note says "alt of Zork" now. Press again to replace it.'
    assert row.button == "Replace it"
    client.write("Newalt", "Replace it")
    assert client.note_of("Newalt") == "alt of Robin"
    client.write("Newalt", "Undo")
    assert client.note_of("Newalt") == "alt of Zork"


def test_a_note_that_changes_again_after_it_was_agreed_to_is_asked_about_again() -> None:
    client = client_of()
    client.open()
    for note in ("one", "two", "three"):
        client.change("Newalt", note)
        client.press("Write" if note == "one" else "Replace it", "Newalt")
        assert client.writes == []
    client.write("Newalt", "Replace it")
    assert client.note_of("Newalt") == "alt of Robin"


def test_a_note_that_changes_before_the_players_eyes_is_asked_about_again() -> None:
    client = client_of()
    client.open()
    client.change("Newalt", "alt of Zork")
    client.announce()
    client.advance(1)
    assert client.rows[0].message == "The note has just changed."
    client.press("Write", "Newalt")
    assert client.writes == []
    client.write("Newalt", "Replace it")
    assert client.note_of("Newalt") == "alt of Robin"


def test_a_note_that_patt_has_not_seen_is_asked_about_before_it_is_replaced() -> None:
    client = client_of(file=file_of(proposed("Brakk", "healer")))
    (row,) = client.open()
    assert row.message == 'PATT knew another note: "healer".'
    client.press("Write", "Brakk")
    assert client.writes == []
    client.write("Brakk", "Replace it")
    assert client.note_of("Brakk") == "alt of Robin"


def test_undo_asks_where_somebody_changed_the_note_meanwhile() -> None:
    client = client_of()
    client.open()
    client.write("Newalt")
    client.change("Newalt", "my own words")
    client.press("Undo", "Newalt")
    assert len(client.writes) == 1
    assert client.rows[0].change == 'Newalt: "my own words" becomes "alt of Robin"'


def test_a_note_that_says_so_already_is_not_listed_and_not_written() -> None:
    client = client_of(Member("Newalt", note="alt of Robin"), MAIN)
    assert client.open() == []
    assert client.status == "0 notes to look at. 0 of the characters are not in the guild's list now."


def test_a_note_that_says_so_by_the_time_of_the_click_is_not_written() -> None:
    client = client_of()
    client.open()
    client.change("Newalt", "alt of Robin")
    client.press("Write", "Newalt")
    assert client.writes == []


@pytest.mark.parametrize(
    ("obstacle", "value", "reason"),
    [
        ("in_combat", True, "you are in combat"),
        ("in_instance", True, "you are in an instance"),
        ("in_lockdown", True, "the game hides guild data"),
        ("restrictions", {"ChallengeMode"}, "the game hides guild data"),
        ("restrictions", {"Encounter"}, "the game hides guild data"),
    ],
)
def test_in_combat_and_wherever_the_game_forbids_it_nothing_is_written_and_it_is_said_why(
    obstacle: str, value: Any, reason: str
) -> None:
    client = client_of()
    client.open()
    setattr(client, obstacle, value)
    reads = client.reads
    row = client.click("Newalt")
    assert row is not None
    assert row.message.startswith(f"Not now: {reason}")
    client.advance(30)
    assert (client.writes, client.reads) == ([], reads)
    assert client.status.startswith(f"Nothing can be written: {reason}")
    setattr(client, obstacle, set() if isinstance(value, set) else False)
    client.advance(20)
    client.write("Newalt")
    assert client.note_of("Newalt") == "alt of Robin"


def test_the_window_opened_in_combat_fills_when_the_fight_is_over() -> None:
    client = client_of(in_combat=True)
    assert client.open() == []
    assert client.reads == 0
    client.in_combat = False
    client.advance(20)
    assert len(client.rows) == 1


def test_a_fight_that_begins_after_the_click_delays_the_confirmation_alone() -> None:
    client = client_of()
    client.open()
    client.press("Write", "Newalt")
    client.in_combat = True
    assert client.advance(300) == []
    client.in_combat = False
    assert client.advance(60) == ["PATTSync: Note of Newalt: Written."]


@pytest.mark.parametrize("may_edit", [False, None, 0])
def test_without_the_right_to_edit_public_notes_nothing_is_written(may_edit: Any) -> None:
    client = client_of(may_edit=may_edit)
    client.open()
    assert client.status == "Your rank may not edit public notes, so nothing can be written."
    row = client.click("Newalt")
    assert row is not None
    assert row.message == client.status
    assert client.writes == []


def test_a_right_that_is_hidden_or_that_the_client_does_not_tell_is_none() -> None:
    hidden = client_of()
    hidden.may_edit = hidden.secret
    silent = client_of(missing=LEGACY | {"C_GuildInfo.CanEditPublicNote"})
    for client in (hidden, silent):
        client.open()
        client.press("Write", "Newalt")
        assert client.writes == []


def test_a_roster_that_has_not_arrived_shows_nothing_and_says_so() -> None:
    client = client_of(stream=[0], answers_requests=False)
    assert client.open() == []
    assert client.status == "Nothing can be written: the roster has not arrived from the server."
    for _ in range(2):
        client.advance(6)
        client.reveal(3)
    client.advance(20)
    assert len(client.rows) == 1


@pytest.mark.parametrize("filters_late", [False, True])
@pytest.mark.parametrize("shows_offline", [False, True])
def test_members_who_are_offline_are_shown_and_written_and_the_players_setting_comes_back(
    *, shows_offline: bool, filters_late: bool
) -> None:
    client = client_of(shows_offline=shows_offline, filters_late=filters_late)
    assert len(client.open()) == 1
    client.write("Newalt")
    assert client.note_of("Newalt") == "alt of Robin"
    client.press("Close")
    assert client.shows_offline is shows_offline
    assert not client.is_busy


@pytest.mark.parametrize("ends", ["combat", "logout"])
def test_the_players_setting_comes_back_in_combat_and_at_logout(ends: str) -> None:
    client = client_of(shows_offline=False)
    client.open()
    assert client.shows_offline is True
    if ends == "combat":
        client.in_combat = True
        client.advance(1)
    else:
        client.log_out()
    assert client.shows_offline is False


def test_an_export_beside_the_window_leaves_the_players_setting_as_it_was() -> None:
    client = client_of(shows_offline=False)
    client.open()
    client.type("/pattsync")
    client.advance(30)
    assert "Exported" in client.chat[-1]
    assert client.shows_offline is True
    client.type("/pattsync notes")
    assert client.shows_offline is False


def test_an_export_holds_nothing_of_the_proposed_notes() -> None:
    client = client_of()
    client.open()
    client.write("Newalt")
    client.press("Close")
    plain = Client([Member("Newalt", note="alt of Robin", guid=ALT.guid), MAIN, OTHER])
    own, others = client.export(), plain.export()
    assert own.count(b"\n") == others.count(b"\n")
    assert b"seen" not in own
    assert b"index" not in own


def test_many_notes_lie_on_pages() -> None:
    members = [Member(f"Alt{chr(97 + n // 26)}{chr(97 + n % 26)}", guid=f"Player-85-{n:08X}") for n in range(20)]
    client = client_of(*members, file=file_of(*(proposed(each.name) for each in members)))
    seen = [len(client.open())]
    for _ in range(2):
        client.press("Next")
        seen.append(len(client.rows))
    assert seen == [8, 8, 4]
    assert client.rows[-1].change.startswith("Altat:")
    client.write("Altat")
    assert client.note_of("Altat") == "alt of Robin"
    client.press("Back")
    assert len(client.rows) == 8


def test_the_command_opens_and_closes_the_window() -> None:
    client = client_of()
    client.open()
    assert client.is_open
    client.type("/pattsync notes")
    assert not client.is_open
    assert not client.is_busy
    client.type("/pattsync notes")
    assert client.is_open


def test_a_note_under_way_is_confirmed_after_the_window_was_closed() -> None:
    client = client_of()
    client.open()
    client.press("Write", "Newalt")
    client.press("Close")
    assert client.advance(30) == ["PATTSync: Note of Newalt: Written."]
    assert not client.is_busy


def test_a_whole_guild_is_listed_and_written() -> None:
    members = guild_of(1000)
    client = NotingClient(members, file=file_of(*(proposed(each.name, "Robin", "alt of Kip") for each in members)))
    assert len(client.open()) == 8
    client.write("Opala")
    assert client.note_of("Opala") == "alt of Kip"
