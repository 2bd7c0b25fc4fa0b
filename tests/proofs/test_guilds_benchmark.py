"""The benchmark of many guilds runs, and tells for each kind of work what it costs alone and among the others."""

from __future__ import annotations

import json

import pytest

from benchmarks import guilds


@pytest.mark.nightly
def test_the_benchmark_of_many_guilds_tells_ratios_to_the_same_work_alone(capfd: pytest.CaptureFixture[str]) -> None:
    tiny = ("--guilds", "1,3", "--characters", "60", "--repetitions", "1", "--warm-up", "1")
    assert guilds.main([*tiny, "--json"]) == 0
    told = capfd.readouterr().out
    rows = json.loads(told[told.index("[") :])
    assert [row["guilds"] for row in rows] == [1] * (len(rows) // 2) + [3] * (len(rows) // 2)
    kinds = {row["kind"] for row in rows}
    assert {guilds.PIPELINE, "page: people, searched", "API: issues"} <= kinds
    assert len(kinds) == len(rows) // 2
    assert all(row["alone_ms"] > 0 and row["among_ms"] > 0 and row["ratio"] > 0 for row in rows)
