"""How a law is tried: on how many guilds, and how reproducibly."""

from __future__ import annotations

from hypothesis import HealthCheck, settings

import thoroughness
from sv_common.db.pool import Pool

AT_EVERY_COMMIT, AT_NIGHT = 8, 60
"""How many made-up guilds a law is tried on."""


def tried_on(guilds: int = AT_NIGHT) -> settings:
    """The settings of a law that is tried on so many generated guilds when everything is tried, and else on a few.

    The database is one for the whole test on purpose: each example empties it first, with `empty`.
    """
    return settings(
        max_examples=guilds if thoroughness.everything() else min(guilds, AT_EVERY_COMMIT),
        deadline=None,
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
    )


async def empty(pool: Pool) -> None:
    """Take every guild out of the database, with all that is theirs. Much faster here than `truncate`."""
    async with pool.connection() as conn:
        await conn.execute("delete from guild_identity.guilds")
