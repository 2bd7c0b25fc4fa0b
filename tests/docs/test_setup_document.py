"""What docs/setup.md tells people to type is there to be typed."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import typer

from patt.cli.main import app
from patt.doctor.sources import PERMISSIONS
from patt.setup.wizard import STEPS
from sv_common.guild_sync.sources.discord.permissions import Permission

DOCUMENT = (Path(__file__).parents[2] / "docs" / "setup.md").read_text(encoding="utf-8")
COMMANDS = sorted(
    {
        line.removeprefix("python run.py ")
        for code in re.findall(r"```\n(.*?)```|`([^`\n]+)`", DOCUMENT, re.DOTALL)
        for line in "".join(code).splitlines()
        if line.removeprefix("python run.py ").startswith("patt ")
    }
)


def test_the_document_names_commands() -> None:
    assert {"patt init", "patt doctor --json"} <= set(COMMANDS)


@pytest.mark.parametrize("line", COMMANDS)
def test_every_command_of_the_document_exists_with_its_options(line: str) -> None:
    _, *words = shlex.split(line, comments=True)
    command: Any = typer.main.get_command(app)
    while words and hasattr(command, "resolve_command"):
        _, command, words = command.resolve_command(typer.Context(command), words)
    options = {name for parameter in command.params for name in (*parameter.opts, *parameter.secondary_opts)}
    used = {word for word in words if word.startswith("--")} - {"--help"}
    assert used <= options


def test_every_step_is_told_of_in_its_order() -> None:
    headings = re.findall(r"^## (\d+)\. (.+)$", DOCUMENT, re.MULTILINE)
    assert headings == [(str(number), step.title) for number, step in enumerate(STEPS, start=1)]
    assert [step.name for step in STEPS if f"`{step.name}`" not in DOCUMENT] == []


def test_every_permission_that_the_bot_asks_for_is_explained() -> None:
    asked = [each for each in Permission if each & PERMISSIONS]
    assert len(asked) == 4
    assert [each.label for each in asked if each.label not in DOCUMENT] == []
