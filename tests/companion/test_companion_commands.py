"""A player's computer, from the code to the export at the server: one question, then it starts with the computer, and can go again."""

from __future__ import annotations

import json
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from starlette.responses import JSONResponse

from companion import systemctl
from companion.conftest import KEY, Ended
from companion.fake_tools import tree
from companion.scripted import ScriptedServer, account, export
from companion.test_rejected_key import NO, REJECTED
from patt.companion.code import write_code

if sys.platform == "win32":
    pytest.skip("Windows has no systemd and no pseudo-terminals", allow_module_level=True)

from cli.terminal import patt_at_a_terminal

PATIENCE_S = 60.0
ASKED = "Paste the code from your officer (it is not shown): "


class Computer:
    """A player's computer with systemd: its home, and `patt` on it."""

    def __init__(self, home: Path) -> None:
        self.home = home
        tools = home.parent / "bin"
        tools.mkdir()
        tool = tools / "systemctl"
        tool.write_text(f'#!/bin/sh\nexec "{sys.executable}" "{systemctl.__file__}" "$@"\n')
        tool.chmod(0o755)
        self.environment = {"HOME": str(home), "PATH": f"{tools}:/usr/bin:/bin", "COLUMNS": "400", "PYTHONUTF8": "1"}

    def patt(self, *arguments: object, typed: str = "") -> Ended:
        ran = subprocess.run(  # noqa: S603 -- this project's own program
            [sys.executable, "-m", "patt", *map(str, arguments)],
            env=self.environment,
            input=typed,
            capture_output=True,
            text=True,
            check=False,
        )
        return Ended(ran.returncode, ran.stdout + ran.stderr)

    @property
    def kept(self) -> Path:
        return self.home / ".local/share/patt/companion"


@pytest.fixture
def computer(tmp_path: Path) -> Iterator[Computer]:
    home = tmp_path / "player"
    home.mkdir()
    found = Computer(home)
    yield found
    if (home / "pid").exists():  # else nothing was started, or it was stopped: a start of Python saved for most tests
        found.patt("companion", "off", "--yes")


@pytest.fixture
def code(address: str) -> str:
    return write_code(address, KEY)


