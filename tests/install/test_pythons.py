"""A Python that PATT is not tried on is refused in a sentence, by the clone and by the installed command."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
_AS_ANOTHER_PYTHON = "import runpy, sys; sys.version_info = {version}; sys.version = '{said} (made up)'; "


def _run(version: tuple[int, ...], start: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    said = ".".join(map(str, version[:3]))
    code = _AS_ANOTHER_PYTHON.format(version=version, said=said) + start
    return subprocess.run(  # noqa: S603 -- this very program
        [sys.executable, "-c", code, *arguments],
        cwd=ROOT,
        env={**os.environ, "PYTHONUTF8": "1"},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.parametrize("version", [(2, 7, 18), (3, 10, 13), (3, 15, 0), (4, 0, 0)])
@pytest.mark.parametrize(
    "start", ["runpy.run_path('run.py', run_name='__main__')", "runpy.run_module('patt', run_name='__main__')"]
)
def test_a_python_that_is_too_old_or_too_new_is_refused_in_a_sentence(version: tuple[int, ...], start: str) -> None:
    ended = _run(version, start, "rules")
    said = ".".join(map(str, version))
    assert (ended.returncode != 0, ended.stdout) == (True, "")
    assert ended.stderr == f"PATT needs Python 3.11 to 3.14; this is {said}.\n"


@pytest.mark.parametrize("version", [(3, 11, 0), (3, 14, 9)])
def test_the_oldest_and_the_newest_python_go_on(version: tuple[int, ...]) -> None:
    ended = _run(version, "runpy.run_path('run.py', run_name='__main__')", "no-such-command")
    assert (ended.returncode, "python run.py demo" in ended.stderr) == (2, True)


@pytest.mark.parametrize("file", ["run.py", "src/patt/__main__.py", "src/patt/supported.py", "src/patt/__init__.py"])
def test_what_refuses_can_be_read_by_every_python(file: str) -> None:
    text = (ROOT / file).read_text(encoding="ascii")  # a Python 2 takes nothing else without being told
    assert not [
        word for word in ("->", "match ", ":=", 'f"', "annotations") if word in text.replace("# type: () -> None", "")
    ]
