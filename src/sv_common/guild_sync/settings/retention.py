"""Where it is stored for how many days a guild keeps what grows."""

from __future__ import annotations

from collections.abc import Mapping

from psycopg.types.json import Jsonb

from sv_common.db.pool import GuildConnection
from sv_common.db.sql import load_sql

SQL = load_sql(__package__, "retention.sql")


async def read(guild: GuildConnection) -> Mapping[str, int]:
    """Return what the guild has set; what is not there is the default of `LIVES`."""
    return await guild.value(SQL["read"]) or {}


async def write(guild: GuildConnection, days: Mapping[str, int], *, actor: str) -> None:
    await guild.run(SQL["write"], days=Jsonb(dict(days)), actor=actor)
