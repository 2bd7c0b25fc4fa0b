"""Files, accounts and servers that misbehave: a calm sentence, an exit code for scripts, and nothing lost or sent twice."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from companion.conftest import KEY, Ended, Watch
from companion.scripted import ScriptedServer, account, export

Once = Callable[[], Ended]
NOTHING_NEW = "The server has it already; nothing is new."


def _long_ago(file: Path) -> None:
    os.utime(file, (1_700_000_000, 1_700_000_000))


def _held_open(monkeypatch: pytest.MonkeyPatch, file: Path, times: int) -> None:
    """Let the next readers of the file meet what Windows says of one that another program holds."""
    read, left = Path.read_bytes, [times]

    def read_bytes(self: Path) -> bytes:
        if self == file and left[0] > 0:
            left[0] -= 1
            raise PermissionError(13, "The process cannot access the file because it is being used by another process")
        return read(self)

    monkeypatch.setattr(Path, "read_bytes", read_bytes)


def test_a_file_that_is_held_open_for_a_while_is_sent_afterwards(
    once: Once, patt_server: ScriptedServer, game: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = account(game, "1")
    file.write_bytes(export("Main"))
    _held_open(monkeypatch, file, 3)
    assert once().code == 0
    assert patt_server.received == [export("Main")]


def test_a_file_that_stays_held_open_is_said(
    once: Once, patt_server: ScriptedServer, game: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = account(game, "1")
    file.write_bytes(export("Main"))
    _held_open(monkeypatch, file, 10**6)
    assert once().fails("The file of _retail_, account 1 cannot be opened: another program holds it")
    assert patt_server.received == []


@pytest.mark.parametrize("flavour", ["_retail_", "_classic_"])
def test_a_folder_in_the_files_place_is_said_and_the_other_account_is_sent(
    once: Once, patt_server: ScriptedServer, game: Path, flavour: str
) -> None:
    account(game, "1").mkdir()
    account(game, "2", flavour).write_bytes(export("Main"))
    assert once().fails("is a folder, where the addon's file should be")
    assert patt_server.received == [export("Main")]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "is empty"),
        (export("Main")[:-8], "account 1: "),
        (b"PATTSyncDB = {", "account 1: "),
        (b"OtherAddonDB = {}", "belongs to another addon"),
        (b"\xff\xfe\x00", "account 1: "),
    ],
)
def test_a_file_without_a_whole_export_is_said_and_never_sent(
    once: Once, patt_server: ScriptedServer, game: Path, content: bytes, sentence: str
) -> None:
    file = account(game, "1")
    file.write_bytes(content)
    _long_ago(file)
    assert once().fails(sentence)
    assert patt_server.received == []


def test_a_file_that_the_game_is_writing_is_sent_when_it_is_whole(
    once: Once, patt_server: ScriptedServer, game: Path
) -> None:
    file, whole = account(game, "1"), export("Main " * 6)

    def write() -> None:
        with file.open("wb", buffering=0) as opened:
            for start in range(0, len(whole), 40):
                opened.write(whole[start : start + 40])
                time.sleep(0.03)

    game_writes = threading.Thread(target=write)
    game_writes.start()
    ended = once()
    game_writes.join()
    assert ended.code == 0
    assert patt_server.received == [whole]


ANSWERS: dict[str, tuple[Response, str]] = {
    "the guild is busy": (JSONResponse({"detail": "Another run is under way. Try again."}, 409), "under way"),
    "too often": (JSONResponse({"detail": "Wait 5 seconds."}, 429), "Wait 5 seconds."),
    "a bug": (Response("boom", 500), "answered 500"),
    "a proxy without a server": (HTMLResponse("<h1>Bad gateway</h1>", 502), "answered 502"),
    "a wrong key": (JSONResponse({"detail": "no"}, 401), "does not accept this upload key"),
    "a hotel's network": (HTMLResponse("<h1>Welcome! Room number?</h1>", 200), "is not PATT"),
    "another product": (JSONResponse({"ok": True}, 200), "is not PATT"),
    "no such page": (Response("", 404), "is not PATT"),
    "moved": (RedirectResponse("https://elsewhere.example.org/", 301), "is not PATT"),
    "deep nonsense": (Response("[" * 100_000, 202), "is not PATT"),
}


@pytest.mark.parametrize("kind", ANSWERS)
def test_an_export_that_the_server_did_not_take_is_kept_and_sent_when_it_does(
    once: Once, patt_server: ScriptedServer, game: Path, kind: str
) -> None:
    file = account(game, "1")
    file.write_bytes(export("Main"))
    patt_server.answer, sentence = ANSWERS[kind]
    ended = once()
    assert ended.fails("Waiting to be sent: 1 export.")
    assert sentence in ended.printed
    patt_server.answer = None
    file.write_bytes(export("newer", 2_000_000_000))
    assert once().code == 0
    assert patt_server.received[-2:] == [export("Main"), export("newer", 2_000_000_000)]


def test_a_server_that_is_down_gets_the_export_later(
    patt_watch: Watch, once: Once, patt_server: ScriptedServer, game: Path
) -> None:
    account(game, "1").write_bytes(export("Main"))
    ended = patt_watch(game, "--server", "http://127.0.0.1:9", "--key", KEY, "--once")
    assert ended.fails("Waiting to be sent: 1 export. The server cannot be reached")
    assert once().code == 0
    assert len(patt_server.received) == 1


def test_an_export_that_was_refused_is_not_sent_again_and_stays_a_fault(
    once: Once, patt_server: ScriptedServer, game: Path
) -> None:
    account(game, "1").write_bytes(export("Main"))
    patt_server.answer = JSONResponse({"detail": "This export is of another guild."}, 422)
    for _ in range(2):
        assert once().fails("This export is of another guild.")
    assert len(patt_server.received) == 1


@pytest.mark.parametrize("status", [200, 202])
@pytest.mark.parametrize("upload_id", [7, None])
def test_an_export_that_is_superseded_is_delivered_and_never_sent_again(
    once: Once, patt_server: ScriptedServer, game: Path, status: int, upload_id: int | None
) -> None:
    account(game, "1").write_bytes(export("Main"))
    receipt = {"state": "superseded", "sentence": "A newer export of 8 o'clock is known.", "upload_id": upload_id}
    patt_server.answer = JSONResponse(receipt, status)
    patt_server.outcomes[7] = {"state": "superseded", "sentence": "A newer export of 8 o'clock is known."}
    first, second = once(), once()
    assert (first.code, second.code) == (0, 0)
    assert "A newer export of 8 o'clock is known." in first.printed
    assert NOTHING_NEW in second.printed
    assert "8 o'clock" not in second.printed
    assert len(patt_server.received) == 1


def test_what_became_of_an_upload_is_told_once_whenever_it_is_known(
    once: Once, patt_server: ScriptedServer, game: Path
) -> None:
    account(game, "1").write_bytes(export("Main"))
    first = once()
    patt_server.outcomes[1] = {"state": "done", "sentence": "412 characters, 3 new notes."}
    second, third = once(), once()
    assert [each.code for each in (first, second, third)] == [0, 0, 0]
    assert "The server has not processed it yet" in first.printed
    assert "The server processed your last export. 412 characters, 3 new notes." in second.printed
    assert NOTHING_NEW in third.printed
    assert "412" not in third.printed
    assert len(patt_server.received) == 1


def test_an_upload_that_is_refused_when_it_is_taken_in_is_a_fault_until_a_new_export(
    once: Once, patt_server: ScriptedServer, game: Path
) -> None:
    file = account(game, "1")
    file.write_bytes(export("Main"))
    patt_server.outcomes = {1: {"state": "refused", "sentence": "Half of the guild is missing."}}
    first, second = once(), once()
    assert [first.code, second.code] == [1, 1]
    assert "Half of the guild is missing." in first.printed
    assert "Half of the guild is missing." in second.printed
    assert len(patt_server.received) == 1
    file.write_bytes(export("better"))
    assert once().code == 0


def test_an_upload_that_failed_at_the_server_is_sent_again_at_the_next_start(
    once: Once, patt_server: ScriptedServer, game: Path
) -> None:
    account(game, "1").write_bytes(export("Main"))
    patt_server.outcomes = {1: {"state": "failed", "sentence": "The database was away."}}
    first = once()
    assert first.code == 1
    assert "The database was away." in first.printed
    assert once().code == 0
    assert patt_server.received == [export("Main")] * 2


def test_the_servers_words_cannot_move_the_cursor(once: Once, patt_server: ScriptedServer, game: Path) -> None:
    account(game, "1").write_bytes(export("Main"))
    patt_server.receipt = {"sentence": "Received.\x1b[2J[red]\r\n" + "x" * 10_000}
    ended = once()
    assert ended.code == 0
    assert "\x1b" not in ended.printed
    assert "[red]" in ended.printed
    assert len(ended.printed) < 2_000
