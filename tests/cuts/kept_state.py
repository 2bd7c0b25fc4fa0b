"""A database to which a test returns again and again: what is in it is kept, put back, and compared."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from dataclasses import dataclass

import psycopg
from psycopg import sql

from laws.snapshot import Snapshot, take
from sv_common.db.pool import Pool

_TABLES = """
select n.nspname, c.relname, array_agg(a.attname order by a.attnum) from pg_class c
join pg_namespace n on n.oid = c.relnamespace
join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
where n.nspname in ('common', 'guild_identity', 'jobs') and c.relkind = 'r' group by 1, 2 order by 1, 2
"""
_SEQUENCES = """
select format('%I.%I', schemaname, sequencename), coalesce(last_value, 1), last_value is not null from pg_sequences
where schemaname in ('common', 'guild_identity', 'jobs')
"""
_CHANGES_EACH_TIME = re.compile(
    r"\d{4}-\d\d-\d\d[T ][\d:.]+(?:\+00:00|Z)?|[0-9a-f]{32,}|(?<=\"duration_ms\": )\d+|(?<=\"duration_ms\\\": )\d+"
)
"""Moments, durations, and hashes of secrets that are new each time."""


_NOTED_BY_THE_WAY = ("last_used_at", "last_seen_at")
"""When a key or a session was last used: in a transaction of its own, whatever it is used for."""


@dataclass
class KeptState:
    """What a database held at one moment, and the statements that bring it back on a connection that stays."""

    url: str
    pool: Pool
    putting_back: sql.Composed
    connection: psycopg.Connection

    @classmethod
    @contextlib.contextmanager
    def of(cls, url: str, pool: Pool) -> Iterator[KeptState]:
        """Keep what is in a database now; the pool leads to it directly."""
        with psycopg.connect(url, autocommit=True) as conn:
            conn.execute("create schema kept")
            steps: list[sql.Composable] = [sql.SQL("begin"), sql.SQL("set local session_replication_role = replica")]
            for schema, table, columns in conn.execute(_TABLES).fetchall():
                original, copy = sql.Identifier(schema, table), sql.Identifier("kept", f"{schema} {table}")
                conn.execute(sql.SQL("create table {} as table {}").format(copy, original))
                names = sql.SQL(", ").join(map(sql.Identifier, columns))
                steps += [
                    sql.SQL("delete from {}").format(original),
                    sql.SQL("insert into {} ({}) overriding system value select {} from {}").format(
                        original, names, names, copy
                    ),
                ]
            for name, value, is_used in conn.execute(_SEQUENCES).fetchall():
                steps.append(sql.SQL("select setval({}, {}, {})").format(name, value, is_used))
        kept = cls(url, pool, sql.SQL("; ").join([*steps, sql.SQL("commit")]), _connect(url))
        yield kept
        kept.connection.close()

    def put_back(self) -> None:
        try:
            self.connection.execute(self.putting_back)
        except psycopg.OperationalError:  # a test has ended every connection
            self.connection.close()
            self.connection = _connect(self.url)
            self.connection.execute(self.putting_back)

    async def now(self) -> Snapshot:
        """Return what the database holds, apart from what is another each time."""
        found = await take(self.pool, without_columns=_NOTED_BY_THE_WAY)
        return {name: sorted(_CHANGES_EACH_TIME.sub("…", row) for row in rows) for name, rows in found.items()}

    def now_by(self, conn: psycopg.Connection) -> list[str]:
        """Return the same as `now`, as lines, without an event loop."""
        lines = []
        for schema, table, _ in conn.execute(_TABLES).fetchall():
            if schema != "jobs":
                rows = conn.execute(
                    sql.SQL("select (to_jsonb(t) - %s::text[])::text from {} t").format(sql.Identifier(schema, table)),
                    [list(_NOTED_BY_THE_WAY)],
                )
                lines += [f"{table} {_CHANGES_EACH_TIME.sub('…', row[0])}" for row in rows]
        return sorted(lines)


def _connect(url: str) -> psycopg.Connection:
    """A connection that does not wait for ever for work that was left behind."""
    return psycopg.connect(url, autocommit=True, options="-c lock_timeout=20s")
