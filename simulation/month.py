"""Live a month with many guilds: real planner, pipelines and clients, simulated sources, a fake clock, and no peace.

Prints what was done, and exits with 1 at the first law that is broken.
"""

from __future__ import annotations

import argparse
import gc
import logging
import math
import sys
import time
from collections.abc import Iterator

from patt.bootstrap import run
from server_folders import folder_for_a_server
from simulation.life import Life, Plan, open_life
from simulation.tally import LawBroken
from sv_common.db import embedded, migrate

DATABASE_NAME = "simulated_month"


def main() -> None:
    """Run the simulation from the command line, on a database that is thrown away."""
    plan, minutes = _given()
    logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)  # which minds answers that are cut on purpose
    url = embedded.recreate_database(embedded.start(folder_for_a_server() / "data"), DATABASE_NAME)
    migrate.upgrade(url)
    sys.exit(run(_live(url, plan, minutes)))


def _given() -> tuple[Plan, float]:
    parser = argparse.ArgumentParser(prog="python -m simulation.month", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--guilds", type=int, default=50, help="how many guilds (default: 50)")
    parser.add_argument("--days", type=int, default=30, help="how many days (default: 30)")
    parser.add_argument("--seed", type=int, default=1, help="what chance starts from (default: 1)")
    parser.add_argument("--minutes", type=float, default=math.inf, help="begin no further day after so many minutes")
    given = parser.parse_args()
    return Plan(given.guilds, given.days, given.seed), given.minutes


async def _live(url: str, plan: Plan, minutes: float) -> int:
    """Live every day for which there is time; return the exit code."""
    began = time.monotonic()
    broken = ""
    async with open_life(url, plan) as life:
        gc.freeze()  # the guilds themselves, which no real worker would hold
        try:
            for day in range(1, plan.days + 1):
                day_began = time.monotonic()
                if day_began - began > minutes * 60:
                    break
                await life.live_a_day()
                print(f"day {day}: the laws hold ({time.monotonic() - day_began:.0f} s)", flush=True)
            await life.come_to_rest()
        except* LawBroken as broken_laws:
            broken = str(broken_laws.exceptions[0])
        print("\n".join(_report(life)))
    print(f"{time.monotonic() - began:.0f} s in all")
    print(f"\nBroken law: {broken}" if broken else "\nEvery law held to the end.")
    return 1 if broken else 0


def _report(life: Life) -> Iterator[str]:
    yield ""
    yield from life.tally.lines()
    yield f"requests ({life.budget.sent.total():,})"
    yield from (f"  {service:<34}{count:>12,}" for service, count in life.budget.sent.most_common())
    yield "most requests in any window, and how many there may be"
    for window in life.budget.windows:
        yield f"  {f'{window.service}, {window.seconds:,.0f} s':<34}{window.largest:>12,}{window.most:>12,}"
    yield "scheduled runs of a guild a day: fewest, mean, most"
    for pipeline, counts in life.laws.runs_a_day.items():
        yield f"  {pipeline:<34}{min(counts):>12}{sum(counts) / len(counts):>12.1f}{max(counts):>12}"
    yield f"most regular runs begun in one minute: {life.laws.busiest_minute}"
    yield f"links made or changed by automation: {life.laws.confirmed_links.automatic_links}"
    yield f"links made by account evidence: {life.laws.account_links.made}"
    yield f"rights and roles by a link that counts by its account: {life.laws.confirmed_links.rights_by_account}"
    yield f"roles given or taken by automation: {life.laws.confirmed_links.automatic_role_changes}"


if __name__ == "__main__":
    main()
