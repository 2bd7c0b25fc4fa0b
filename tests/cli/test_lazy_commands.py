"""Commands are imported when they are used, and look as if they had been there all the time."""

from __future__ import annotations

import os
import subprocess
import sys
import types
from pathlib import Path

import pytest
import typer

from cli.conftest import Patt
from patt.cli.main import COMMANDS, Command, LazyGroup
from patt.cli.speech.help import FRAME, TYPERS_WORDS
from sv_common.guild_sync.core.errors import ConfigurationError


def test_every_command_explains_itself(patt: Patt) -> None:
    told = {name: patt(name, "--help") for name in COMMANDS}
    assert [name for name, outcome in told.items() if outcome.code != 0 or f"patt {name}" not in outcome.out] == []
    assert [name for name, outcome in told.items() if COMMANDS[name].help not in outcome.out] == []


def test_help_lists_every_command_and_imports_none() -> None:
    environment = {**os.environ, "PYTHONUTF8": "1", "COLUMNS": "300"}
    code = "import runpy, sys\ntry: runpy.run_module('patt', run_name='__main__')\nfinally: print(*sys.modules)"
    ended = subprocess.run(  # noqa: S603 -- this very program
        [sys.executable, "-c", code, "--help"], capture_output=True, env=environment, encoding="utf-8", check=True
    )
    listing, modules = ended.stdout.rsplit("\n", 2)[:2]
    assert [name for name in COMMANDS if COMMANDS[name].help not in listing] == []
    assert [name for name in COMMANDS if COMMANDS[name].place.partition(":")[0] in modules.split()] == []


def test_a_command_that_shows_no_help_imports_nothing_for_it_and_collects_garbage_again_when_it_begins(
    tmp_path: Path,
) -> None:
    environment = {**os.environ, **dict.fromkeys(("HOME", "XDG_DATA_HOME", "LOCALAPPDATA"), str(tmp_path))}
    code = "import gc, runpy, sys\ntry: runpy.run_module('patt', run_name='__main__')\nfinally: print(gc.isenabled(), *sys.modules)"
    status = [sys.executable, "-c", code, "companion", "status"]
    ended = subprocess.run(status, capture_output=True, env=environment, encoding="utf-8", check=False)  # noqa: S603
    is_collecting, *modules = ended.stdout.splitlines()[-1].split()
    assert is_collecting == "True"
    assert "patt.cli.companion.manage" in modules
    assert TYPERS_WORDS not in modules


def test_what_stands_around_a_help_in_english_is_what_typer_itself_says() -> None:
    code = f"from typer import rich_utils as words; print(*(getattr(words, name) for name in {list(FRAME)}), sep='\\n')"
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, encoding="utf-8", check=True)  # noqa: S603
    assert ended.stdout.splitlines() == list(FRAME.values())


def test_a_command_that_is_mistyped_is_answered_with_the_one_that_was_meant(patt: Patt) -> None:
    outcome = patt("sacn")
    assert outcome.code == 2
    assert "Did you mean 'scan'?" in outcome.err


def test_a_setting_that_cannot_be_used_stops_a_command_of_the_server_and_not_the_companion(
    patt: Patt, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATT_LOG_LEVEL", "LOUD")
    assert "PATT_LOG_LEVEL" in patt("rules").err
    assert patt("watch", "--help").code == 0


def _called(place: str) -> None:
    class Group(LazyGroup):
        table = types.MappingProxyType({"broken": Command(place, "Not to be imported.", needs_server_parts=False)})

    app = typer.Typer(cls=Group)
    app.callback()(lambda: None)
    app(["broken"], standalone_mode=False)


def test_a_part_that_is_not_installed_is_named_with_its_remedy() -> None:
    with pytest.raises(ConfigurationError, match=r"“patt broken” needs .* pip install \"patt-guild\[server\]\""):
        _called("no_such_package.commands:broken")


def test_a_module_of_the_project_that_is_missing_is_not_taken_for_a_part_that_is_not_installed() -> None:
    with pytest.raises(ModuleNotFoundError):
        _called("patt.cli.no_such_module:broken")
