"""`patt watch` without an end: what happens is told line by line, once, and it ends when it is told to."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from companion.conftest import KEY
from companion.scripted import ScriptedServer, account, export

PATIENCE_S = 60.0


@pytest.fixture
def companion(tmp_path: Path, address: str, game: Path) -> Iterator[subprocess.Popen[str]]:
    """The companion, running beside the game, its output going into a file as under systemd."""
    environment = {**os.environ, "HOME": str(tmp_path), "XDG_DATA_HOME": str(tmp_path), "PYTHONUTF8": "1"}
    environment |= {"PATT_UPLOAD_KEY": KEY, "PATT_SERVER_URL": address, "COLUMNS": "200"}
    (game / "_retail_").mkdir(exist_ok=True)
    with (tmp_path / "output").open("w") as output:
        program = subprocess.Popen(  # noqa: S603 -- this project's own program
            [sys.executable, "-m", "patt", "watch", str(game), "--seconds", "0.1"],
            env=environment,
            stdout=output,
            stderr=subprocess.STDOUT,
            text=True,
        )
        try:
            yield program
        finally:
            program.kill()
            program.wait()


def _until(what: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not what():
        assert time.monotonic() < deadline, "It never came to that."
        time.sleep(0.05)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows ends programs otherwise")
def test_it_sends_what_comes_tells_what_became_of_it_once_and_ends_when_told(
    companion: subprocess.Popen[str], patt_server: ScriptedServer, game: Path, tmp_path: Path
) -> None:
    def shown() -> str:
        return (tmp_path / "output").read_text()

    _until(lambda: "Type /pattsync in the game" in shown())
    file = account(game, "1")
    file.write_bytes(export("Main"))
    _until(lambda: "Sent. Received." in shown())
    patt_server.outcomes[1] = {"state": "done", "sentence": "1 new note."}
    _until(lambda: "1 new note." in shown())
    file.unlink()
    file.mkdir()
    _until(lambda: "is a folder, where the addon's file should be" in shown())
    file.rmdir()
    file.write_bytes(export("newer"))
    _until(lambda: len(patt_server.received) == 2)
    companion.send_signal(signal.SIGTERM)
    assert companion.wait(PATIENCE_S) == 128 + signal.SIGTERM
    assert shown().count("1 new note.") == 1
    assert "Traceback" not in shown()
    assert patt_server.received == [export("Main"), export("newer")]


@pytest.mark.skipif(not Path("/proc/self/cmdline").exists(), reason="needs a list of processes to look at")
def test_a_key_of_the_environment_stands_in_no_list_of_processes(
    companion: subprocess.Popen[str], patt_server: ScriptedServer, game: Path
) -> None:
    account(game, "1").write_bytes(export("Main"))
    _until(lambda: patt_server.keys == [KEY])
    assert KEY.encode() not in Path(f"/proc/{companion.pid}/cmdline").read_bytes()
