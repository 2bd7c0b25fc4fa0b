"""The companion's command, run against a scripted server on loopback."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import fields
from pathlib import Path
from typing import NamedTuple, TypeAlias

import pytest

import patt.cli.companion.journey
from companion.scripted import ScriptedServer
from patt.cli.main import main
from sv_common.guild_sync.simulators.server import running

KEY = "a-key-of-forty-letters"


class Ended(NamedTuple):
    """How the command ended: its exit code, and all that it printed."""

    code: int
    printed: str

    def fails(self, sentence: str) -> bool:
        return self.code == 1 and sentence in self.printed


Watch: TypeAlias = Callable[..., Ended]


@pytest.fixture
def game(tmp_path: Path) -> Path:
    folder = tmp_path / "World of Warcraft"
    folder.mkdir()
    return folder


@pytest.fixture(scope="session")
def scripted() -> Iterator[tuple[ScriptedServer, str]]:
    """A server on loopback and its address, for all tests one after the other."""
    server = ScriptedServer()
    with running(server.app()) as base_url:
        yield server, base_url


@pytest.fixture
def patt_server(scripted: tuple[ScriptedServer, str]) -> ScriptedServer:
    """A server that takes everything, and was sent nothing yet."""
    server, _ = scripted
    for each in fields(ScriptedServer):
        setattr(server, each.name, getattr(ScriptedServer(), each.name))
    return server


@pytest.fixture
def address(scripted: tuple[ScriptedServer, str], patt_server: ScriptedServer) -> str:
    return scripted[1]


@pytest.fixture
def patt_watch(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Watch:
    """Run `patt watch` as this computer's player; whatever is raised beside its exit code ends the test."""
    for name in ("HOME", "XDG_DATA_HOME", "LOCALAPPDATA"):
        monkeypatch.setenv(name, str(tmp_path / "home"))
    for name in ("PATT_SERVER_URL", "PATT_UPLOAD_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(patt.cli.companion.journey, "SECONDS_BETWEEN", 0.02)
    monkeypatch.setattr(patt.cli.companion.journey, "CHECKS_FOR_OUTCOMES", 4)

    def run(*arguments: object) -> Ended:
        monkeypatch.setattr(sys, "argv", ["patt", "watch", *map(str, arguments)])
        capsys.readouterr()
        try:
            main()
            code = 0
        except SystemExit as ended:
            code = ended.code if isinstance(ended.code, int) else int(ended.code is not None)
        printed = capsys.readouterr()
        return Ended(code, printed.out + printed.err)

    return run


@pytest.fixture
def once(patt_watch: Watch, address: str, game: Path) -> Callable[[], Ended]:
    return lambda: patt_watch(game, "--server", address, "--key", KEY, "--once")
