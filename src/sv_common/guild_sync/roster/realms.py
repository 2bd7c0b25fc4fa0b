"""The realms of each region, as Battle.net lists them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from psycopg.types.json import Jsonb

from sv_common.db.pool import Connection, GuildConnection
from sv_common.db.sql import load_sql
from sv_common.guild_sync.sources.models import Realm, RealmIndex

SQL = load_sql(__package__, "realms.sql")


async def is_due(conn: Connection, region: str, *, age: timedelta) -> bool:
    """Whether the realms of a region were not fetched for `age`, or never."""
    row = await (await conn.execute(SQL["is_due"], {"region": region, "age": age})).fetchone()
    return row is None or bool(row[0])


async def write(conn: Connection, region: str, realms: Sequence[Realm]) -> None:
    values = {
        "region": region,
        "realm_ids": [realm.realm_id for realm in realms],
        "slugs": [realm.slug for realm in realms],
        "names": [Jsonb(realm.names) for realm in realms],
    }
    await conn.execute(SQL["write"], values)


async def of_guild(guild: GuildConnection) -> RealmIndex:
    """Return the realms of a guild's region; an empty index where they were never fetched."""
    rows = await guild.rows(SQL["of_guild"])
    return RealmIndex([Realm(realm_id, slug, tuple(names)) for realm_id, slug, names in rows])
