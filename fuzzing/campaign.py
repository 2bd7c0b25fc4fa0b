"""A hunt for one target: what it began with, what it tried, and what it found."""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from fuzzing.target import HERE, Target

SLOWEST_INPUT_S = 10
"""Seconds after which an input counts as a hang; each here takes less than a millisecond."""

_TRIED = re.compile(r"stat::number_of_executed_units: (\d+)|^#(\d+)\s", re.MULTILINE)
_REACHED = re.compile(r"\bcov: (\d+)")
_TRACEBACK = re.compile(r"=== Uncaught Python exception: ===\n(.*?)(?=^==\d+==|\Z)", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Hunt:
    """What a hunt came to. `fault` is empty where no promise was broken; `breaking` is then the input that broke one."""

    target: str
    tried: int
    reached: int
    inputs: tuple[bytes, ...]
    fault: str = ""
    breaking: bytes | None = None


def hunt(target: Target, seconds: int, seed: int) -> Hunt:
    """Try inputs for some seconds, from those that are kept. Raises RuntimeError where the hunt itself does not work."""
    with tempfile.TemporaryDirectory(prefix="patt-fuzzing-") as name:
        place = Path(name)
        corpus = place / "corpus"
        corpus.mkdir()
        for each in (*target.corpus, *target.found):
            (corpus / hashlib.sha256(each).hexdigest()).write_bytes(each)
        options = [f"-seed={seed}", f"-max_total_time={seconds}", *_options(target, place)]
        command = [sys.executable, "-m", "fuzzing.hunt", target.module, *target.watched, "--", str(corpus), *options]
        done = subprocess.run(  # noqa: S603 -- this project's own module, with the names of its own table
            command, cwd=HERE.parent, env=_environment(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False
        )
        said = done.stdout.decode("utf-8", "replace")
        inputs = tuple(path.read_bytes() for path in sorted(corpus.iterdir()))
        breaking = next((path.read_bytes() for path in place.glob("*-*") if path.is_file()), None)
    tried = [int(one or other) for one, other in _TRIED.findall(said)]
    reached = [int(each) for each in _REACHED.findall(said)]
    if not tried or (done.returncode != 0 and breaking is None):
        raise RuntimeError(f"The hunt for {target.name} did not work:\n{said[-3000:]}")
    traceback = _TRACEBACK.search(said)
    fault = "" if breaking is None else traceback[1].strip() if traceback else said[-1500:]
    return Hunt(target.name, max(tried), max(reached, default=0), inputs, fault, breaking)


def _options(target: Target, place: Path) -> list[str]:
    """Return what libFuzzer is told about a target: its bounds, and words to try."""
    bounds = [f"-max_len={target.longest}", f"-timeout={SLOWEST_INPUT_S}", f"-artifact_prefix={place}/"]
    if not target.words:
        return [*bounds, "-print_final_stats=1"]
    words = place / "words"
    words.write_text("".join(f'"{_escaped(word)}"\n' for word in target.words), encoding="ascii")
    return [*bounds, "-print_final_stats=1", f"-dict={words}"]


def _escaped(word: bytes) -> str:
    """Write a word as libFuzzer's dictionaries have it."""
    return "".join(chr(each) if 32 <= each < 127 and each not in b'"\\' else f"\\x{each:02x}" for each in word)


def _environment() -> dict[str, str]:
    places = [str(HERE.parent / "src"), str(HERE.parent), *filter(None, [os.environ.get("PYTHONPATH")])]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(places)}
