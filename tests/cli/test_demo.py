"""`patt demo --once --json`, as a script reads it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from server_folders import folder_for_a_server
from sv_common.guild_sync.rules import RULES

STEPS = ["sync", "run_integrity_check", "run_auto_mitigations", "send_sync_summary"]


def _demo(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PATT_DATABASE_URL": "postgresql://nobody@127.0.0.1:1/must_not_be_touched"}
    command = [sys.executable, "-m", "patt", "demo", "--once", "--data-dir", str(folder), *arguments]
    return subprocess.run(command, capture_output=True, text=True, env=environment, check=False, timeout=120)  # noqa: S603


@pytest.fixture(scope="module")
def folder() -> Path:
    return folder_for_a_server()


@pytest.fixture(scope="module")
def story(folder: Path) -> Any:
    ended = _demo(folder, "--json")
    assert ended.returncode == 0, ended.stderr
    return json.loads(ended.stdout)


def test_the_story_reads_all_sources_and_matches_once(story: Any) -> None:
    names = [pipeline["name"] for pipeline in story["pipelines"]]
    assert set(names) == {"battlenet_sync", "addon_upload", "discord_sync", "full_match"}
    assert names.count("full_match") == 1
    upload = next(pipeline for pipeline in story["pipelines"] if pipeline["name"] == "addon_upload")
    assert [step["name"] for step in upload["steps"]] == STEPS
    assert all(pipeline["statements"] > 0 and pipeline["seconds"] > 0 for pipeline in story["pipelines"])


def test_every_rule_has_found_something_and_the_counts_agree_with_the_issues(story: Any) -> None:
    assert list(story["rules"]) == list(RULES)
    for issue_type, counts in story["rules"].items():
        issues = [issue for issue in story["issues"] if issue["issue_type"] == issue_type]
        assert counts["opened"] >= 1
        assert counts["open"] == sum(issue["resolved_at"] is None for issue in issues)
        assert counts["opened"] - counts["resolved"] == counts["open"]


def test_the_story_took_a_week(story: Any) -> None:
    days = sorted({str(issue["created_at"])[:10] for issue in story["issues"]})
    first, last = (datetime.fromisoformat(day) for day in (days[0], days[-1]))
    assert (last - first).days == 6  # from the first reading to Saturday: on Sunday nothing is new
    assert len(days) >= 5


def test_the_changed_note_was_fixed_by_itself_and_the_others_wait(story: Any) -> None:
    assert story["rules"]["note_mismatch"] == {"opened": 1, "resolved": 1, "open": 0, "auto_fixed": 1, "waiting": 0}
    automatic = [fix for fix in story["fixes"] if fix["is_automatic"]]
    assert [(fix["issue_type"], fix["outcome"]) for fix in automatic] == [("note_mismatch", "fixed")]
    waiting = story["rules"]["orphan_wow"]["waiting"]
    assert waiting == story["rules"]["orphan_wow"]["open"] >= 1
    summaries = " ".join(issue["summary"] for issue in story["issues"] if issue["resolved_at"] is None)
    assert "'Zephyrine' has no player link" in summaries
    assert "Discord member 'Quillon' has a guild role but no player" in summaries
    assert "is Officer in the game" in summaries


@pytest.mark.usefixtures("story")
def test_it_can_be_played_again_on_the_same_folder_and_told_in_words(folder: Path) -> None:
    ended = _demo(folder)
    assert ended.returncode == 0, ended.stderr
    for words in ("Monday", "Sunday", "What each rule found", "Fixed automatically", "Needs review"):
        assert words in ended.stdout


@pytest.mark.nightly
def test_played_again_it_is_the_same_story(folder: Path, story: Any) -> None:
    again = json.loads(_demo(folder, "--json").stdout)
    assert again["rules"] == story["rules"]
