"""The addon as the game finds it on disk."""

import re

from addon.client import ADDON, Client, guild_of, toc_field

LUA_FILES = sorted(ADDON.rglob("*.lua"))


def test_the_folder_and_the_toc_file_have_one_name() -> None:
    assert [path.name for path in ADDON.glob("*.toc")] == [f"{ADDON.name}.toc"]


def test_retail_and_its_test_realm_are_served() -> None:
    numbers = toc_field("Interface").split(", ")
    assert {"120100", "120105"} <= set(numbers)
    assert all(re.fullmatch(r"[1-9][0-9]{4,5}", number) for number in numbers)


def test_the_toc_lists_every_file_once_and_in_the_form_of_the_game() -> None:
    lines = (ADDON / "PATTSync.toc").read_text(encoding="utf-8").splitlines()
    listed = [line for line in lines if line and not line.startswith("#")]
    assert sorted(listed) == sorted(str(path.relative_to(ADDON)).replace("/", "\\") for path in LUA_FILES)


def test_the_closing_mark_is_saved_last() -> None:
    assert toc_field("SavedVariables") == "PATTSyncDB, PATTSyncEnd"


def test_the_addon_leaves_nothing_else_among_the_global_names() -> None:
    client = Client(guild_of(3))
    client.export()
    assert client.new_globals == {b"PATTSyncDB", b"PATTSyncEnd", b"SLASH_PATTSYNC1"}


def test_the_addon_hooks_nothing_sends_nothing_and_writes_nothing_but_public_notes() -> None:
    code = "".join(path.read_text(encoding="utf-8") for path in LUA_FILES)
    writing = r"SetNote\b|SetPublicNote\b|SetOfficerNote\b"
    assert set(re.findall(writing, code)) == {"SetNote", "SetPublicNote"}
    assert [path.name for path in LUA_FILES if re.search(writing, path.read_text(encoding="utf-8"))] == ["Game.lua"]
    forbidden = r"hooksecurefunc|CommunitiesFrame|CHAT_MSG|SendChatMessage|SendAddonMessage|C_Club"
    assert re.findall(forbidden, code) == []
