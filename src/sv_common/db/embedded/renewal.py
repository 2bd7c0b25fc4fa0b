"""Bringing data to a newer major version of PostgreSQL: dumped by the old server, restored into the new one, compared, kept."""

from __future__ import annotations

import re
import shutil
import subprocess
import time
from pathlib import Path
from urllib.parse import quote

import psycopg
from psycopg import sql

from sv_common.db.embedded import binaries
from sv_common.db.embedded.cluster import CREATE_DATABASE, SUPERUSER, Cluster, ServerNotStarted
from sv_common.guild_sync.core.language import tr

KEPT_FOR_S = 7 * 86400
"""How long the old data stay beside the new ones."""

_OLD = ".old"
_NEW = ".new"
_ROLES = """
select rolname, rolcanlogin, rolcreaterole, rolcreatedb, rolinherit, rolsuper, rolbypassrls
from pg_roles where rolname !~ '^pg_' order by 1
"""
_MEMBERS = """
select granted.rolname, member.rolname from pg_auth_members
join pg_roles granted on granted.oid = roleid join pg_roles member on member.oid = pg_auth_members.member
where granted.rolname !~ '^pg_' order by 1, 2
"""
_DATABASES = "select datname from pg_database where datallowconn and not datistemplate order by 1"
_TABLES = """
select format('%I.%I', nspname, relname) from pg_class join pg_namespace on pg_namespace.oid = relnamespace
where relkind = 'r' and nspname !~ '^pg_' and nspname <> 'information_schema' order by 1
"""
_CONTENT = "select count(*), coalesce(sum(hashtextextended(row_to_json(each)::text, 0)), 0) from {} each"


def make_current(cluster: Cluster, major: int) -> None:
    """Let there be data of the major version in use: made where there are none, renewed where they are older.

    The old ones are kept until the new ones were compared with them, and then for a week. Raises `ServerNotStarted`.
    """
    present = sorted(int(each.parent.name) for each in cluster.home.glob("*/PG_VERSION") if each.parent.name.isdigit())
    if present and present[-1] > major:
        raise ServerNotStarted(
            tr(
                "the data were written by PostgreSQL {major}, which is newer than the {own} of this version of PATT. "
                "Use the newer version of PATT",
                major=present[-1],
                own=major,
            )
        )
    old_programs = binaries.of_major(present[-1]) if present else None
    new = Cluster(cluster.home, cluster.name + _NEW, cluster.programs, cluster.account, cluster.reach)
    new.stop()
    new.make()
    if old_programs is None:
        new.data.rename(cluster.data)
        return
    old = Cluster(cluster.home, str(present[-1]), old_programs, new.account, new.reach)
    _renew(old, new)
    kept = old.data.with_name(old.name + _OLD)
    shutil.rmtree(kept, ignore_errors=True)
    new.data.rename(cluster.data)
    old.data.rename(kept)
    (cluster.home / f"{kept.name}.since").write_text(str(time.time()), encoding="ascii")


def _renew(old: Cluster, new: Cluster) -> None:
    old.start()
    try:
        new.start()
        try:
            _copy_roles(old, new)
            with psycopg.connect(old.get_uri()) as connection:
                databases = [row[0] for row in connection.execute(_DATABASES)]
            for name in databases:
                if name != SUPERUSER:
                    with psycopg.connect(new.get_uri(), autocommit=True) as connection:
                        connection.execute(sql.SQL(CREATE_DATABASE).format(sql.Identifier(name)))
                _copy(old, new, name)
                if _contents(old.get_uri(name)) != _contents(new.get_uri(name)):
                    raise ServerNotStarted(
                        tr(
                            "the database {name} was not the same after its renewal; the old one is as it was",
                            name=name,
                        )
                    )
        finally:
            new.stop()
    finally:
        old.stop()


def _copy_roles(old: Cluster, new: Cluster) -> None:
    with psycopg.connect(old.get_uri()) as connection:
        roles, members = connection.execute(_ROLES).fetchall(), connection.execute(_MEMBERS).fetchall()
    words = ("login", "createrole", "createdb", "inherit", "superuser", "bypassrls")
    with psycopg.connect(new.get_uri(), autocommit=True) as connection:
        for name, *may in roles:
            if name != SUPERUSER:
                rights = sql.SQL(" ").join(
                    sql.SQL(word if yes else f"no{word}") for word, yes in zip(words, may, strict=True)
                )
                connection.execute(sql.SQL("create role {} {}").format(sql.Identifier(name), rights))
        for granted, member in members:
            connection.execute(sql.SQL("grant {} to {}").format(sql.Identifier(granted), sql.Identifier(member)))


def _copy(old: Cluster, new: Cluster, database: str) -> None:
    """Copy one database: what pg_dump of the new version writes goes straight into its pg_restore."""
    file = new.home / f"{quote(database, safe='')}.dump"
    try:
        file.touch(mode=0o600)
        _call("pg_dump", "--format=custom", f"--file={file}", f"--dbname={old.get_uri(database)}")
        _call("pg_restore", "--exit-on-error", f"--dbname={new.get_uri(database)}", str(file))
    finally:
        file.unlink(missing_ok=True)


def _call(name: str, *arguments: str) -> None:
    done = subprocess.run(  # noqa: S603 -- a program of the wheel
        [binaries.client(name), *arguments], capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        said = re.sub(r"\s+", " ", done.stderr.strip())
        raise ServerNotStarted(
            tr("the data could not be brought to a newer PostgreSQL, and are as they were: {reason}", reason=said)
        )


def _contents(url: str) -> dict[str, object]:
    """Return of each table how many rows it has, and a sum of what they hold."""
    with psycopg.connect(url) as connection:
        tables = [row[0] for row in connection.execute(_TABLES)]
        return {
            table: connection.execute(sql.SQL(_CONTENT).format(sql.SQL(table))).fetchone()  # quoted by the catalog
            for table in tables
        }


def forget_old(home: Path) -> None:
    """Remove old data that were kept long enough."""
    for since in home.glob(f"*{_OLD}.since"):
        if time.time() - float(since.read_text(encoding="ascii")) > KEPT_FOR_S:
            shutil.rmtree(home / since.stem, ignore_errors=True)
            since.unlink()