def _until(what: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not what():
        assert time.monotonic() < deadline, "It never came to that."
        time.sleep(0.05)


def test_one_question_is_asked_once_and_a_damaged_answer_is_told(
    computer: Computer, patt_server: ScriptedServer, code: str, tmp_path: Path
) -> None:
    game = computer.home / ".wine/drive_c/Program Files (x86)/World of Warcraft"
    account(game, "1").write_bytes(export("Main"))
    patt_server.outcomes[1] = {"state": "done", "sentence": ""}
    with patt_at_a_terminal(tmp_path, computer.environment, "watch", "--once") as terminal:
        terminal.wait_for(ASKED)
        terminal.type(code[:-10])
        terminal.wait_for("The code is cut off: 10 characters are missing at its end.")
        terminal.wait_for(ASKED)
        terminal.type(code)
        terminal.wait_for("guild “Pull the Pin”, as Mito.")
        terminal.wait_for("where only you can read it.")
        terminal.wait_for("Sent.")
        assert terminal.end() == 0
    assert code not in terminal.shown
    assert KEY not in terminal.shown
    assert patt_server.received == [export("Main")]
    assert stat.S_IMODE((computer.kept / "settings.json").stat().st_mode) == 0o600
    with patt_at_a_terminal(tmp_path, computer.environment, "watch", "--once") as terminal:
        terminal.wait_for("The server has it already; nothing is new.")
        assert terminal.end() == 0
    assert ASKED not in terminal.shown


def test_a_code_that_the_server_rejects_is_not_kept(computer: Computer, patt_server: ScriptedServer, code: str) -> None:
    patt_server.holder = NO
    assert computer.patt("companion", "code", typed=code).fails(REJECTED)
    assert not computer.kept.exists()


def test_a_code_is_kept_while_the_server_is_away_since_it_is_whole(computer: Computer) -> None:
    ended = computer.patt("companion", "code", typed=write_code("http://127.0.0.1:9", KEY))
    assert ended.code == 0
    assert "The server cannot be reached" in ended.printed
    assert "http://127.0.0.1:9" in computer.patt("companion", "status").printed


def test_it_starts_with_the_computer_sends_what_comes_and_leaves_nothing_when_it_is_forgotten(
    computer: Computer, patt_server: ScriptedServer, code: str, game: Path
) -> None:
    account(game, "1")
    before = tree(computer.home)
    assert computer.patt("companion", "code", game, typed=code).code == 0
    plan = computer.patt("companion", "on", "--dry-run")
    assert f"Write the file {computer.home}/.config/systemd/user/patt-companion.service" in plan.printed
    assert "[Service]" in plan.printed
    assert not (computer.home / ".config").exists()
    started = computer.patt("companion", "on", "--yes")
    assert started.code == 0, started.printed
    assert "The companion runs, and starts whenever you sign in" in started.printed
    assert "Type /pattsync in the game" in started.printed
    account(game, "1").write_bytes(export("Main"))
    _until(lambda: patt_server.received == [export("Main")])
    _until(lambda: "everything is sent" in (computer.kept / "said.json").read_text())
    status = computer.patt("companion", "status")
    assert status.code == 0
    assert "Starts with this computer: yes (systemd: " in status.printed
    assert "Runs now: yes" in status.printed
    assert str(game) in status.printed
    told = json.loads(computer.patt("companion", "status", "--json").printed)
    assert (told["is_on"], told["is_running"], told["games"], told["waiting"]) == (True, True, [str(game)], 0)
    assert code not in str(told)
    pid = int((computer.home / "pid").read_text())
    assert KEY.encode() not in Path(f"/proc/{pid}/cmdline").read_bytes()
    off = computer.patt("companion", "off", "--yes")
    assert "Run: systemctl --user disable --now patt-companion.service" in off.printed
    _until(lambda: not Path(f"/proc/{pid}").exists())
    status = computer.patt("companion", "status")
    assert status.code == 1
    assert "Starts with this computer: no" in status.printed
    assert "There is nothing to do" in computer.patt("companion", "off", "--yes").printed
    assert computer.patt("companion", "forget", "--yes").code == 0
    (computer.home / "journal").unlink()
    assert {name for name in tree(computer.home) if name not in before} <= {".local", ".local/share", ".config"}


def test_it_ends_with_an_error_and_says_why_when_the_key_is_rejected_later(
    computer: Computer, patt_server: ScriptedServer, code: str, game: Path
) -> None:
    account(game, "1")
    assert computer.patt("companion", "code", game, typed=code).code == 0
    patt_server.holder = NO
    started = computer.patt("companion", "on", "--yes")
    assert started.fails("The companion was started, and ended: The server does not accept this upload key.")
    status = computer.patt("companion", "status").printed
    assert "It ended less than a minute ago: The server does not accept this upload key." in status
    assert "Runs now: no" in status
    assert "does not accept" in (computer.home / "journal").read_text()


def test_what_it_says_last_is_told_also_where_it_cannot_be_kept(
    computer: Computer, patt_server: ScriptedServer, code: str
) -> None:
    assert computer.patt("companion", "code", typed=code).code == 0
    (computer.kept / "said.json").mkdir()
    patt_server.holder = NO
    ended = computer.patt("watch", "--background")
    assert ended.fails(REJECTED)
    assert "The folder of the companion" in ended.printed


def test_in_the_background_it_waits_for_a_game_that_is_not_there_yet(
    computer: Computer, patt_server: ScriptedServer, code: str
) -> None:
    assert computer.patt("companion", "code", typed=code).code == 0
    started = computer.patt("companion", "on", "--yes")
    assert started.code == 0
    assert "The game was not found in the usual places." in started.printed
    assert "Runs now: yes" in computer.patt("companion", "status").printed


def test_without_a_code_nothing_is_switched_on(computer: Computer) -> None:
    assert computer.patt("companion", "on", "--yes").fails("The code from your officer is missing.")
    assert not (computer.home / ".config").exists()
    assert computer.patt("watch", "--background").fails("The code from your officer is missing.")


def test_forgetting_says_what_is_lost(computer: Computer, patt_server: ScriptedServer, code: str, game: Path) -> None:
    account(game, "1").write_bytes(export("Main"))
    assert computer.patt("companion", "code", game, typed=code).code == 0
    patt_server.answer = JSONResponse({"detail": "Busy."}, 409)
    assert computer.patt("watch", "--once").code == 1
    assert "1 export that was not sent yet will be gone." in computer.patt("companion", "forget", "--dry-run").printed
    assert computer.kept.exists()
    assert computer.patt("companion", "forget", "--yes").code == 0
    assert not computer.kept.exists()


@pytest.mark.parametrize("content", [b"", b"\xff\xfe\x00\x80", b"x" * 100_000])
def test_what_is_handed_in_and_is_no_code_is_a_sentence(computer: Computer, content: bytes) -> None:
    ran = subprocess.run(
        [sys.executable, "-m", "patt", "companion", "code"],
        env=computer.environment,
        input=content,
        capture_output=True,
        check=False,
    )
    assert ran.returncode == 1
    assert b"A code begins with patt1." in ran.stderr
    assert not computer.kept.exists()
