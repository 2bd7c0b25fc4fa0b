"""Set up this project and run it, on any machine with Python 3.11 or newer and pip.

    python run.py demo            play the demo guild and serve its admin page
    python run.py test            run every check and the tests of every commit
    python run.py test --all      run every check and every test, the long ones too; what follows "test" is for pytest
    python run.py patt ARGS...    run the command line, for example: python run.py patt rules

The first call makes a virtual environment in `.venv` and installs the pinned, hash-checked requirements into it;
later calls install again only when a pin has changed.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import time
import venv
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent
ENVIRONMENT = ROOT / ".venv"
PYTHON = ENVIRONMENT / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
OLDEST_PYTHON = (3, 11)

TEST_PROCESSES = str((os.cpu_count() or 1) + 1)
"""One more than cores: half of the time a test waits for its database or its browser."""

TESTS = "tests"
CHECKS: dict[str, list[str]] = {
    "ruff check": ["-m", "ruff", "check", "."],
    "ruff format": ["-m", "ruff", "format", "--check", "."],
    "layers": ["-c", "from importlinter.cli import lint_imports_command; lint_imports_command()"],
    "types": ["-m", "mypy"],
    TESTS: ["-m", "pytest", "-n", TEST_PROCESSES, "--dist", "worksteal"],
}


def main(arguments: list[str]) -> int:
    """Run one command; return its exit code."""
    if sys.version_info < OLDEST_PYTHON:
        print(f"PATT needs Python 3.11 or newer; this is {sys.version.split()[0]}.", file=sys.stderr)
        return 2
    match arguments:
        case ["demo", *rest]:
            prepare("run")
            return call(["-m", "patt", "demo", *rest])
        case ["patt", *rest]:
            prepare("run")
            return call(["-m", "patt", *rest])
        case ["test", *rest]:
            prepare("test")
            return run_checks(rest)
        case ["lock"]:
            prepare("test")
            return lock()
        case _:
            print(__doc__, file=sys.stderr)
            return 2


def prepare(requirements: str) -> None:
    """Make the virtual environment hold the pinned requirements and this project."""
    pins = ROOT / "requirements" / f"{requirements}.txt"
    project = ROOT / "pyproject.toml"
    wanted = hashlib.sha256(pins.read_bytes() + project.read_bytes()).hexdigest()
    stamp = ENVIRONMENT / f"installed-{requirements}"
    if stamp.exists() and stamp.read_text() == wanted:
        return
    if not PYTHON.exists():
        print("Making the virtual environment .venv ...", file=sys.stderr)
        venv.create(ENVIRONMENT, with_pip=True)
    print(f"Installing {pins.relative_to(ROOT)} ...", file=sys.stderr)
    pip = [str(PYTHON), "-m", "pip", "--quiet", "--disable-pip-version-check", "install"]
    subprocess.run([*pip, "--require-hashes", "-r", str(pins)], check=True)
    subprocess.run([*pip, "--no-deps", "--no-build-isolation", "--editable", str(ROOT)], check=True)
    stamp.write_text(wanted)


@dataclass(frozen=True)
class Outcome:
    """How a check ended, and how long it took."""

    name: str
    passed: bool
    seconds: float

    def __str__(self) -> str:
        return f"{self.name:<12} {'passed' if self.passed else 'FAILED'} {self.seconds:6.0f} s"


def run_checks(pytest_arguments: list[str]) -> int:
    """Run every check even when one fails, so that one run shows all that is wrong.

    The tests write as they go. The other checks run beside them, and the output of each is printed whole at its end.
    """
    others = [name for name in CHECKS if name != TESTS]
    with ThreadPoolExecutor(max_workers=len(others)) as pool:
        beside = [pool.submit(run_quietly, name) for name in others]
        started = time.monotonic()
        passed = call([*CHECKS[TESTS], *pytest_arguments]) == 0
        tests = Outcome(TESTS, passed, time.monotonic() - started)
    outcomes = [*(check.result() for check in beside), tests]
    print("\n", *outcomes, sep="\n")
    return 0 if all(outcome.passed for outcome in outcomes) else 1


def run_quietly(name: str) -> Outcome:
    """Run a check, then print what it wrote."""
    started = time.monotonic()
    command = [str(PYTHON), *CHECKS[name]]
    done = subprocess.run(
        command, cwd=ROOT, env=environment(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    print(f"\n== {name}\n{done.stdout}", end="", flush=True)
    return Outcome(name, done.returncode == 0, time.monotonic() - started)


def lock() -> int:
    """Write the pins anew from pyproject.toml (needs uv, which `pip install uv` brings into the environment)."""
    subprocess.run([str(PYTHON), "-m", "pip", "--quiet", "install", "uv"], check=True)
    compiler = ["-m", "uv", "pip", "compile", "pyproject.toml", "requirements/build.in", "--universal"]
    options = ["--python-version", "3.11", "--generate-hashes", "--no-header", "--no-annotate", "--quiet"]
    run_pins = call([*compiler, "--extra", "server", *options, "-o", "requirements/run.txt"])
    test_pins = call([*compiler, "--extra", "test", *options, "-o", "requirements/test.txt"])
    return run_pins or test_pins


def call(arguments: list[str]) -> int:
    """Run the environment's Python in the project folder."""
    return subprocess.run([str(PYTHON), *arguments], cwd=ROOT, env=environment(), check=False).returncode


def environment() -> dict[str, str]:
    """What a process is started with. It keeps what it compiles: tests start many processes."""
    return {**os.environ, "PYTHONDONTWRITEBYTECODE": ""}


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
