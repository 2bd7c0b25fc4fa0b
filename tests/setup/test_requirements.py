"""What is installed is what is pinned, what is pinned cannot be changed by whoever serves it, and all of it fits."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
PINS = ("run", "test", "docs")
_HASH = re.compile(r"--hash=sha256:[0-9a-f]{64}")


def _entries(name: str) -> list[str]:
    """Return the entries of a file of pins, each on one line."""
    text = (ROOT / "requirements" / f"{name}.txt").read_text(encoding="utf-8").replace("\\\n", " ")
    return [line.strip() for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]


def _pins(name: str) -> list[Requirement]:
    return [Requirement(entry.split(" --hash", 1)[0]) for entry in _entries(name)]


@pytest.mark.parametrize("name", PINS)
def test_each_pin_is_one_version_with_hashes_from_the_registry_alone(name: str) -> None:
    assert len(_entries(name)) > 30
    for entry in _entries(name):
        stated, *hashes = entry.split(" --hash", 1)
        pin = Requirement(stated)
        assert pin.url is None, entry
        assert [each.operator for each in pin.specifier] == ["=="], stated
        assert hashes, f"{stated} has no hash"
        assert _HASH.sub("", entry.removeprefix(stated)).strip() == "", f"{stated} has something else than hashes"


def test_the_server_runs_on_what_was_tested() -> None:
    tested = {(pin.name, str(pin.specifier)) for pin in _pins("test")}
    assert {(pin.name, str(pin.specifier)) for pin in _pins("run")} <= tested


def test_the_documents_are_built_beside_what_was_tested() -> None:
    """All live in one environment: a package that both need is the same, else each command would install it anew."""
    tested = {pin.name: str(pin.specifier) for pin in _pins("test")}
    shared = [pin for pin in _pins("docs") if pin.name in tested]
    assert len(shared) > 10
    assert [str(pin) for pin in shared if str(pin.specifier) != tested[pin.name]] == []


def test_each_dependency_has_a_pin_that_it_allows() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    wanted = {"run": [*project["dependencies"], *extras["server"]], "test": extras["test"], "docs": extras["docs"]}
    for name, stated in wanted.items():
        pinned = {canonicalize_name(pin.name): pin for pin in _pins(name)}
        for each in map(Requirement, stated):
            if each.name != project["name"]:
                (exact,) = pinned[canonicalize_name(each.name)].specifier
                assert each.specifier.contains(exact.version), f"{each} is pinned to {exact.version}"


def test_what_is_installed_is_what_is_pinned() -> None:
    for pin in _pins("test"):
        if pin.marker is not None and not pin.marker.evaluate():
            continue
        (exact,) = pin.specifier
        try:
            assert version(pin.name) == exact.version, pin.name
        except PackageNotFoundError:
            pytest.fail(f"{pin.name} is pinned and not installed")


def test_all_that_is_installed_fits_together() -> None:
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "check"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 -- fixed arguments
    assert done.returncode == 0, done.stdout
