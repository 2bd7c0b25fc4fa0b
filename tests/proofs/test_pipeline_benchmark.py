"""The benchmark of the pipeline runs, and tells the engine's figures beside those of each other way in the same run."""

from __future__ import annotations

import json

import pytest

from benchmarks import pipeline
from benchmarks.cases import CHECK_AGAIN, PIPELINE, UNCHANGED


@pytest.mark.nightly
def test_the_benchmark_of_the_pipeline_does_the_same_work_in_every_way_and_tells_ratios_to_the_limit(
    capfd: pytest.CaptureFixture[str],
) -> None:
    assert pipeline.main(["--sizes", "100", "--repetitions", "2", "--warm-up", "1", "--json"]) == 0
    told = capfd.readouterr().out
    result = json.loads(told[told.index("{") :])
    rows = {row["name"]: row for row in result["rows"]}
    assert {name for name, row in rows.items() if "ratio_to_limit" in row} == {CHECK_AGAIN, PIPELINE, UNCHANGED}
    assert {name for name, row in rows.items() if "times_faster" in row} == {PIPELINE}
    (many,), (few,) = rows[PIPELINE]["row_by_row"]["statements"], rows[PIPELINE]["engine"]["statements"]
    assert many > 3 * 100 > few
    assert result["verdicts"][-1] == "Met: all did the same work."
