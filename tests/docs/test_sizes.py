"""No file grows beyond what one reads at a sitting, and no folder beyond what one takes in at a glance."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

ROOT = Path(__file__).parents[2]
MOST_LINES = 430
MOST_FILES = 14

NOT_YET: frozenset[str] = frozenset()
"""Folders and files that are still too large. This list only becomes shorter."""

APART = frozenset({"src/sv_common/guild_sync/simulators", "src/sv_common/db/migrations/versions"})
"""Folders that hold one file for each of many things that are alike."""


def test_files_and_folders_stay_small() -> None:
    files = [path for folder in ("src", "tests") for path in (ROOT / folder).rglob("*.py")]
    long = {_name(path) for path in files if path.read_text(encoding="utf-8").count("\n") > MOST_LINES}
    folders = Counter(_name(path.parent) for path in files if path.is_relative_to(ROOT / "src"))
    wide = {folder for folder, count in folders.items() if count > MOST_FILES} - APART
    assert long | wide == NOT_YET


def _name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()
