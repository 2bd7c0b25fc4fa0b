"""A key that the server does not accept is said as such, whatever else is going on, and ends the companion with an error."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from starlette.responses import HTMLResponse, JSONResponse, Response

import patt.cli.companion.watch
from companion.conftest import KEY, Ended, Watch
from companion.scripted import ScriptedServer, account, export

REJECTED = "The server does not accept this upload key. Ask an officer for a new code, then run: patt companion code"
NO = JSONResponse({"detail": "This upload key is not valid."}, 401)


def test_a_rejected_key_is_said_also_while_another_file_is_being_written(
    once: Callable[[], Ended], patt_server: ScriptedServer, game: Path
) -> None:
    account(game, "1").write_bytes(export("Main"))
    account(game, "2").write_bytes(b"PATTSyncDB = {")
    patt_server.answer = NO
    ended = once()
    assert ended.fails(REJECTED)
    assert "away" not in ended.printed


def test_a_rejected_key_is_said_when_there_is_no_export_yet(
    once: Callable[[], Ended], patt_server: ScriptedServer, game: Path
) -> None:
    (game / "_retail_").mkdir()
    patt_server.holder = NO
    assert once().fails(REJECTED)


def test_watching_on_ends_with_an_error_when_the_key_is_rejected(
    patt_watch: Watch, patt_server: ScriptedServer, address: str, game: Path
) -> None:
    (game / "_retail_").mkdir()
    patt_server.holder = NO
    assert patt_watch(game, "--server", address, "--key", KEY).fails(REJECTED)


def test_watching_on_ends_with_an_error_when_the_key_is_revoked_meanwhile(
    patt_watch: Watch, patt_server: ScriptedServer, address: str, game: Path
) -> None:
    account(game, "1").write_bytes(export("Main"))
    patt_server.answer = NO
    assert patt_watch(game, "--server", address, "--key", KEY, "--seconds", "0.1").fails(REJECTED)


@pytest.mark.parametrize(
    "answer", [HTMLResponse("<h1>Sign in to the hotel</h1>", 401), Response("", 403), HTMLResponse("Blocked", 403)]
)
def test_what_stands_before_the_server_is_not_taken_for_its_word_about_the_key(
    once: Callable[[], Ended], patt_server: ScriptedServer, game: Path, answer: Response
) -> None:
    account(game, "1").write_bytes(export("Main"))
    patt_server.answer = patt_server.holder = answer
    ended = once()
    assert ended.fails(f"The server answered {answer.status_code}.")
    assert "accept this upload key" not in ended.printed


def test_watching_on_notices_a_revoked_key_also_while_there_is_nothing_to_send(
    patt_watch: Watch, patt_server: ScriptedServer, address: str, game: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patt.cli.companion.watch, "_SECONDS_BETWEEN_CONTACTS", 0.0)
    (game / "_retail_").mkdir()
    revoking = threading.Timer(1.0, lambda: setattr(patt_server, "holder", NO))
    revoking.start()
    ended = patt_watch(game, "--server", address, "--key", KEY, "--seconds", "0.1")
    revoking.join()
    assert ended.fails(REJECTED)
    assert "guild “Pull the Pin”, as Mito." in ended.printed
