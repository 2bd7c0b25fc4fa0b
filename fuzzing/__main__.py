"""Try inputs that nobody would think of on what reads from outside, and keep those that reach something new.

Exits with 1 where an input broke a promise: add the line it prints to `fuzzing/found/TARGET.txt`, which makes it a test.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import sys
from concurrent.futures import ThreadPoolExecutor

from fuzzing.campaign import Hunt, hunt
from fuzzing.distil import distilled
from fuzzing.target import CORPUS, TARGETS, Target, write

ALL = "all"


def main() -> int:
    """Run from the command line; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m fuzzing", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("target", choices=[*TARGETS, ALL], help="what to try")
    parser.add_argument("--seconds", type=int, default=60, help="how long for each target (default: 60)")
    parser.add_argument("--seed", type=int, default=1, help="what chance starts from (default: 1)")
    parser.add_argument("--keep", action="store_true", help="put what reached something new into fuzzing/corpus")
    given = parser.parse_args()
    if importlib.util.find_spec("atheris") is None:
        print("Fuzzing needs atheris, which is published for Linux on x86_64 alone. Run it there.", file=sys.stderr)
        return 2
    targets = list(TARGETS.values()) if given.target == ALL else [TARGETS[given.target]]
    with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        hunts = list(pool.map(lambda target: hunt(target, given.seconds, given.seed), targets))
    for target, done in zip(targets, hunts, strict=True):
        _tell(done)
        if given.keep and not done.fault:
            _keep(target, done)
    return 1 if any(done.fault for done in hunts) else 0


def _tell(done: Hunt) -> None:
    outcome = "a promise was broken" if done.fault else "every promise held"
    print(f"{done.target:<16} {done.tried:>9,} inputs, {done.reached:>5,} places reached: {outcome}")
    if done.fault:
        print(f"{done.fault}\nfuzzing/found/{done.target}.txt:\n{done.breaking!r}")


def _keep(target: Target, done: Hunt) -> None:
    kept = distilled(target, [*target.corpus, *done.inputs])
    write(CORPUS / f"{target.name}.txt", kept)
    print(f"{'':<16} {len(kept)} inputs are kept, {sum(map(len, kept)):,} bytes")


if __name__ == "__main__":
    sys.exit(main())
