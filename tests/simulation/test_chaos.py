"""Faults in the middle of pipelines of real processes; all of them are `python -m simulation.chaos`."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from simulation.chaos.faults import FAULTS, suits
from simulation.chaos.trial import PIPELINES

ROOT = Path(__file__).parents[2]
WELL = "Every law held, and nothing was repaired by anybody."


def chaos(*options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603 -- this very program
        [sys.executable, "-m", "simulation.chaos", *options],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_killed_server_and_a_full_disk_lose_nothing_that_was_acknowledged() -> None:
    options = ("--seed", "3", "--guilds", "1", "--characters", "4")
    done = chaos(*options, "--fault", "the database server is killed", "--fault", "the disk is full")
    assert done.returncode == 0, done.stdout + done.stderr
    assert WELL in done.stdout
    assert "and in 1 outages" in done.stdout


@pytest.mark.nightly
def test_no_fault_during_any_pipeline_breaks_a_law() -> None:
    done = chaos("--seed", "1")
    assert done.returncode == 0, done.stdout + done.stderr
    assert WELL in done.stdout


def test_every_fault_can_be_felt_by_a_pipeline() -> None:
    assert all(any(suits(fault, pipeline) for pipeline in PIPELINES) for fault in FAULTS)
