"""`patt watch --once`: every step from the game to the guild's server is tried and said, and the one that fails is named."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from companion.conftest import KEY, Watch
from companion.scripted import ScriptedServer, account, export
from companion.test_rejected_key import NO
from patt.companion.code import write_code
from patt.companion.home import Home


def test_every_step_of_the_way_is_said(
    patt_watch: Watch, patt_server: ScriptedServer, address: str, game: Path
) -> None:
    account(game, "1").write_bytes(export("Main"))
    patt_server.outcomes[1] = {"state": "done", "sentence": "1 new note."}
    Home().keep(write_code(address, KEY), [game])
    lines = [line.split(maxsplit=2) for line in patt_watch("--once").printed.splitlines()]
    assert [line[:2] for line in lines[:4]] == [["ok", "Game"], ["ok", "Export"], ["ok", "Server"], ["ok", "Key"]]
    assert lines[0][2] == str(game)
    assert lines[1][2] == "_retail_, account 1, written less than a minute ago"
    assert lines[3][2] == "guild “Pull the Pin”, as Mito"
    assert (
        " ".join(" ".join(lines[4]).split())
        == "ok Taken in Sent. Received. The server processed your last export. 1 new note."
    )


@pytest.mark.parametrize(
    ("what", "expected"),
    [
        ("server", {"Server": "failed", "Key": "not", "Taken": "failed"}),
        ("key", {"Server": "ok", "Key": "failed"}),
        ("export", {"Game": "ok", "Export": "failed", "Key": "ok", "Taken": "not"}),
        ("game", {"Game": "failed", "Key": "ok"}),
    ],
)
def test_the_step_that_fails_is_the_one_that_is_said(
    patt_watch: Watch, patt_server: ScriptedServer, address: str, game: Path, what: str, expected: dict[str, str]
) -> None:
    if what != "export":
        account(game, "1").write_bytes(export("Main"))
    folder = account(game, "1").parents[4]
    Home().keep(write_code("http://127.0.0.1:9" if what == "server" else address, KEY), [folder])
    if what == "key":
        patt_server.holder = patt_server.answer = NO
    if what == "game":
        game.rename(game.with_name("moved away"))
    ended = patt_watch("--once")
    assert ended.code == 1
    for name, word in expected.items():
        [line] = [each for each in ended.printed.splitlines() if re.search(rf" {name}\b", each[:22])]
        assert line.split()[0] == word, line
