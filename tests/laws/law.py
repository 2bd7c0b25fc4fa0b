"""How a law is tried: on how many guilds, and how reproducibly."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, settings

from sv_common.db.pool import Pool


def tried_on(guilds: int) -> settings:
    """The settings of a law that is tried on so many generated guilds; always the same ones in continuous integration.

    The database is one for the whole test on purpose: each example empties it first, with `empty`.
    """
    return settings(
        max_examples=guilds,
        deadline=None,
        derandomize=bool(os.environ.get("CI")),
        suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
    )


async def empty(pool: Pool) -> None:
    """Take every guild out of the database, with all that is theirs. Much faster here than `truncate`."""
    async with pool.connection() as conn:
        await conn.execute("delete from guild_identity.guilds")
