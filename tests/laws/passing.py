"""Days that pass at once: every moment in the database lies further back."""

from __future__ import annotations

from psycopg import sql

from sv_common.db.pool import Pool

_MOMENTS = """
select c.oid::regclass::text, array_agg(a.attname::text)
from pg_class c
join pg_attribute a on a.attrelid = c.oid and a.atttypid = 'timestamptz'::regtype and a.attgenerated = '' and not a.attisdropped
where c.relkind = 'r' and c.relnamespace in ('common'::regnamespace, 'guild_identity'::regnamespace)
group by c.oid
"""


async def let_days_pass(pool: Pool, days: int) -> None:
    """Let everything that was written be so many days older."""
    async with pool.connection() as conn:
        await conn.execute("set local session_replication_role = replica")
        for table, columns in await (await conn.execute(_MOMENTS)).fetchall():
            moved = sql.SQL(", ").join(
                sql.SQL("{0} = {0} - make_interval(days => {1})").format(sql.Identifier(each), days) for each in columns
            )
            await conn.execute(sql.SQL("update {} set {}").format(sql.Identifier(*table.split(".")), moved))
