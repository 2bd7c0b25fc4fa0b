"""What `run.py` does, once it has seen that this Python is new enough."""

from __future__ import annotations

import hashlib
import os
import shlex
import shutil
import signal
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

SITE = ROOT / "build" / "site"


def main(arguments: list[str], usage: str) -> int:
    """Run one command; return its exit code."""
    match arguments:
        case ["demo", *rest]:
            prepare("run")
            return hand_over(["demo", *rest])
        case ["patt", *rest]:
            prepare("run")
            return hand_over(rest)
        case ["test", *rest]:
            prepare("test")
            return run_checks(rest)
        case ["docs"]:
            prepare("docs")
            return build_site()
        case ["lock"]:
            prepare("test")
            return lock()
        case _:
            print(usage, file=sys.stderr)
            return 2


def hand_over(arguments: list[str]) -> int:
    """Run `patt` in the folder where the person is, so that paths and `.env` are theirs.

    Where the system can, `patt` takes the place of this process: Ctrl-C and a request to stop then reach it alone. Elsewhere
    this process waits for it, however often Ctrl-C is pressed.
    """
    command = [str(PYTHON), "-P", "-m", "patt", *arguments]
    settings = {**environment(), "PATT_TYPED_AS": typed_as()}
    if os.name == "posix":
        sys.stdout.flush()
        os.execve(PYTHON, command, settings)  # noqa: S606 -- the environment's own Python
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    return subprocess.run(command, env=settings, check=False).returncode


def typed_as() -> str:
    """Return how the person calls `patt` here, such as `python run.py patt`."""
    program = sys.orig_argv[0]
    if Path(program).is_absolute():
        program = Path(program).stem
    words = [program, sys.argv[0], "patt"]
    return subprocess.list2cmdline(words) if os.name == "nt" else shlex.join(words)


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


def site_builder(folder: Path) -> list[str]:
    """Return the arguments of Python that build the site into a folder, everything anew, so that no warning is missed."""
    options = ["--fail-on-warning", "--nitpicky", "--fresh-env", "--quiet", "--conf-dir", "docs/site"]
    return ["-m", "sphinx", *options, "--doctree-dir", str(folder.with_name(f"{folder.name}-read")), ".", str(folder)]


def build_site() -> int:
    """Build the documents as a site. A warning is a failure; all are shown."""
    shutil.rmtree(SITE, ignore_errors=True)
    built = call(site_builder(SITE))
    if built == 0:
        print(f"Built {SITE.relative_to(ROOT) / 'index.html'}")
    return built


def lock() -> int:
    """Write the pins anew from pyproject.toml (needs uv, which `pip install uv` brings into the environment)."""
    subprocess.run([str(PYTHON), "-m", "pip", "--quiet", "install", "uv"], check=True)
    compiler = ["-m", "uv", "pip", "compile", "pyproject.toml", "requirements/build.in", "--universal"]
    options = ["--python-version", "3.11", "--generate-hashes", "--no-header", "--no-annotate", "--quiet"]
    run_pins = call([*compiler, "--extra", "server", *options, "-o", "requirements/run.txt"])
    test_pins = call([*compiler, "--extra", "test", *options, "-o", "requirements/test.txt"])
    # All of them live in one environment, so what the documents need is what was tested where both need the same.
    same = ["--constraint", "requirements/test.txt"]
    docs_pins = call([*compiler, "--extra", "docs", *same, *options, "-o", "requirements/docs.txt"])
    return run_pins or test_pins or docs_pins


def call(arguments: list[str]) -> int:
    """Run the environment's Python in the project folder."""
    return subprocess.run([str(PYTHON), *arguments], cwd=ROOT, env=environment(), check=False).returncode


def environment() -> dict[str, str]:
    """What a process is started with. It keeps what it compiles: tests start many processes."""
    return {**os.environ, "PYTHONDONTWRITEBYTECODE": ""}
