"""How long it takes to group a guild's characters into accounts: it must grow with their number alone.

`python -m benchmarks.accounts` prints the time for 827 characters, a full guild of 1,000, and ten times as many, each as a ratio to the
first: where all are known by their pets, where a share is known by achievements instead, and where all are. `--json` for one list.
"""

from __future__ import annotations

import argparse
import json
import random
import time
from collections.abc import Mapping
from datetime import UTC, datetime

from sv_common.guild_sync.accounts.earned import earned_of
from sv_common.guild_sync.accounts.evidence import Evidence, Reading, grouped
from sv_common.guild_sync.accounts.hashes import EvidenceKey
from sv_common.guild_sync.accounts.kinds import Kept
from sv_common.guild_sync.accounts.sketch import sketch_of
from sv_common.guild_sync.simulators.accounts import WorldAccount
from sv_common.guild_sync.sources.models import Achievement, Pet

SIZES = (827, 1_000, 10_000)
SHARES = (0.0, 0.1, 1.0)
"""Of the accounts that are known by achievements. Measured in one guild: some hundredths."""

ACCOUNT_SIZES = (1, 1, 1, 2, 2, 3, 8, 30)
PETS = 300
TRIES = 5
KEY = EvidenceKey(b"benchmark", "us")
NOW = datetime(2026, 1, 1, tzinfo=UTC)


def made_up(characters: int, share: float, seed: int = 1) -> dict[int, Evidence]:
    """Return what is known of so many characters, most with an account of their own or a few others."""
    sizes, chance = random.Random(seed), random.Random(seed)  # noqa: S311 -- made up on purpose
    found: dict[int, Evidence] = {}
    while len(found) < characters:
        own = Evidence(NOW, "read", Reading(_kept(chance, share, len(found)), NOW))
        for _ in range(min(sizes.choice(ACCOUNT_SIZES), characters - len(found))):
            found[len(found) + 1] = own
    return found


def _kept(chance: random.Random, share: float, number: int) -> Kept:
    """Make up an account. By achievements, one in three shares four of them with strangers."""
    if chance.random() < share:
        drawn = WorldAccount.drawn(f"benchmark {number}")
        return earned_of(KEY, [Achievement(*each) for each in drawn.achievements.items()], NOW)
    return sketch_of(KEY, (Pet(chance.randint(1, 3 * 10**8), chance.randint(1, 2_047)) for _ in range(PETS)))


def seconds(known: Mapping[int, Evidence]) -> float:
    """Return the fastest of some tries, by the time of the processor: other work on the machine only makes it longer."""
    taken = []
    for _ in range(TRIES):
        began = time.process_time()
        grouped(known)
        taken.append(time.process_time() - began)
    return min(taken)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    as_json = parser.parse_args().json
    rows = []
    for share in SHARES:
        taken = {size: seconds(made_up(size, share)) for size in SIZES}
        first = taken[SIZES[0]]
        rows += [
            {
                "by achievements": f"{share:.0%}",
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
        line = "{characters:>7} characters, {by achievements:>4} by achievements  {ms:>8} ms  {ratio:>6}×  (linear: {linear}×)"
        print(line.format_map(row))


if __name__ == "__main__":
    main()
