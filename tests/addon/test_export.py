"""What the addon exports, as the reader of uploads gets it."""

import pytest

from addon.client import LEGACY, LOGIN_TIME, MODERN, Client, Member, Style, guild_of, toc_field
from sv_common.guild_sync.sources.addon.export import read_addon_export
from sv_common.guild_sync.sources.addon.saved_variables import LuaTable, parse_saved_variables
from sv_common.guild_sync.sources.models import AddonCharacter

TROG = Member(
    "Trög",
    realm="Kel'Thuzad",
    rank=0,
    rank_name="Gildenmeister",
    level=80,
    class_name="Todesritter",
    class_file="DEATHKNIGHT",
    note="Robin",
    officer_note="DC: robin",
    guid="Player-85-0A1B2C3D",
)


def last_export(saved: bytes) -> LuaTable:
    database = parse_saved_variables(saved)["PATTSyncDB"]
    assert isinstance(database, dict)
    export = database["lastExport"]
    assert isinstance(export, dict)
    return export


def entry(member: Member) -> LuaTable:
    """Give the first entry of an export of a guild that begins with this member."""
    characters = last_export(Client([member, *guild_of(2)]).export())["characters"]
    assert isinstance(characters, dict)
    first = characters[1]
    assert isinstance(first, dict)
    return first


def test_every_field_of_a_member_arrives() -> None:
    (character,) = read_addon_export(Client([TROG]).export()).characters
    assert character == AddonCharacter(
        name="Trög",
        realm="Kel'Thuzad",
        note="Robin",
        officer_note="DC: robin",
        rank=0,
        rank_name="Gildenmeister",
        level=80,
        class_name="Death Knight",
        guid="Player-85-0A1B2C3D",
        hours_away=3 * 24 + 4,
    )


def test_the_export_says_what_it_is() -> None:
    client = Client(guild_of(7))
    saved = client.export()
    export = read_addon_export(saved)
    assert (export.guild_name, export.realm, export.region) == ("Kin of Dawn", "Area52", 3)
    assert export.exported_at == LOGIN_TIME + int(client.now)
    assert export.export_id
    written = last_export(saved)
    assert written["memberCount"] == 7
    assert written["addonVersion"] == toc_field("Version")
    assert (written["language"], written["interface"]) == ("enUS", 120100)


def test_a_guild_of_another_realm_is_named_with_its_realm() -> None:
    client = Client(guild_of(2), guild=("Kin of Dawn", "Draenor"))
    assert read_addon_export(client.export()).realm == "Draenor"


def test_a_region_that_the_client_does_not_know_is_left_out() -> None:
    client = Client(guild_of(2), region=0)
    assert read_addon_export(client.export()).region is None


def test_a_rank_without_a_name_in_the_roster_gets_the_name_of_the_guilds_settings() -> None:
    assert entry(Member("Brightmane", rank=4, rank_name=""))["rankName"] == "Rank 4"


def test_two_exports_have_two_ids() -> None:
    client = Client(guild_of(2))
    client.try_to_export()
    (first,) = [line for line in client.type("/pattsync status") if "id " in line]
    client.try_to_export()
    (second,) = [line for line in client.type("/pattsync status") if "id " in line]
    assert first != second


@pytest.mark.parametrize(
    ("realm", "own", "read"),
    [
        ("Area52", "Draenor", "Area52"),
        ("AzjolNerub", "Draenor", "AzjolNerub"),
        ("Ревущийфьорд", "Draenor", "Ревущийфьорд"),
        ("Pozzodell'Eternità", "Draenor", "Pozzodell'Eternità"),
        ("Two-Part", "Draenor", "Two-Part"),
        (None, "Draenor", "Draenor"),
        (None, None, "Area52"),
    ],
)
def test_a_member_has_the_realm_of_the_roster_or_else_the_players_own(
    realm: str | None, own: str | None, read: str
) -> None:
    client = Client([Member("Brightmane", realm=realm, note="x"), *guild_of(1)], normalized_realm=own)
    character = read_addon_export(client.export()).characters[0]
    assert (character.name, character.realm) == ("Brightmane", read)


def test_one_name_on_two_realms_is_two_members() -> None:
    members = [Member("Brightmane", "Area52", note="a"), Member("Brightmane", "Draenor", note="b")]
    read = read_addon_export(Client(members).export()).characters
    assert [(character.realm, character.note) for character in read] == [("Area52", "a"), ("Draenor", "b")]


