"""Inputs that fuzzing found: each holds to what its reader promises, at every commit and without a fuzzer."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

import thoroughness
from fuzzing.campaign import hunt
from fuzzing.distil import LONGEST_KEPT, MOST_KEPT, distilled, steps
from fuzzing.target import CORPUS, FOUND, TARGETS, Target

MOST_BYTES = 60_000
PLANTED = Target("planted", "fuzzed.planted", ("fuzzed.planted",), 32)


@pytest.mark.parametrize("name", TARGETS)
def test_what_was_found_once_is_found_no_more(name: str) -> None:
    for each in TARGETS[name].found:
        TARGETS[name].check(each)


@pytest.mark.parametrize("name", TARGETS)
def test_what_is_kept_breaks_no_promise_and_reaches_what_it_was_kept_for(name: str) -> None:
    target = TARGETS[name]
    reached = {step for each in target.corpus for step in steps(target, each)}
    assert len(target.corpus) >= 5
    assert len(reached) > 10 * len(target.watched)


def test_what_is_kept_stays_small_and_belongs_to_a_target() -> None:
    files = [*CORPUS.glob("*"), *FOUND.glob("*")]
    assert {path.stem for path in files} <= set(TARGETS)
    assert sum(path.stat().st_size for path in files) < MOST_BYTES
    for target in TARGETS.values():
        assert len(target.corpus) <= MOST_KEPT
        assert max(map(len, target.corpus)) <= LONGEST_KEPT


def test_of_inputs_that_reach_the_same_the_shortest_is_kept() -> None:
    assert distilled(PLANTED, [b"PQ", b"x", b"y", b"PR", b"P", b"xyz"]) == [b"P", b"x"]


@pytest.mark.skipif(sys.platform != "linux", reason="atheris is published for Linux alone")
def test_a_fault_behind_four_conditions_is_found_with_its_input(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("atheris")
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parents[1]))
    found = hunt(PLANTED, 60 if thoroughness.everything() else 20, seed=1)  # it ends when the fault is found
    assert found.breaking is not None
    assert found.breaking.startswith(b"PATT")
    assert "a planted fault" in found.fault
