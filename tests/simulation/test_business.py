"""What `patt simulate` counts, and how it says where it works."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from patt.cli import main
from patt.queue.tasks import Task
from simulation.business import queue_ages
from simulation.work import Work
from sv_common.guild_sync.core.errors import ConfigurationError

ROOT = Path(__file__).parents[2]


def test_a_job_waits_for_the_processor_for_a_lane_and_for_its_guild() -> None:
    jobs = [
        Work(1, Task.DISCORD, 0, busy_s=2, outside_s=10),  # begins at once; the guild is free at 12
        Work(2, Task.DISCORD, 0, busy_s=2, outside_s=0),  # the processor is free at 2
        Work(1, Task.SWEEP, 1, busy_s=1, outside_s=0),  # its guild is free at 12
    ]
    assert queue_ages(jobs, factor=1) == [0, 2, 11]
    assert queue_ages(jobs, factor=2) == [0, 4, 13]
    assert queue_ages(jobs, factor=1, lanes=1) == [0, 12, 13]


@pytest.mark.nightly
def test_simulate_prints_what_a_day_costs_as_json() -> None:
    command = [sys.executable, "-m", "patt", "simulate", "--guilds", "1", "--days", "1", "--json"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S603 -- this very program
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    assert told["laws_hold"]
    assert told["jobs_per_guild_and_day"] > 96  # Discord alone is read that often
    assert told["work_s_per_guild_and_day"] > 0
    assert 0 < told["work_of_database"] < 1
    assert 0 <= told["queue_age_s"]["p50"] <= told["queue_age_s"]["p99"] <= told["queue_age_s"]["most"]
    assert told["requests_per_guild_and_day"]["Discord"] > 96
    assert all(window["largest"] <= window["most"] for window in told["budgets"])
    assert told["growth_bytes_per_guild_and_day"] > 0
    assert told["rows_per_guild_and_day"]["guild_identity.sync_log"] > 96


def test_simulate_says_where_it_works_where_there_is_no_simulation(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(main, "_SIMULATION", "no_such_folder")
    command = main.Command("no_such_folder.command:simulate", "")
    with pytest.raises(ConfigurationError, match=r"project's own folder.*python run.py patt simulate"):
        main.load("simulate", command)
