"""Break everything, one thing at a time, in the middle of pipelines; judge what is left by the laws.

Prints each trial, and exits with 1 at the first law that is broken. The same seed gives the same guilds, faults, pipelines
and moments; how the processes then take turns is the system's business.
"""

from __future__ import annotations

import argparse
import itertools
import logging
import random
import signal
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from patt.bootstrap import run
from simulation.chaos.database import Database
from simulation.chaos.faults import FAULTS, NEEDS_SMALL_DISK, suits
from simulation.chaos.processes import LOG
from simulation.chaos.stage import open_stage
from simulation.chaos.trial import PIPELINES, strike
from simulation.tally import LawBroken

_LAST_LINES = 40


def main() -> None:
    """Run the trials from the command line, on a database that is thrown away."""
    given = _given()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))  # so that server and disk are put away
    logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)  # which minds answers that are cut on purpose
    logging.getLogger("psycopg.pool").setLevel(logging.CRITICAL)  # which minds connections that are cut on purpose
    database = Database.made()
    wanted = given.fault or list(FAULTS)
    if not database.has_small_disk and NEEDS_SMALL_DISK in wanted:
        wanted.remove(NEEDS_SMALL_DISK)
        print(f"Not tried: {NEEDS_SMALL_DISK}. No small disk can be mounted here, which takes root on Linux.")
    trials = _trials(given.seed, wanted, given.pipeline or list(PIPELINES), every=given.every)
    sys.exit(run(_all(database, given, trials[: given.trials])))


def _given() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m simulation.chaos", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--seed", type=int, default=1, help="what chance starts from (default: 1)")
    parser.add_argument("--guilds", type=int, default=2, help="how many guilds (default: 2)")
    parser.add_argument("--characters", type=int, default=6, help="of so many characters (default: 6)")
    parser.add_argument("--every", action="store_true", help="each fault in each pipeline, instead of each fault once")
    parser.add_argument("--trials", type=int, help="no more than so many")
    parser.add_argument("--fault", action="append", choices=list(FAULTS), help="only this one; may be repeated")
    parser.add_argument("--pipeline", action="append", choices=list(PIPELINES), help="only this one; may be repeated")
    return parser.parse_args()


def _trials(seed: int, faults: Sequence[str], pipelines: Sequence[str], *, every: bool) -> list[tuple[str, str]]:
    """Deal out pipelines to faults, in an order that chance gives; to a source's faults those that ask that source."""
    rng = random.Random(f"trials {seed}")  # noqa: S311 -- repeatable on purpose, guards nothing
    if every:
        dealt = list(itertools.product(pipelines, faults))
    else:
        dealt = [
            (rng.choice([each for each in pipelines if suits(fault, each)] or pipelines), fault) for fault in faults
        ]
    return rng.sample(dealt, len(dealt))


async def _all(database: Database, given: argparse.Namespace, trials: Sequence[tuple[str, str]]) -> int:
    """Do every trial; return the exit code."""
    began = time.monotonic()
    broken, done = "", 0
    pipeline, fault = "the start", "none"
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        try:
            async with open_stage(
                database, folder, guilds=given.guilds, characters=given.characters, seed=given.seed
            ) as stage:
                print(f"ready after {time.monotonic() - began:.0f} s", flush=True)
                for pipeline, fault in trials:
                    struck = await strike(stage, pipeline, fault)
                    place = f"step {struck.moment}, before “{struck.before}”" if struck.before else "after its end"
                    done += 1
                    print(f"{pipeline}: {fault} ({place}): well after {struck.seconds:.1f} s", flush=True)
                watched = stage.health
        except* (LawBroken, TimeoutError) as errors:
            broken = f"{pipeline}, {fault}: {_first(errors)!r}"
            print("\n".join((folder / LOG).read_text(errors="replace").splitlines()[-_LAST_LINES:]))
    if not broken:
        print(f"/health was asked {watched.asked} times, and in {watched.outages} outages: it always told the truth,")
        print(f"within {watched.slowest_s:.1f} s at most.")
    print(f"{done} trials in {time.monotonic() - began:.0f} s")
    print(f"\nBroken law: {broken}" if broken else "\nEvery law held, and nothing was repaired by anybody.")
    return 1 if broken else 0


def _first(errors: BaseExceptionGroup[BaseException]) -> BaseException:
    first = errors.exceptions[0]
    return _first(first) if isinstance(first, BaseExceptionGroup) else first


if __name__ == "__main__":
    main()
