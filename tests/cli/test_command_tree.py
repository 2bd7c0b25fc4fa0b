"""The command line is public: `command_tree.txt` holds every command, option, default and line of help.

After a change that is meant: PATT_WRITE_COMMAND_TREE=1 python -m pytest tests/cli/test_command_tree.py
"""

from __future__ import annotations

import os
from pathlib import Path

from cli.command_tree import commands, rendered

SNAPSHOT = Path(__file__).with_name("command_tree.txt")


def test_the_command_line_is_the_one_that_was_agreed_on() -> None:
    if os.environ.get("PATT_WRITE_COMMAND_TREE"):
        SNAPSHOT.write_text(rendered(), encoding="utf-8")
    assert rendered() == SNAPSHOT.read_text(encoding="utf-8")


def test_the_walk_reaches_groups_within_groups() -> None:
    assert {("demo",), ("admin", "officers", "give"), ("alias", "remove")} <= {words for words, _ in commands()}
