"""What a player gives the companion: a wrong address, folder or key ends in a sentence, and nothing is sent."""

from __future__ import annotations

import stat
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from companion.conftest import KEY, Ended, Watch
from companion.scripted import ScriptedServer, account, export
from patt.companion.code import write_code

WRONG_ADDRESSES = {
    "http://patt.example.org": "https://",
    "http://192.168.1.20:8000": "https://",
    "http://127.0.0.1.example.org": "https://",
    "http://localhost.example.org": "https://",
    "patt.example.org": "must begin with https://",
    "localhost:8000": "must begin with https://",
    "ftp://patt.example.org": "must begin with https://",
    "https://": "is no address of a server",
    "https://who:secret@patt.example.org": "is no address of a server",
    "https://patt.example.org/?page=1": "is no address of a server",
    "https://patt.example.org:harbour": "is no address of a server",
    "https://patt.example.org:99999": "is no address of a server",
    "http://127.0.0.1:-1": "is no address of a server",
    "http://127.0.0.1:0": "is no address of a server",
    "https://patt .example.org": "is no address of a server",
    "": "must begin with https://",
    "\udce9": "The value of --server cannot be used: it contains bytes that are not UTF-8 text",
}


@pytest.mark.parametrize("wrong", WRONG_ADDRESSES)
@pytest.mark.parametrize("options", [["--once"], []], ids=["once", "for ever"])
def test_a_wrong_address_of_the_server_is_said_and_gets_no_key(
    patt_watch: Watch, game: Path, wrong: str, options: list[str]
) -> None:
    account(game, "1").write_bytes(export("Main"))
    ended = patt_watch(game, "--server", wrong, "--key", KEY, *options)
    assert ended.fails(WRONG_ADDRESSES[wrong])
    assert KEY not in ended.printed


@pytest.mark.parametrize(
    "loopback", ["http://127.0.0.1:9", "http://localhost:9/", "http://[::1]:9", "HTTP://127.0.0.1:9"]
)
def test_a_server_on_this_computer_needs_no_encryption(patt_watch: Watch, game: Path, loopback: str) -> None:
    account(game, "1").write_bytes(export("Main"))
    assert patt_watch(game, "--server", loopback, "--key", KEY, "--once").fails("cannot be reached")


@pytest.mark.parametrize("options", [["--once"], []], ids=["once", "for ever"])
@pytest.mark.parametrize("place", ["missing", "a file", "something else", "~nobody-of-that-name", "bytes \udce9"])
def test_a_folder_that_cannot_be_the_games_is_said(
    patt_watch: Watch, tmp_path: Path, address: str, place: str, options: list[str]
) -> None:
    (tmp_path / "a file").write_text("no folder")
    (tmp_path / "something else").mkdir()
    folder = place if place.startswith("~") else tmp_path / place
    ended = patt_watch(folder, "--server", address, "--key", KEY, *options)
    assert ended.code == 1
    is_text = "\udce9" not in place
    assert ("Give the folder in which the game is installed" if is_text else "not UTF-8 text") in ended.printed


@pytest.mark.parametrize("start", ["_retail_/WTF", "_retail_/WTF/Account", "_retail_/WTF/Account/NAME"])
@pytest.mark.parametrize("is_exported", [True, False], ids=["exported", "not exported"])
def test_any_folder_between_the_game_and_the_file_will_do(
    patt_watch: Watch, patt_server: ScriptedServer, address: str, game: Path, start: str, is_exported: bool
) -> None:
    file = account(game, "NAME")
    if is_exported:
        file.write_bytes(export("Main"))
    ended = patt_watch(game / start, "--server", address, "--key", KEY, "--once")
    assert (ended.code, len(patt_server.received)) == ((0, 1) if is_exported else (1, 0))
    assert ("Sent." if is_exported else "Type /pattsync in the game") in ended.printed


def test_a_game_that_is_not_found_is_asked_for(patt_watch: Watch, address: str) -> None:
    assert patt_watch("--server", address, "--key", KEY, "--once").fails("Give its folder: patt watch FOLDER")


Given = Callable[[str], Ended]


@pytest.fixture(params=["argument", "environment", "file"])
def with_key(
    request: pytest.FixtureRequest,
    patt_watch: Watch,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    game: Path,
    address: str,
) -> Given:
    account(game, "1").write_bytes(export("Main"))

    def run(key: str) -> Ended:
        options: list[str] = []
        if request.param == "argument":
            options = ["--key", key]
        elif request.param == "environment":
            monkeypatch.setenv("PATT_UPLOAD_KEY", key)
        else:
            (tmp_path / "key.txt").write_text(key, encoding="utf-8", errors="surrogateescape")
            options = ["--key-file", str(tmp_path / "key.txt")]
        return patt_watch(game, "--server", address, "--once", *options)

    return run


@pytest.mark.parametrize(
    "key", ["gehe\N{LATIN SMALL LETTER I WITH DIAERESIS}m", "пароль", "geheim\udce9", "two words", "k" * 300]
)
def test_a_key_that_can_be_none_is_said_without_saying_it(
    with_key: Given, patt_server: ScriptedServer, key: str
) -> None:
    ended = with_key(key)
    assert ended.code == 1
    assert "upload key" in ended.printed or "The value of --key cannot be used" in ended.printed
    assert "geh" not in ended.printed
    assert "пар" not in ended.printed
    assert "kkk" not in ended.printed
    assert patt_server.received == []


