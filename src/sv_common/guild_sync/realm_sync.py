"""Keeping the realms of a guild's region known, with their names in every language that its players' clients may have."""

from __future__ import annotations

from datetime import timedelta

from sv_common.db.pool import Pool
from sv_common.guild_sync.core.errors import SourceError
from sv_common.guild_sync.core.reports import SyncReport
from sv_common.guild_sync.roster import guilds, realms
from sv_common.guild_sync.sources.ports import RealmSource

KEPT = timedelta(days=7)
"""Age at which the realms of a region are fetched again; realms come and go a few times a year."""


async def refresh_realms(pool: Pool, source: RealmSource, *, guild_id: int | None = None) -> SyncReport:
    """Fetch the realms of a guild's region where they are older than a week; counts none where they are not.

    That they cannot be had is a notice and never an error: uploads are then matched by the realms known before, or by
    the roster's own.
    """
    async with pool.installation() as conn:
        guild = await guilds.the_only(conn, guild_id)
        is_due = await realms.is_due(conn, guild.region, age=KEPT)
    if not is_due:
        return SyncReport("realms", {"realms": 0})
    try:
        index = await source.fetch_realms(guild.region)
    except SourceError as error:
        return SyncReport("realms", {"realms": 0}, (f"The list of realms could not be read again. {error}",))
    async with pool.installation() as conn:
        await realms.write(conn, guild.region, index.realms)
    return SyncReport("realms", {"realms": len(index.realms)})
