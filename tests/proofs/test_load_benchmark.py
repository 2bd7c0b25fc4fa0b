"""The benchmark of load runs, and tells its figures for every kind of request beside those of `/health`."""

from __future__ import annotations

import json
from typing import Any

import pytest

from benchmarks import load


def _told(capfd: pytest.CaptureFixture[str]) -> Any:
    text = capfd.readouterr().out
    return json.loads(text[text.index("{") :])


@pytest.mark.nightly
def test_the_benchmark_of_load_tells_ratios_to_the_health_of_the_same_run(capfd: pytest.CaptureFixture[str]) -> None:
    assert load.main(["--sizes", "60", "--connections", "2", "8", "--seconds", "0", "--json"]) == 0
    rows = _told(capfd)["rows"]
    names = ["health", *load.AIMS, "people page", "stream of changes", "upload"]
    assert [(row["connections"], row["name"]) for row in rows if row["connections"] == 2] == [
        (2, row["name"]) for row in rows if row["connections"] == 8
    ]
    assert {row["name"] for row in rows} == set(names)
    assert all(row["requests"] >= row["connections"] and row["p99_ratio"] > 0 for row in rows)
    assert all(row["health_beside_p99_ms"] > 0 and not row["wrong"] for row in rows)
    aimed = {row["name"]: row["aim"] for row in rows if row["aim"] is not None}
    assert aimed == load.AIMS
    assert {row["connections"] for row in rows if row["aim"] is not None} == {load.AIMED_AT}


@pytest.mark.nightly
def test_ten_thousand_requests_leave_the_memory_where_it_was(capfd: pytest.CaptureFixture[str]) -> None:
    assert load.main(["--sizes", "1000", "--memory", "10000", "--json"]) == 0
    told = _told(capfd)
    assert told["requests"] == 10_000
    assert told["growth"] <= load.MOST_GROWTH
