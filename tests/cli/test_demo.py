"""`patt demo --once --json`, as a script reads it."""

from __future__ import annotations

import contextlib
import io
import json
import os
import subprocess
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest

from cli.conftest import Patt, exit_code
from server_folders import folder_for_a_server
from sv_common.db import embedded
from sv_common.guild_sync.rules import RULES

NOT_TO_BE_TOUCHED = "postgresql://nobody@127.0.0.1:1/must_not_be_touched"
DEMO = ("demo", "--once", "--data-dir")
_ABOUT_SIGN_INS = {"account_conflict", "link_contradicts_proof", "unverified_member"}
"""Rules about accounts: nobody in the demo signs in with Battle.net, and it reads no battle pets."""
STEPS = ["sync", "run_integrity_check", "run_auto_mitigations", "send_sync_summary"]


@pytest.fixture(scope="module")
def folder(server: embedded.EmbeddedServer, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder in which the demo finds a server that is running already, and joins it."""
    folder = tmp_path_factory.mktemp("demo")
    with psycopg.connect(server.get_uri()) as conn:
        (data,) = conn.execute("show data_directory").fetchone() or ("",)
    (folder / "postgres").symlink_to(Path(data).parent)
    return folder


@pytest.fixture(scope="module")
def story(folder: Path) -> Any:
    with pytest.MonkeyPatch.context() as patched, contextlib.redirect_stdout(io.StringIO()) as printed:
        patched.setenv("PATT_DATABASE_URL", NOT_TO_BE_TOUCHED)
        patched.setattr(sys, "argv", ["patt", *DEMO, str(folder), "--json"])
        assert exit_code() == 0
    return json.loads(printed.getvalue())


def test_the_story_reads_all_sources_and_matches_once(story: Any) -> None:
    names = [pipeline["name"] for pipeline in story["pipelines"]]
    assert set(names) == {"battlenet_sync", "addon_upload", "discord_sync", "full_match"}
    assert names.count("full_match") == 1
    upload = next(pipeline for pipeline in story["pipelines"] if pipeline["name"] == "addon_upload")
    assert [step["name"] for step in upload["steps"]] == STEPS
    assert all(pipeline["statements"] > 0 and pipeline["seconds"] > 0 for pipeline in story["pipelines"])


def test_every_rule_that_needs_no_sign_in_has_found_something_and_the_counts_agree_with_the_issues(story: Any) -> None:
    assert list(story["rules"]) == list(RULES)
    for issue_type, counts in story["rules"].items():
        issues = [issue for issue in story["issues"] if issue["issue_type"] == issue_type]
        assert (counts["opened"] >= 1) is (issue_type not in _ABOUT_SIGN_INS)
        assert counts["open"] == sum(issue["resolved_at"] is None for issue in issues)
        assert counts["opened"] - counts["resolved"] == counts["open"]


def test_the_story_took_a_week(story: Any) -> None:
    days = sorted({str(issue["created_at"])[:10] for issue in story["issues"]})
    first, last = (datetime.fromisoformat(day) for day in (days[0], days[-1]))
    assert (last - first).days == 6  # from the first reading to Saturday: on Sunday nothing is new
    assert len(days) >= 5


def test_the_changed_note_was_fixed_automatically_and_the_others_wait(story: Any) -> None:
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
@pytest.mark.nightly
def test_it_can_be_played_again_on_the_same_folder_and_told_in_words(
    folder: Path, patt: Patt, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATT_DATABASE_URL", NOT_TO_BE_TOUCHED)
    ended = patt(*DEMO, folder)
    assert ended.code == 0, ended.err
    for words in ("Monday", "Sunday", "What each rule found", "Fixed automatically", "Needs review"):
        assert words in ended.out


@pytest.mark.nightly
def test_on_a_server_of_its_own_it_is_the_same_story(story: Any) -> None:
    command = [sys.executable, "-m", "patt", *DEMO, str(folder_for_a_server()), "--json"]
    environment = {**os.environ, "PATT_DATABASE_URL": NOT_TO_BE_TOUCHED}
    ended = subprocess.run(command, capture_output=True, text=True, env=environment, check=True, timeout=120)  # noqa: S603
    assert json.loads(ended.stdout)["rules"] == story["rules"]
