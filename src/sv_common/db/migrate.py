"""Bring a database to the newest schema."""

from __future__ import annotations

from functools import cache, partial
from pathlib import Path
from typing import Any

import psycopg
import sqlalchemy
from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from sv_common.guild_sync.core.errors import ConfigurationError
from sv_common.guild_sync.core.language import tr

_ENCODING = "UTF8"
_REMEDY = "create database patt template template0 encoding 'UTF8' locale 'C.UTF-8'"
_FOLDS = """
select lower(U&'\\00C9') = U&'\\00E9'
       or exists (select from pg_collation where collname in ('pg_c_utf8', 'und-x-icu'))
"""
MIGRATIONS = Path(__file__).with_name("migrations")
LONGEST_WAIT = "15s"
"""How long an upgrade waits for a table that another process uses."""
_ONE_AT_A_TIME = 7_283_000  # advisory lock: two processes that start together migrate one after the other


def upgrade(database_url: str, revision: str = "head") -> str:
    """Migrate the database up to `revision`, in one transaction; return the revision that it then has.

    Raises what the migration or the database raises; the database is as it was then. What others use is not waited for long,
    because whatever comes after waits behind the upgrade.
    """
    config = _config()
    with _engine(database_url).begin() as connection:
        connection.exec_driver_sql(f"select pg_advisory_xact_lock({_ONE_AT_A_TIME})")
        connection.exec_driver_sql(f"set local lock_timeout = '{LONGEST_WAIT}'")
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
    """Return the revision that the database has; None for one that was never migrated.

    Raises `ConfigurationError` for a database that cannot hold or fold the letters of every alphabet.
    """
    with _connect(database_url) as connection:
        _check_letters(connection)
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


def _connect(database_url: str) -> psycopg.Connection[Any]:
    """Connect as the pools do, where a pooler may give each transaction another connection.

    SQLAlchemy itself knows no address of several servers.
    """
    return psycopg.connect(database_url, client_encoding="utf8", prepare_threshold=None)


def _engine(database_url: str) -> sqlalchemy.Engine:
    return sqlalchemy.create_engine(
        "postgresql+psycopg://", creator=partial(_connect, database_url), poolclass=sqlalchemy.NullPool
    )


def _check_letters(connection: psycopg.Connection[Any]) -> None:
    encoding, name = connection.info.parameter_status("server_encoding"), connection.info.dbname
    if encoding != _ENCODING:
        fault = tr(
            "The database {name} has the encoding {encoding}, and PATT needs UTF8.", name=name, encoding=encoding
        )
    elif not (connection.execute(_FOLDS).fetchone() or (False,))[0]:
        fault = tr("The database {name} cannot change the case of letters such as É.", name=name)
    else:
        return
    remedy = tr(
        "As an administrator of the database server run: {command}. Then set PATT_DATABASE_URL to that database.",
        command=_REMEDY,
    )
    raise ConfigurationError(f"{fault} {remedy}")


def _revision_of(connection: sqlalchemy.Connection) -> str | None:
    return MigrationContext.configure(connection, opts={"version_table_schema": "public"}).get_current_revision()