@pytest.mark.parametrize(
    ("away", "written"),
    [
        (None, "Online"),
        ((0, 0, 0, 0), "0h"),
        ((0, 0, 0, 5), "5h"),
        ((0, 0, 3, 4), "3d 4h"),
        ((0, 2, 1, 0), "61d 0h"),
        ((1, 1, 0, 23), "395d 23h"),
    ],
)
def test_how_long_a_member_has_been_away_is_written_in_days_and_hours(
    away: tuple[int, int, int, int] | None, written: str
) -> None:
    assert entry(Member("Brightmane", away=away))["lastOnline"] == written


@pytest.mark.parametrize("missing", [LEGACY, MODERN])
def test_officer_notes_that_may_not_be_seen_are_unknown_and_the_player_is_told(missing: frozenset[str]) -> None:
    client = Client(guild_of(3), missing=missing, sees_officer_notes=False)
    saved = client.export()
    assert "officer notes" in client.chat[-1]
    assert last_export(saved)["canViewOfficerNotes"] is False
    assert b"officerNote" not in saved
    assert {character.officer_note for character in read_addon_export(saved).characters} == {None}


def test_officer_notes_are_left_open_where_the_client_cannot_say_who_may_see_them() -> None:
    missing = LEGACY | {"C_GuildInfo.CanViewOfficerNote"}
    saved = Client([Member("Opal"), Member("Kip")], missing=missing).export()
    assert "canViewOfficerNotes" not in last_export(saved)
    assert [character.officer_note for character in read_addon_export(saved).characters] == [None, None]


def test_officer_notes_that_are_all_empty_are_known_to_be_empty_where_they_may_be_seen() -> None:
    client = Client([Member("Opal"), Member("Kip")])
    characters = read_addon_export(client.export()).characters
    assert [character.officer_note for character in characters] == ["", ""]


def test_an_empty_note_is_known_to_be_empty_once_another_one_was_seen() -> None:
    saved = Client([Member("Opal", note="Robin"), Member("Kip")]).export()
    assert last_export(saved)["canViewNotes"] is True
    assert [character.note for character in read_addon_export(saved).characters] == ["Robin", ""]


def test_notes_that_are_all_empty_may_have_been_hidden_and_are_unknown() -> None:
    saved = Client([Member("Opal"), Member("Kip")]).export()
    assert "canViewNotes" not in last_export(saved)
    assert [character.note for character in read_addon_export(saved).characters] == [None, None]


def test_a_guild_at_the_games_limit_is_exported_whole() -> None:
    saved = Client(guild_of(1000)).export()
    characters = read_addon_export(saved).characters
    assert len({character.guid for character in characters}) == 1000
    assert len(saved) < 1024 * 1024


@pytest.mark.parametrize("style", ["current", "older"])
def test_the_file_reads_alike_however_the_game_orders_and_lays_it_out(style: Style) -> None:
    client = Client(guild_of(4))
    client.try_to_export()
    files = [client.log_out(style, order) for order in range(5)]
    assert len(set(files)) == 5
    assert all(read_addon_export(file) == read_addon_export(files[0]) for file in files)


def test_an_export_outlives_sessions_in_which_nothing_is_exported() -> None:
    first = Client(guild_of(4)).export()
    second = Client(guild_of(9), saved=first).log_out()
    assert read_addon_export(second) == read_addon_export(first)


def test_an_export_replaces_the_one_before() -> None:
    first = Client(guild_of(4)).export()
    second = Client(guild_of(9), saved=first).export()
    assert len(read_addon_export(second).characters) == 9
    assert second.count(b'["characters"]') == 1


FIRST_ADDON = b"""
PATTSyncDB = {
["totalExports"] = 2,
["lastExport"] = {
["exportTime"] = 1740153600,
["guildName"] = "Kin of Dawn",
["memberCount"] = 1,
["characters"] = { { ["name"] = "Opal", ["realm"] = "Area52" }, },
},
}
"""


def test_what_the_first_addon_saved_is_kept_until_the_next_export() -> None:
    client = Client(guild_of(2), saved=FIRST_ADDON)
    assert client.type("/pattsync status")[0].startswith("PATTSync: Last export: Kin of Dawn, 1 members, ")
    assert read_addon_export(client.log_out()) == read_addon_export(FIRST_ADDON)
    assert len(read_addon_export(Client(guild_of(2), saved=FIRST_ADDON).export()).characters) == 2


@pytest.mark.parametrize(
    "saved", [b"PATTSyncDB = 5", b"PATTSyncDB = nil", b"PATTSyncDB = { lastExport = 5 }", b'PATTSyncEnd = "x"']
)
def test_a_spoilt_file_does_not_keep_the_addon_from_exporting(saved: bytes) -> None:
    client = Client(guild_of(2), saved=saved)
    assert client.type("/pattsync status")[0].startswith("PATTSync: There is no export yet.")
    assert len(read_addon_export(client.export()).characters) == 2
