"""`patt simulate`: what many guilds cost for some days, on a fake clock."""

from __future__ import annotations

import logging
from typing import Annotated

import typer

from patt.bootstrap import run
from patt.cli.output import JsonOption, out, print_json, table
from server_folders import folder_for_a_server
from simulation.business import Business, live
from simulation.life import Plan
from sv_common.db import embedded, migrate

_LARGEST_TABLES = 6


def simulate(
    guilds: Annotated[int, typer.Option(min=1, max=10_000, help="How many guilds.")] = 4,
    days: Annotated[int, typer.Option(min=1, max=365, help="How many days.")] = 1,
    characters: Annotated[
        int | None, typer.Option(min=4, max=1000, help="Characters of each guild; left out, 8 to 20, and 120 in some.")
    ] = None,
    seed: Annotated[int, typer.Option(min=0, max=999_999, help="What chance starts from.")] = 1,
    as_json: JsonOption = False,
) -> None:
    logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)  # which minds answers that are cut on purpose
    url = embedded.recreate_database(embedded.start(folder_for_a_server() / "data"), "business")
    migrate.upgrade(url)
    business = run(live(url, Plan(guilds, days, seed, characters=characters, lanes=1)))
    if as_json:
        print_json(business.as_json())
    else:
        _print(business)
    if not business.laws_hold:
        raise typer.Exit(1)


def _print(told: Business) -> None:
    age = told.queue_age_s
    rows = [
        ("machine", f"{told.cores} cores, {told.memory_gb} GB"),
        ("simulated", f"{told.guilds} guilds with {told.characters} characters, {told.days} days, seed {told.seed}"),
        ("jobs of a guild and day", f"{told.jobs_per_guild_and_day}"),
        ("work of a guild and day", f"{told.work_s_per_guild_and_day} s of processors"),
        ("of that the database", f"{told.work_of_database:.0%}"),
        ("jobs in a second of work", f"{told.jobs_per_second}"),
        ("one worker is busy", f"{told.busy:.2%}"),
        ("guilds that would fill one worker", f"{told.guilds_per_worker:,}"),
        ("age in the queue: p50, p99, most", f"{age['p50']} s, {age['p99']} s, {age['most']} s"),
        *(
            (f"requests to {name}, guild and day", f"{count:,}")
            for name, count in told.requests_per_guild_and_day.items()
        ),
        *((f"most to {w.service} in {w.seconds:,.2g} s", f"{w.largest:,} of {w.most:,}") for w in told.budgets),
        ("growth of a guild and day", f"{told.growth_bytes_per_guild_and_day / 1024:,.0f} KB"),
        *(
            (f"rows of {name}, guild and day", f"{count:,}")
            for name, count in list(told.rows_per_guild_and_day.items())[:_LARGEST_TABLES]
        ),
        ("laws", "every one held" if told.laws_hold else f"broken: {told.broken_law}"),
        ("took", f"{told.took_s} s"),
    ]
    table("what", "figure", rows=rows)
    out.print()
