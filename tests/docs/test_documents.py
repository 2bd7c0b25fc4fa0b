"""The documents say what the code does."""

from __future__ import annotations

import inspect
import json
import re
import shlex
from itertools import pairwise
from pathlib import Path
from typing import cast
from urllib.parse import urlsplit

from patt.cli.main import COMMANDS
from patt.config import Settings
from patt.handbook.api import api_page
from patt.handbook.rules import rules_page
from sv_common.db.pool import Pool
from sv_common.guild_sync import integrity_checker, mitigations
from sv_common.guild_sync.rules import RULES
from web.helpers import application

ROOT = Path(__file__).parents[2]


def test_the_page_of_rules_is_the_rulebook() -> None:
    assert (ROOT / "docs" / "rules.md").read_text(encoding="utf-8") == rules_page()


def test_the_page_of_the_api_is_its_description() -> None:
    written = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
    assert written == api_page(application(cast("Pool", None)).openapi()), "Run: python -m patt.handbook"


def test_the_page_of_the_api_shows_every_request_with_an_example() -> None:
    page = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
    described = application(cast("Pool", None)).openapi()["paths"]
    requests = [f"`{method.upper()} {path}`" for path, ways in described.items() for method in ways]
    assert len(requests) > 90
    sections = {section.split("\n", 3)[2]: section for section in page.split("\n### ")[1:]}
    assert sorted(sections) == sorted(requests)
    for request, section in sections.items():
        (typed,) = (code for code in section.split("```") if code.startswith("\ncurl "))
        _check_as_a_shell_reads_it(request.strip("`"), shlex.split(typed))


def _check_as_a_shell_reads_it(request: str, words: list[str]) -> None:
    method, path = request.split(" ")
    (address,) = (word for word in words if word.startswith("https://"))
    given = dict(pairwise(words))
    assert given.get("-X", "GET") == method
    assert re.fullmatch(re.sub(r"\\{\w+\\}", "[^/]+", re.escape(path)), urlsplit(address).path)
    assert "-d" not in given or json.loads(given["-d"])


def test_every_rule_has_its_doors_its_examples_and_only_known_neighbors() -> None:
    for issue_type, rule in RULES.items():
        assert rule.issue_type == issue_type
        assert (rule.detect is None) != hasattr(integrity_checker, f"detect_{issue_type}")
        assert hasattr(mitigations, f"mitigate_{issue_type}") == rule.is_fixable == (rule.mitigate_fn is not None)
        assert len(rule.examples) >= 3
        assert set(rule.affects) <= set(RULES) - {issue_type}


def test_the_specified_doors_take_a_guild_as_a_keyword() -> None:
    for door in (integrity_checker.run_integrity_check, mitigations.run_auto_mitigations):
        assert inspect.signature(door).parameters["guild_id"].default is None


def test_every_setting_is_explained() -> None:
    page = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
    missing = [name for name in Settings.model_fields if f"PATT_{name.upper()}" not in page]
    assert missing == []


def test_every_command_is_explained() -> None:
    page = (ROOT / "docs" / "commands.md").read_text(encoding="utf-8")
    assert [name for name in COMMANDS if f"patt {name}" not in page] == []


def test_the_readme_says_on_one_screen_what_it_is_with_one_picture_and_two_commands() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert len(readme.splitlines()) <= 45
    assert readme.count("![") == 1
    (commands,) = readme.split("```")[1::2]
    assert commands.split("\n")[1:-1] == ["python run.py demo", "python run.py test"]


def test_every_package_and_module_of_the_source_is_in_the_index() -> None:
    index = (ROOT / "INDEX.md").read_text(encoding="utf-8")
    packages = [path.parent for path in (ROOT / "src").rglob("__init__.py")]
    missing = [str(path.relative_to(ROOT)) for path in packages if f"`{path.relative_to(ROOT)}/" not in index]
    assert missing == []
