"""The roles that the set-up gave to the ranks of the simulated guild."""

from __future__ import annotations

import psycopg

NAMED = {0: "Guild Master", 1: "Officer", 2: "Veteran", 4: "Member", 6: "Social"}


def mapping(database: psycopg.Connection) -> dict[int, str | None]:
    rows = database.execute("select wow_rank_index, discord_role_name from common.guild_ranks order by 1").fetchall()
    return dict(rows)
