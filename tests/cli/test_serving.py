"""`patt serve` says where it serves, and each obstacle in a sentence; what is piped can always be written."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest

from cli.conftest import Patt
from patt.config import load_settings
from patt.server import listening
from patt.setup import env_file
from sv_common.guild_sync.core.errors import ConfigurationError
from sv_common.guild_sync.core.language import COMMAND, speaking, tr, type_as

LOOPBACK = "127.0.0.1"


@contextmanager
def _serving(*arguments: str, **settings: str) -> Iterator[subprocess.Popen[str]]:
    before = signal.signal(
        signal.SIGINT, signal.default_int_handler
    )  # a shell's background ignores it, and so would this
    program = subprocess.Popen(  # noqa: S603 -- this very program
        [sys.executable, "-m", "patt", *arguments],
        env={**os.environ, "PYTHONUTF8": "1", **settings},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    signal.signal(signal.SIGINT, before)
    try:
        yield program
    finally:
        program.kill()
        program.communicate()


@pytest.mark.parametrize(("stop", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_serve_says_where_it_answers_and_ends_without_a_traceback(
    database_url: str, stop: signal.Signals, code: int
) -> None:
    with _serving("serve", "--port", "0", "--no-worker", PATT_DATABASE_URL=database_url) as program:
        assert program.stderr is not None
        told = program.stderr.readline()
        address = told.partition(" on ")[2].partition(" ")[0]
        assert told == f"PATT is served on {address} until you press Ctrl-C.\n"
        assert program.stderr.readline().startswith("Go on in the browser with this link. It works once, within 60")
        assert program.stderr.readline().startswith(f"{address}/login/")
        assert program.stderr.readline() == "For another link: patt admin link\n"
        assert httpx2.get(f"{address}/health", trust_env=False, timeout=60).status_code == 200
        program.send_signal(stop)
        out, err = program.communicate(timeout=60)
    assert (program.returncode, out) == (code, "")
    assert err in ("", "Stopped.\n")


async def test_no_part_of_an_answer_waits_until_the_one_before_has_arrived() -> None:
    """As TCP does unless told otherwise (Nagle's algorithm): with an acknowledgement that takes its time, 40 ms for each answer."""
    is_at_once: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    def connected(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        taken = writer.get_extra_info("socket")
        is_at_once.set_result(taken.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
        writer.close()

    with listening(LOOPBACK, 0) as listener:
        async with await asyncio.start_server(connected, sock=listener):
            _, writer = await asyncio.open_connection(*listener.getsockname())
            assert await asyncio.wait_for(is_at_once, 10)
            writer.close()


def test_a_port_that_is_taken_is_a_sentence(patt: Patt) -> None:
    with socket.create_server((LOOPBACK, 0)) as taken:
        port = taken.getsockname()[1]
        outcome = patt("serve", "--port", port)
    assert outcome.code == 1
    assert outcome.err == (
        f"Another program already uses port {port} on {LOOPBACK}. Stop it, or choose another port: "
        "patt serve --port NUMBER\n"
    )


@pytest.mark.parametrize("host", ["192.0.2.1", "no.such.host.invalid", "x" * 300, "…"])
def test_an_address_that_this_computer_does_not_have_is_a_sentence(patt: Patt, host: str) -> None:
    outcome = patt("serve", "--host", host)
    assert (outcome.code, outcome.out) == (1, "")
    assert outcome.err.endswith(("patt serve --host ADDRESS\n", "patt serve --host ADDRESS --port NUMBER\n"))


def test_a_database_that_is_away_is_a_sentence(patt: Patt, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATT_DATABASE_URL", f"postgresql://nobody@{LOOPBACK}:1/none")
    for command in ("serve", "worker"):
        outcome = patt(command)
        assert outcome.refuses("The database does not answer")


def test_version_says_what_is_installed(patt: Patt) -> None:
    outcome = patt("--version")
    assert outcome.code == 0
    assert outcome.out.startswith("PATT 0.")


def test_a_command_is_said_in_the_form_that_was_typed_and_values_stay(
    monkeypatch: pytest.MonkeyPatch, patt: Patt
) -> None:
    monkeypatch.setenv("PATT_TYPED_AS", "py {x} patt")
    try:
        assert "Usage: py {x} patt serve" in patt("serve", "--help").out
        assert "py {x} patt reopen" in patt("dismissals", "--help").out + patt("--help").out
        told = tr("“{question}” has no such answer. See: patt inbox show {n}", question="patt serve", n=1)
        assert told == "“patt serve” has no such answer. See: py {x} patt inbox show 1"
        with speaking("de"):
            assert tr("Run: patt doctor") == "Führe aus: py {x} patt doctor"
    finally:
        type_as(COMMAND)


def test_what_is_piped_can_be_written_in_an_encoding_that_lacks_its_characters(tmp_path: Path) -> None:
    roster = tmp_path / "roster.tsv"
    roster.write_text("character\tnote\nМито-Area 52\tMain 😀\nĐặng-Area 52\talt of Мито\n", encoding="utf-8")
    told = {}
    for arguments in (["notes", str(roster), "--json"], ["notes", str(roster)], ["--help"]):
        ended = subprocess.run(  # noqa: S603 -- this very program
            [sys.executable, "-m", "patt", *arguments],
            env={**os.environ, "PYTHONIOENCODING": "cp1252", "PYTHONUTF8": "0"},
            capture_output=True,
            check=False,
        )
        assert (ended.returncode, ended.stderr) == (0, b"")
        told[arguments[-1]] = ended.stdout.decode("cp1252")
    notes = {reading["character"]: reading["note"] for reading in map(json.loads, told["--json"].splitlines())}
    assert notes == {"Мито-Area 52": "Main 😀", "Đặng-Area 52": "alt of Мито"}


def test_a_secret_is_read_from_the_file_that_the_environment_names(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "token").write_text("a-token\n", encoding="utf-8")
    (tmp_path / ".env").write_text("PATT_DISCORD_BOT_TOKEN=an-older-one\n", encoding="utf-8")
    monkeypatch.setenv("PATT_DISCORD_BOT_TOKEN_FILE", str(tmp_path / "token"))
    token = load_settings().discord_bot_token
    assert token is not None
    assert token.get_secret_value() == "a-token"
    with pytest.raises(ConfigurationError, match="PATT_DISCORD_BOT_TOKEN_FILE is set in the environment"):
        env_file.keep({"discord_bot_token": "another"})
    (tmp_path / "token").write_text("\n", encoding="utf-8")
    (tmp_path / ".env").unlink()
    assert load_settings().discord_bot_token is None


def test_a_secret_in_two_places_or_in_none_is_a_sentence(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATT_DATABASE_URL_FILE", str(tmp_path / "missing"))
    with pytest.raises(ConfigurationError, match=r"PATT_DATABASE_URL_FILE names .* cannot be read"):
        load_settings()
    (tmp_path / "url").write_bytes(b"\xff\xfe secret")
    monkeypatch.setenv("PATT_DATABASE_URL_FILE", str(tmp_path / "url"))
    with pytest.raises(ConfigurationError, match="UnicodeDecodeError") as told:
        load_settings()
    assert "secret" not in str(told.value)
    monkeypatch.setenv("PATT_DATABASE_URL", "postgresql://x@y/z")
    with pytest.raises(ConfigurationError, match="are both set"):
        load_settings()
