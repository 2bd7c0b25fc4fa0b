"""Which tests run at every commit, which when they are named, and which with `--all`."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import Phase, settings

import thoroughness

ROOT = Path(__file__).parents[2]
FILE = "tests/jobs/test_crashes.py"
QUICK, LONG, LONGEST = f"{FILE}::test_quick", f"{FILE}::test_long[whole]", f"{FILE}::test_longest"


def _left(monkeypatch: pytest.MonkeyPatch, *arguments: str, tries_everything: bool = False) -> tuple[list[str], int]:
    """The names of the tests that are left of three, and how many pytest was told to count as deselected."""
    monkeypatch.setattr(thoroughness, "_tries_everything", tries_everything)
    deselected: list[Any] = []

    def count(items: list[Any]) -> None:
        deselected.extend(items)

    config: Any = SimpleNamespace(
        args=list(arguments), invocation_params=SimpleNamespace(dir=ROOT), hook=SimpleNamespace(pytest_deselected=count)
    )
    items: list[Any] = [
        SimpleNamespace(nodeid=name, path=ROOT / FILE, get_closest_marker={"nightly": is_long}.get)
        for name, is_long in ((QUICK, None), (LONG, True), (LONGEST, True))
    ]
    thoroughness.leave_out_what_is_for_the_night(config, items)
    return [item.nodeid for item in items], len(deselected)


@pytest.mark.parametrize(
    "arguments", [(), ("tests",), (FILE,), (f"{FILE}::test_other",), ("tests/test_x.py::test_long",)]
)
def test_what_takes_long_is_left_out_unless_it_is_named(
    monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...]
) -> None:
    assert _left(monkeypatch, *arguments) == ([QUICK], 2)


@pytest.mark.parametrize("name", [LONG, f"{FILE}::test_long", str(ROOT / LONG)])
def test_a_long_test_runs_when_it_is_named(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    assert _left(monkeypatch, name) == ([QUICK, LONG], 1)


def test_with_all_everything_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    assert _left(monkeypatch, "tests", tries_everything=True) == ([QUICK, LONG, LONGEST], 0)


def test_hypothesis_never_explains_a_failure_for_minutes() -> None:
    assert Phase.explain not in settings().phases
