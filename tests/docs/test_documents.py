"""The documents say what the code does."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

from patt.cli.main import COMMANDS
from patt.config import Settings
from patt.handbook.rules import rules_page
from sv_common.guild_sync import integrity_checker, mitigations
from sv_common.guild_sync.rules import RULES

ROOT = Path(__file__).parents[2]


def test_the_page_of_rules_is_the_rulebook() -> None:
    assert (ROOT / "docs" / "rules.md").read_text(encoding="utf-8") == rules_page()


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


def test_every_setting_is_in_the_readme() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    missing = [name for name in Settings.model_fields if f"PATT_{name.upper()}" not in readme]
    assert missing == []


def test_every_command_is_in_the_readme() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert [name for name in COMMANDS if f"patt {name}" not in readme] == []


def test_every_package_and_module_of_the_source_is_in_the_index() -> None:
    index = (ROOT / "INDEX.md").read_text(encoding="utf-8")
    packages = [path.parent for path in (ROOT / "src").rglob("__init__.py")]
    missing = [str(path.relative_to(ROOT)) for path in packages if f"`{path.relative_to(ROOT)}/" not in index]
    assert missing == []


def test_links_between_documents_lead_somewhere() -> None:
    for document in [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")]:
        for target in re.findall(r"\]\((?!https?:|#)([^)#]+)", document.read_text(encoding="utf-8")):
            assert (document.parent / target).exists(), f"{document.name} links to {target}"
