"""One database that many tests take in turn: each leaves rows, and they are deleted before the next."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg import sql

_LONGEST_GOODBYE_MS = 10_000
"""How long a connection that a test left open may take to end."""

_TABLES = """
select format('%I.%I', schemaname, tablename) from pg_tables
where schemaname in ('common', 'guild_identity', 'jobs') order by 1
"""
_SEQUENCES = """
select format('%I.%I', schemaname, sequencename) from pg_sequences
where schemaname in ('common', 'guild_identity', 'jobs') order by 1
"""
_SCHEMA = """
select (select version_num from public.alembic_version),
       (select array_agg(format('%s %s', relname, relkind) order by oid) from pg_class where relnamespace >= 16384),
       (select array_agg(proname order by oid) from pg_proc where pronamespace >= 16384),
       (select array_agg(tgname order by oid) from pg_trigger where not tgisinternal)
"""
_END_OTHER_CONNECTIONS = """
select pg_terminate_backend(pid, %s) from pg_stat_activity
where datname = current_database() and pid <> pg_backend_pid() and application_name <> %s
"""

_CARELESS = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "max_wal_size": "256MB",  # it may lie in memory
    "checkpoint_warning": "0",
}

KEPT = "kept by the tests"
"""Connections of this name outlive the test that used them: what they have planned and cached serves the next."""


@dataclass(frozen=True)
class DatabaseToEmpty:
    """A migrated database whose schema stays as it is, and the statements that delete every row of it."""

    url: str
    connection: psycopg.Connection
    emptying: sql.Composed
    schema: Any

    @classmethod
    @contextlib.contextmanager
    def at(cls, url: str) -> Iterator[DatabaseToEmpty]:
        """Keep a connection to a migrated database that holds no row yet. Raises `AssertionError` if it holds one."""
        with psycopg.connect(url, autocommit=True) as connection:
            tables = [row[0] for row in connection.execute(_TABLES)]
            for table in tables:
                count = sql.SQL("select count(*) from {}").format(sql.SQL(table))
                assert connection.execute(count).fetchone() == (0,), (
                    f"{table} begins with rows; keep them when emptying"
                )
            sequences = [row[0] for row in connection.execute(_SEQUENCES)]
            yield cls(url, connection, _emptying(tables, sequences), connection.execute(_SCHEMA).fetchone())

    def empty(self) -> None:
        """End all connections but those that are kept, delete every row, and let numbers begin anew.

        Raises `AssertionError` when the schema is not as it was at first.
        """
        self.connection.execute(_END_OTHER_CONNECTIONS, [_LONGEST_GOODBYE_MS, KEPT])
        self.connection.execute(self.emptying)
        schema = self.connection.execute(_SCHEMA).fetchone()
        assert schema == self.schema, "The test changed the schema: mark it own_database."


def without_waiting_for_the_disk(server_url: str) -> None:
    """Let a server answer before its disk does, and keep little of what it would need after a crash."""
    with psycopg.connect(server_url, autocommit=True) as connection:
        for setting, value in _CARELESS.items():
            connection.execute(sql.SQL("alter system set {} = {}").format(sql.Identifier(setting), value))
        connection.execute("select pg_reload_conf()")


def _emptying(tables: list[str], sequences: list[str]) -> sql.Composed:
    """Statements sent as one: with the role of a replica, neither triggers nor references are minded."""
    return sql.SQL("; ").join(
        [
            sql.SQL("begin"),
            sql.SQL("set local session_replication_role = replica"),
            *(sql.SQL("delete from {}").format(sql.SQL(table)) for table in tables),
            sql.SQL("select ") + sql.SQL(", ").join(_restart(sequence) for sequence in sequences),
            sql.SQL("commit"),
        ]
    )


def _restart(sequence: str) -> sql.Composed:
    return sql.SQL("setval({}, 1, false)").format(sql.Literal(sequence))
