"""The benchmark of the web runs, and tells its figures for every address beside those of `/health`."""

from __future__ import annotations

import json

import pytest

from benchmarks import web

TINY = (
    *("--issues", "60", "--open", "12", "--requests", "3", "--clients", "2", "--rounds", "2"),
    *("--characters", "80", "--questions", "40", "--answers", "2"),
)
NAMES = [
    *("data quality page", "issues API", "one issue page", "search API"),
    *("landing page", "search palette", "a question"),
    *("landing page, cold", "an answer", "the next question", "its undo"),
]


@pytest.mark.nightly
def test_the_benchmark_of_the_web_tells_ratios_to_the_health_of_the_same_run(
    capfd: pytest.CaptureFixture[str],
) -> None:
    assert web.main([*TINY, "--json"]) == 0
    told = capfd.readouterr().out
    health, *others = json.loads(told[told.index("{") :])["rows"]
    assert (health["name"], health["median_ratio"], health["p99_ratio"]) == ("health", 1.0, 1.0)
    assert [row["name"] for row in others] == NAMES
    assert all(row["median_ms"] >= row["first_byte_ms"] > 0 and row["median_ratio"] > 0 for row in others)
    assert all(row["bytes"] > health["bytes"] for row in others)
    assert not any(row["refusals"] for row in [health, *others])
    requests = {row["name"]: row["requests"] for row in others}
    assert requests["an answer"] == requests["its undo"] == 2
    sizes = {row["name"]: row["bytes"] for row in others}
    assert sizes["landing page, cold"] > sizes["landing page"]
