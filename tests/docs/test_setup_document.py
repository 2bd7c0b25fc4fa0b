"""docs/setup.md tells of each step of the set-up, and of all that it asks for."""

from __future__ import annotations

import re
from pathlib import Path

from patt.doctor.sources import PERMISSIONS
from patt.setup.wizard import STEPS
from sv_common.guild_sync.sources.discord.permissions import Permission

DOCUMENT = (Path(__file__).parents[2] / "docs" / "setup.md").read_text(encoding="utf-8")


def test_every_step_is_told_of_in_its_order() -> None:
    headings = re.findall(r"^## (\d+)\. (.+)$", DOCUMENT, re.MULTILINE)
    assert headings == [(str(number), step.title) for number, step in enumerate(STEPS, start=1)]
    assert [step.name for step in STEPS if f"`{step.name}`" not in DOCUMENT] == []


def test_every_permission_that_the_bot_asks_for_is_explained() -> None:
    asked = [each for each in Permission if each & PERMISSIONS]
    assert len(asked) == 4
    assert [each.label for each in asked if each.label not in DOCUMENT] == []
