"""`python run.py patt …` is `patt …` in the folder where the person is, and says commands as they typed them."""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A clone, in a folder with a blank, whose environment is that of this test."""
    clone = tmp_path / "a clone"
    environment = clone / ".venv"
    (clone / "requirements").mkdir(parents=True)
    environment.mkdir()
    for name in ("run.py", "run_project.py", "pyproject.toml", "requirements/run.txt"):
        shutil.copy(ROOT / name, clone / name)
    for part in Path(sys.prefix).iterdir():
        if part.name in ("bin", "lib", "lib64", "Scripts", "Lib", "include", "pyvenv.cfg"):
            (environment / part.name).symlink_to(part)
    pins = (clone / "requirements/run.txt").read_bytes() + (clone / "pyproject.toml").read_bytes()
    (environment / "installed-run").write_text(hashlib.sha256(pins).hexdigest(), encoding="utf-8")
    return clone


def _started(folder: Path, run: str, *arguments: str, **settings: str) -> subprocess.Popen[str]:
    settings = {"PYTHONUTF8": "1", "COLUMNS": "200", "PATT_LANGUAGE": "en", **settings}
    before = signal.signal(
        signal.SIGINT, signal.default_int_handler
    )  # a shell's background ignores it, and so would this
    program = subprocess.Popen(  # noqa: S603 -- this very program
        [sys.executable, run, *arguments],
        cwd=folder,
        env={**os.environ, **settings},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    signal.signal(signal.SIGINT, before)
    return program


def test_files_are_those_of_the_folder_where_the_person_is(clone: Path, tmp_path: Path) -> None:
    (tmp_path / "roster.tsv").write_text("character\tnote\nMito-Area 52\tMain\n", encoding="utf-8")
    program = _started(tmp_path, "a clone/run.py", "patt", "notes", "roster.tsv")
    out, err = program.communicate()
    assert (program.returncode, err, "Mito-Area 52" in out) == (0, "", True)


def test_settings_are_those_of_the_folder_where_the_person_is(clone: Path, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("PATT_LOG_LEVEL=LOUD\n", encoding="utf-8")
    _, err = _started(tmp_path, "a clone/run.py", "patt", "rules").communicate()
    assert "PATT_LOG_LEVEL" in err


def test_commands_are_said_in_the_form_that_was_typed(clone: Path) -> None:
    away = "postgresql://nobody@127.0.0.1:1/none"
    _, err = _started(clone, "run.py", "patt", "serv").communicate()
    assert f"{Path(sys.executable).stem} run.py patt --help" in err
    out, _ = _started(clone, "run.py", "patt", "doctor", PATT_DATABASE_URL=away).communicate()
    assert f": {Path(sys.executable).stem} run.py patt admin link." in out


def test_ctrl_c_reaches_what_was_started(clone: Path, database_url: str) -> None:
    program = _started(clone, "run.py", "patt", "serve", "--port", "0", "--no-worker", PATT_DATABASE_URL=database_url)
    assert program.stderr is not None
    first = program.stderr.readline()
    assert first.startswith("PATT is served on http://127.0.0.1:")
    program.send_signal(signal.SIGINT)
    _, err = program.communicate(timeout=60)
    assert (program.returncode, err.splitlines()[-1]) == (130, "Stopped.")
