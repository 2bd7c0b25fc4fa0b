"""What the companion keeps lies in a folder that only its user can open, and nothing of it is left when it is forgotten."""

from __future__ import annotations

import stat
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from companion.fake_tools import tree
from patt.companion.code import Code, write_code
from patt.companion.home import Home, Said
from sv_common.guild_sync.core.errors import BadInput, ConfigurationError

CODE = Code("https://patt.example.org", "a-key-of-forty-letters")
TEXT = write_code(CODE.server, CODE.key)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "data" / "patt" / "companion")


def test_what_is_kept_comes_back(home: Home, tmp_path: Path) -> None:
    assert home.kept() is None
    home.keep(f" {TEXT}\n", [tmp_path])
    kept = Home(home.folder).kept()
    assert kept is not None
    assert (kept.code, kept.folders) == (CODE, (tmp_path,))


@pytest.mark.skipif(sys.platform == "win32", reason="Windows keeps it closed by the folder that it lies in")
def test_the_key_lies_in_a_file_that_only_its_user_can_read(home: Home) -> None:
    home.keep(TEXT, [])
    home.say(Said("Watching.", datetime.now(UTC)))
    assert stat.S_IMODE(home.folder.stat().st_mode) == 0o700
    files = [each for each in home.folder.rglob("*") if each.is_file()]
    assert {stat.S_IMODE(each.stat().st_mode) for each in files} == {0o600}
    assert [each.name for each in files if TEXT.encode() in each.read_bytes()] == ["settings.json"]
    assert [each.name for each in files if CODE.key.encode() in each.read_bytes()] == []


@pytest.mark.skipif(sys.platform == "win32", reason="Windows keeps it closed by the folder that it lies in")
def test_what_others_could_read_is_closed_when_it_is_used(home: Home) -> None:
    home.keep(TEXT, [])
    home.folder.chmod(0o755)
    (home.folder / "settings.json").chmod(0o644)
    assert home.kept() is not None
    assert stat.S_IMODE(home.folder.stat().st_mode) == 0o700
    assert stat.S_IMODE((home.folder / "settings.json").stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "is damaged"),
        (b"[]", "is damaged"),
        (b'{"code": 1, "folders": []}', "is damaged"),
        (b"{" * 100_000, "is damaged"),
        (f'{{"code": "{TEXT[:-9]}", "folders": []}}'.encode(), "The code is cut off"),
        (b'{"code": "patt1", "folders": []}', "The code is cut off"),
    ],
)
def test_a_damaged_file_is_said_and_never_shown(home: Home, content: bytes, sentence: str) -> None:
    home.keep(TEXT, [])
    (home.folder / "settings.json").write_bytes(content)
    with pytest.raises(BadInput, match=sentence) as told:
        home.kept()
    assert TEXT[:40] not in str(told.value)


def test_a_code_for_a_server_to_which_no_key_may_go_is_not_kept(home: Home) -> None:
    with pytest.raises(BadInput, match="others on the way could read"):
        home.keep(write_code("http://patt.example.org", CODE.key), [])
    assert not home.folder.exists()


def test_what_it_said_last_comes_back_and_damage_is_no_fault(home: Home) -> None:
    said = Said("Watching 1 file.", datetime(2026, 3, 1, 12, tzinfo=UTC), ended=True)
    assert home.said() is None
    home.say(said)
    assert home.said() == said
    (home.folder / "said.json").write_bytes(b'{"at": "yesterday"}')
    assert home.said() is None


def test_forgetting_leaves_nothing_of_its_own_and_all_of_others(home: Home, tmp_path: Path) -> None:
    beside = tmp_path / "data" / "other"
    beside.mkdir(parents=True)
    before = tree(tmp_path)
    home.keep(TEXT, [])
    home.spool(CODE).mkdir()
    (home.spool(CODE) / "1-a.lua").write_bytes(b"x")
    assert home.waiting() == 1
    home.forget()
    assert tree(tmp_path) == before
    home.forget()


def test_a_folder_that_cannot_be_used_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(ConfigurationError, match="The folder of the companion"):
        Home(tmp_path / "file" / "companion").keep(TEXT, [])
