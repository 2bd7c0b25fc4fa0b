"""What is tried at every commit is the same each time."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import thoroughness


def _tried() -> list[int]:
    tried = list[int]()

    @settings(derandomize=True, database=None, max_examples=200)
    @given(st.integers())
    def law(number: int) -> None:
        tried.append(number)

    law()
    return tried


def test_the_same_examples_are_tried_whatever_else_is_imported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if thoroughness.everything():
        pytest.skip("with --all they are new ones")
    before = _tried()
    constants = "\n".join(f"CONSTANT_{number} = {10**12 + 7919 * number}" for number in range(500))
    (tmp_path / "module_with_constants.py").write_text(constants, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    importlib.import_module("module_with_constants")
    assert _tried() == before
