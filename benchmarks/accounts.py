"""How long it takes to group a guild's characters into accounts: it must grow with their number alone.

`python -m benchmarks.accounts` prints the time for 827 characters, a full guild of 1,000, and ten times as many, each as a ratio to the
first; `--json` for one object.
"""

from __future__ import annotations

import argparse
import json
import random
import time
from collections.abc import Mapping

from sv_common.guild_sync.accounts.grouping import group
from sv_common.guild_sync.accounts.sketch import Sketch, SketchKey
from sv_common.guild_sync.sources.models import Pet

SIZES = (827, 1_000, 10_000)
ACCOUNT_SIZES = (1, 1, 1, 2, 2, 3, 8, 30)
PETS = 300
TRIES = 5


def made_up(characters: int, seed: int = 1) -> dict[int, Sketch]:
    """Return sketches of so many characters, most with an account of their own or a few others."""
    chance = random.Random(seed)  # noqa: S311 -- made up on purpose
    key = SketchKey(b"benchmark", "us")
    found: dict[int, Sketch] = {}
    while len(found) < characters:
        own = key.sketch(Pet(chance.randint(1, 3 * 10**8), chance.randint(1, 2_047)) for _ in range(PETS))
        for _ in range(min(chance.choice(ACCOUNT_SIZES), characters - len(found))):
            found[len(found) + 1] = own
    return found


def seconds(sketches: Mapping[int, Sketch]) -> float:
    """Return the fastest of some tries."""
    taken = []
    for _ in range(TRIES):
        began = time.perf_counter()
        group(sketches)
        taken.append(time.perf_counter() - began)
    return min(taken)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    as_json = parser.parse_args().json
    taken = {size: seconds(made_up(size)) for size in SIZES}
    first = taken[SIZES[0]]
    rows = [
        {
            "characters": size,
            "ms": round(each * 1000, 1),
            "ratio": round(each / first, 2),
            "linear": round(size / SIZES[0], 2),
        }
        for size, each in taken.items()
    ]
    if as_json:
        print(json.dumps(rows))
        return
    for row in rows:
        print("{characters:>7} characters  {ms:>8} ms  {ratio:>6}×  (linear: {linear}×)".format(**row))


if __name__ == "__main__":
    main()
