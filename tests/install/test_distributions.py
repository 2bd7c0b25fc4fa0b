"""What people download: a wheel and a source archive hold all that the program reads, and nothing else."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tarfile
import zipfile
from email.parser import Parser
from pathlib import Path, PurePosixPath

import pytest

from patt.supported import DISTRIBUTION

ROOT = Path(__file__).parents[2]
BESIDE_THE_SOURCE = ("pyproject.toml", "README.md", "LICENSE", "MANIFEST.in")
_BUILD = """
import sys
from setuptools import build_meta
folder = sys.argv[1]  # the builder writes arguments of its own into sys.argv
build_meta.build_wheel(folder)
build_meta.build_sdist(folder)
"""


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a wheel and a source archive, built from a clone in which things were run and tests lie around."""
    clone, out = tmp_path_factory.mktemp("clone"), tmp_path_factory.mktemp("dist")
    for name in BESIDE_THE_SOURCE:
        shutil.copy(ROOT / name, clone / name)
    shutil.copytree(ROOT / "src", clone / "src", ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
    for stray in (
        "tests/test_stray.py",
        "src/patt/__pycache__/x.cpython-311.pyc",
        ".env",
        "src/patt/.env",
        "secrets/key",
    ):
        (clone / stray).parent.mkdir(parents=True, exist_ok=True)
        (clone / stray).write_text("stray", encoding="utf-8")
    subprocess.run([sys.executable, "-c", _BUILD, str(out)], cwd=clone, check=True, capture_output=True)  # noqa: S603
    return out


def _source() -> set[PurePosixPath]:
    """Return every file that the program has in a clone."""
    kept = (
        path.relative_to(ROOT / "src")
        for path in (ROOT / "src").rglob("*")
        if path.is_file() and "__pycache__" not in path.parts and not any(".egg-info" in part for part in path.parts)
    )
    return {PurePosixPath(path.as_posix()) for path in kept}


def test_the_wheel_holds_every_file_of_the_program_and_nothing_else(built: Path) -> None:
    with zipfile.ZipFile(next(built.glob("*.whl"))) as wheel:
        held = {PurePosixPath(name) for name in wheel.namelist()}
    program = {path for path in held if not path.parts[0].endswith(".dist-info")}
    assert program == _source()
    assert {".html", ".sql", ".po", ".css", ".js", ".mako"} <= {path.suffix for path in program}


def test_the_wheel_says_whose_it_is_and_brings_the_command(built: Path) -> None:
    with zipfile.ZipFile(next(built.glob("patt_guild-*.whl"))) as wheel:
        described = {PurePosixPath(name).name: name for name in wheel.namelist() if ".dist-info/" in name}
        metadata = Parser().parsestr(wheel.read(described["METADATA"]).decode())
        commands = wheel.read(described["entry_points.txt"]).decode()
    assert metadata["Name"] == DISTRIBUTION
    assert metadata["Requires-Python"] == "<3.15,>=3.11"
    assert not {each for each in metadata.get_all("Requires-Dist") or () if each.startswith("patt[")}
    assert "patt = patt.__main__:main" in commands
    assert "LICENSE" in described


def test_the_source_archive_holds_what_a_wheel_is_built_of(built: Path) -> None:
    with tarfile.open(next(built.glob("patt_guild-*.tar.gz"))) as archive:
        held = {PurePosixPath(*PurePosixPath(each.name).parts[1:]) for each in archive if each.isfile()}
    made = {path for path in held if path.name in ("PKG-INFO", "setup.cfg") or ".egg-info" in str(path)}
    assert held - made == {"src" / path for path in _source()} | {PurePosixPath(name) for name in BESIDE_THE_SOURCE}
