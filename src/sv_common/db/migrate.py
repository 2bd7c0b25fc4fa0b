"""Bring a database to the newest schema."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import psycopg
import sqlalchemy
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

MIGRATIONS = Path(__file__).with_name("migrations")
_ONE_AT_A_TIME = 7_283_000  # advisory lock: two processes that start together migrate one after the other


def upgrade(database_url: str, revision: str = "head") -> str:
    """Migrate the database up to `revision`, in one transaction; return the revision that it then has."""
    config = _config()
    with _engine(database_url).begin() as connection:
        connection.exec_driver_sql(f"select pg_advisory_xact_lock({_ONE_AT_A_TIME})")
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
        return _revision_of(connection) or ""


def downgrade(database_url: str, revision: str) -> None:
    """Migrate the database down to `revision` ("base" for empty). For tests of migrations only: it drops data."""
    config = _config()
    with _engine(database_url).begin() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, revision)


def current_revision(database_url: str) -> str | None:
    """Return the revision that the database has; None for one that was never migrated."""
    with psycopg.connect(database_url) as connection:
        try:
            row = connection.execute("select version_num from public.alembic_version").fetchone()
        except psycopg.errors.UndefinedTable:
            return None
    return row[0] if row else None


def newest_revision() -> str:
    """Return the revision that this version of the product needs."""
    return revisions()[-1]


@cache
def revisions() -> tuple[str, ...]:
    """Return all revisions that this version of the product knows, oldest first."""
    script = ScriptDirectory.from_config(_config())
    return tuple(each.revision for each in script.walk_revisions())[::-1]


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    return config


def _engine(database_url: str) -> sqlalchemy.Engine:
    return sqlalchemy.create_engine(
        database_url.replace("postgresql://", "postgresql+psycopg://", 1),
        poolclass=sqlalchemy.NullPool,
        connect_args={"prepare_threshold": None},  # a pooler may give each transaction another connection
    )


def _revision_of(connection: sqlalchemy.Connection) -> str | None:
    return MigrationContext.configure(connection, opts={"version_table_schema": "public"}).get_current_revision()