def test_a_key_is_taken_from_wherever_it_is_given(with_key: Given, patt_server: ScriptedServer) -> None:
    assert with_key(f" {KEY}\n").code == 0
    assert patt_server.keys == [KEY]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_key_file_is_read_as_notepad_and_powershell_write_it(
    patt_watch: Watch, patt_server: ScriptedServer, address: str, game: Path, tmp_path: Path, encoding: str
) -> None:
    account(game, "1").write_bytes(export("Main"))
    (tmp_path / "key.txt").write_bytes(f"{KEY}\r\n".encode(encoding))
    assert patt_watch(game, "--server", address, "--once", "--key-file", tmp_path / "key.txt").code == 0
    assert patt_server.keys == [KEY]


@pytest.mark.parametrize("content", [None, b"", b"\n", b"\xff\xfe\x00", b"\x00" * 5000, f"{KEY}\nanother".encode()])
def test_a_key_file_that_holds_no_key_is_said(
    patt_watch: Watch, patt_server: ScriptedServer, address: str, game: Path, tmp_path: Path, content: bytes | None
) -> None:
    account(game, "1").write_bytes(export("Main"))
    file = tmp_path / "key.txt"
    file.mkdir() if content is None else file.write_bytes(content)
    ended = patt_watch(game, "--server", address, "--once", "--key-file", file)
    assert ended.fails("key.txt")
    assert KEY not in ended.printed
    assert patt_server.received == []


def test_a_code_is_taken_wherever_a_key_is_and_brings_its_server(
    patt_watch: Watch,
    patt_server: ScriptedServer,
    address: str,
    game: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    account(game, "1").write_bytes(export("Main"))
    code = write_code(address, KEY)
    (tmp_path / "code.txt").write_text(f"{code}\n")
    assert patt_watch(game, "--key-file", tmp_path / "code.txt", "--once").code == 0
    assert patt_watch(game, "--key", code, "--once").code == 0
    monkeypatch.setenv("PATT_UPLOAD_KEY", code)
    ended = patt_watch(game, "--once")
    assert ended.code == 0
    assert code not in ended.printed
    assert patt_server.keys == [KEY]


def test_a_code_and_another_server_contradict_each_other(
    patt_watch: Watch, patt_server: ScriptedServer, address: str, game: Path
) -> None:
    account(game, "1")
    code = write_code(address, KEY)
    ended = patt_watch(game, "--key", code, "--server", "https://patt.example.org", "--once")
    assert ended.fails("and --server or PATT_SERVER_URL says https://patt.example.org")
    assert patt_server.received == []


def test_a_key_alone_does_not_say_where_it_belongs(patt_watch: Watch, game: Path) -> None:
    account(game, "1")
    assert patt_watch(game, "--key", KEY, "--once").fails("does not say to which server it belongs")


def test_without_a_key_and_without_a_terminal_the_ways_to_give_one_are_said(
    patt_watch: Watch, game: Path, address: str
) -> None:
    account(game, "1").write_bytes(export("Main"))
    ended = patt_watch(game, "--server", address, "--once")
    assert ended.fails("PATT_UPLOAD_KEY")
    assert "--key-file" in ended.printed


def test_two_keys_are_one_too_many(patt_watch: Watch, game: Path, address: str, tmp_path: Path) -> None:
    account(game, "1").write_bytes(export("Main"))
    (tmp_path / "key.txt").write_text("another")
    ended = patt_watch(game, "--server", address, "--key", KEY, "--key-file", tmp_path / "key.txt", "--once")
    assert ended.fails("Give your upload key once")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pseudo-terminals for programs")
def test_a_key_that_is_typed_is_never_shown(
    patt_server: ScriptedServer, address: str, game: Path, tmp_path: Path
) -> None:
    from cli.terminal import patt_at_a_terminal  # noqa: PLC0415 -- there is none on Windows

    account(game, "1").write_bytes(export("Main"))
    settings = {"HOME": str(tmp_path), "XDG_DATA_HOME": str(tmp_path), "PATT_UPLOAD_KEY": ""}
    with patt_at_a_terminal(tmp_path, settings, "watch", str(game), "--server", address, "--once") as terminal:
        terminal.wait_for("Paste the code from your officer (it is not shown): ")
        terminal.type(KEY)
        terminal.wait_for("Sent.")
        assert terminal.end() == 0
    assert KEY not in terminal.shown
    assert patt_server.keys == [KEY]


def test_a_folder_for_what_waits_that_cannot_be_used_is_said(
    once: Callable[[], Ended], game: Path, tmp_path: Path
) -> None:
    account(game, "1").write_bytes(export("Main"))
    (tmp_path / "home").write_text("a file where a folder should be")
    assert once().fails("The folder of the companion")


def test_no_key_stands_in_the_names_of_what_is_kept(once: Callable[[], Ended], game: Path, tmp_path: Path) -> None:
    account(game, "1").write_bytes(export("Main"))
    assert once().code == 0
    kept = [each for each in (tmp_path / "home").rglob("*") if each.is_file()]
    assert kept != []
    assert [each for each in kept if KEY in str(each) or KEY.encode() in each.read_bytes()] == []
    assert all(stat.S_ISREG(each.stat().st_mode) for each in kept)
