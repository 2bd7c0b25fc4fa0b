"""Texts and documents name the distribution that is ours, and the versions of Python that it is tried on."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

import run
from patt import supported

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
TEXTS = {".md", ".py", ".po", ".html", ".js", ".toml", ".txt", ".yaml", ".yml", ".service", ".env", ".in", ""}
FOREIGN = re.compile(
    r"""\b(?:install|inject|(?:pipx|tool)\s+(?:run|upgrade)|--from|--spec|--with|uvx|download)\s+(?:-\S+\s+)*   # what takes a distribution
        [\\]?["'“„`]?patt(?:\[[a-z,]*\])?(?:[=<>~!]=?[\d.]+)?(?=$|[\s"'”“`\\),;:])       # the name that is another's
        | \bpatt\[[a-z,]+\]""",
    re.VERBOSE,
)


def _texts() -> Iterator[Path]:
    folders = ("src", "docs", "deploy", "requirements", ".ci", "benchmarks", "evaluation", "simulation", "screenshots")
    for path in [*ROOT.iterdir(), *(each for folder in folders for each in (ROOT / folder).rglob("*"))]:
        if path.is_file() and path.suffix in TEXTS and "__pycache__" not in path.parts and path.name != ".git":
            yield path


def _foreign_names(text: str) -> list[str]:
    return [found[0] for found in FOREIGN.finditer(text)]


def test_no_text_tells_people_to_install_the_package_of_another_project() -> None:
    read = {path: path.read_text(encoding="utf-8") for path in _texts()}
    assert {ROOT / "README.md", ROOT / ".ci" / "run", ROOT / "Dockerfile"} <= set(read)
    found = {str(path.relative_to(ROOT)): names for path, text in read.items() if (names := _foreign_names(text))}
    assert found == {}


@pytest.mark.parametrize(
    "text",
    [
        'pip install "patt[server]"',
        'pip install \\"patt[server]\\"',
        "pipx install patt",
        "pipx install --force patt",
        "uvx patt serve",
        "uvx --from patt==0.1.0 patt",
        "uv tool install patt",
        "pipx run patt",
        "pipx upgrade patt",
        "`pip install patt`",
        '    "patt[server]",',
    ],
)
def test_the_name_of_the_other_project_is_noticed(text: str) -> None:
    assert _foreign_names(text) != []


@pytest.mark.parametrize(
    "text", ['pip install "patt-guild[server]"', "pipx run --spec patt-guild patt", "To run: patt serve", "patt init"]
)
def test_our_own_name_and_our_commands_are_not_taken_for_it(text: str) -> None:
    assert _foreign_names(text) == []


def test_the_distribution_has_one_name_and_brings_the_command() -> None:
    assert PROJECT["name"] == supported.DISTRIBUTION == "patt-guild"
    assert PROJECT["scripts"] == {"patt": "patt.__main__:main"}


def test_the_supported_pythons_are_the_same_everywhere() -> None:
    (oldest, newest) = supported.OLDEST, supported.NEWEST
    assert (oldest, newest) == (run.OLDEST, run.NEWEST)
    assert PROJECT["requires-python"] == f">={oldest[0]}.{oldest[1]},<{newest[0]}.{newest[1] + 1}"
    said = f"Python {oldest[0]}.{oldest[1]} to {newest[0]}.{newest[1]}"
    documents = ("README.md", "run.py", "docs/setup.md", "docs/addon.md", "docs/operating.md", "src/patt/supported.py")
    assert [each for each in documents if said not in (ROOT / each).read_text(encoding="utf-8")] == []
