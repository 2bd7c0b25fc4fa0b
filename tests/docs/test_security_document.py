"""SECURITY.md promises what a test holds, and names every exception from the static checks."""

from __future__ import annotations

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCUMENT = (ROOT / "SECURITY.md").read_text(encoding="utf-8")
CODE = ("src", "benchmarks", "evaluation", "fuzzing", "screenshots", "simulation")
_EXCEPTION = re.compile(r"# noqa: ([A-Z]+\d+(?:, [A-Z]+\d+)*)")
_ROW = re.compile(r"^\| `(S\d+)` \| `([\w./]+)` \| (.+) \|$", re.MULTILINE)


def _section(title: str) -> str:
    return DOCUMENT.split(f"## {title}\n", 1)[1].split("\n## ", 1)[0]


def test_each_promise_names_tests_that_are_there() -> None:
    promises = [line for line in _section("Promises").splitlines() if line.startswith("- ")]
    assert len(promises) > 15
    for promise in promises:
        named = re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", promise)
        assert named, promise
        for file, name in named:
            tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
            functions = {each.name for each in tree.body if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef)}
            assert name in functions, f"{file} has no test {name}"


def test_no_promise_rests_on_a_test_that_runs_at_night_alone() -> None:
    for file, name in re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", DOCUMENT):
        tree = ast.parse((ROOT / file).read_text(encoding="utf-8"))
        (found,) = [each for each in ast.walk(tree) if getattr(each, "name", "") == name]
        marks = [ast.unparse(each) for each in getattr(found, "decorator_list", [])]
        assert "pytest.mark.nightly" not in marks, name


def test_each_exception_from_the_static_checks_is_written_down_with_its_reason() -> None:
    files = [path for folder in CODE for path in (ROOT / folder).rglob("*.py")]
    made = set()
    for path in [*files, ROOT / "run.py"]:
        for line in path.read_text(encoding="utf-8").splitlines():
            for rules in _EXCEPTION.findall(line):
                made |= {
                    (rule, path.relative_to(ROOT).as_posix()) for rule in rules.split(", ") if re.match(r"S\d", rule)
                }
    assert {(rule, file) for rule, file, _ in _ROW.findall(DOCUMENT)} == made
