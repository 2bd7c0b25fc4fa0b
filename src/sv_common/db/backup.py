"""One file that holds a database, and putting it back.

The file begins with a line that has the checksum of all that follows: a ZIP archive with a manifest and what pg_dump wrote of
one moment. It is put back in one transaction, which is committed only when every table has as many rows as the manifest says.
So until then, and if anything goes wrong or the process is killed, the database is as it was.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import subprocess
import tempfile
import time
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from sv_common.db import migrate
from sv_common.db.embedded import binaries
from sv_common.db.sql import load_sql
from sv_common.guild_sync.core.errors import BadInput, Busy, ConfigurationError, Refused
from sv_common.guild_sync.core.language import tr, tr_n

SQL = load_sql(__package__, "backup.sql")
SCHEMAS = ("common", "guild_identity", "jobs")
FORMAT = 1

_MAGIC = b"PATT backup "
_HEAD = re.compile(rb"PATT backup (\d+) ([0-9a-f]{64})\n")
_HEAD_BYTES = len(_MAGIC) + 2 + 64 + 1
_MANIFEST, _DUMP = "manifest.json", "database.dump"
_CHUNK = 1 << 20
_LONGEST_GOODBYE_S = 5.0
_PAUSE_S = 0.05
_FIRST_WITH_TRANSACTION_TIMEOUT = 17
_REVISION = sql.SQL(
    "create table public.alembic_version (version_num varchar(32) not null constraint alembic_version_pkc primary key);\n"
    "insert into public.alembic_version values ({});\n"
)
_LOOK = sql.SQL("if (select count(*) from {table}) <> {count} then raise exception using message = {fault}; end if;\n")
_TABLE = re.compile(r'[\w."]+')


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """What a database holds: its schema's revision, its guilds, and how many rows each table has."""

    schema: str | None
    guilds: Sequence[str] = ()
    tables: Mapping[str, int] = field(default_factory=dict)

    @property
    def rows(self) -> int:
        return sum(self.tables.values())

    @property
    def is_empty(self) -> bool:
        return not self.tables


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest(Contents):
    """What a backup says about itself. `settings` are lines of a settings file, without their secrets unless asked for."""

    version: str
    made_at: datetime
    settings: Mapping[str, str] = field(default_factory=dict)
    with_secrets: bool = False


def contents(url: str) -> Contents:
    """Return what a database holds. Raises like psycopg where it does not answer."""
    with psycopg.connect(url) as connection:
        return _contents(connection, migrate.current_revision(url))


def write(
    url: str, file: Path, *, version: str, settings: Mapping[str, str] | None = None, with_secrets: bool = False
) -> Manifest:
    """Write a backup of a database into a new file that only its owner may read; return what is in it.

    Raises `BadInput` for a file that exists or cannot be written, and `ConfigurationError` where the database cannot be read.
    """
    if file.exists():
        raise BadInput(tr("{file} exists. Name a new file.", file=file))
    being_written = file.with_name(f".{file.name}.{os.getpid()}")
    try:
        with (
            # Beside the file: the folder for temporary files may be small, as in a container.
            tempfile.TemporaryDirectory(prefix=".patt-", dir=file.parent) as folder,
            open(being_written, "w+b", opener=_for_owner) as archive,
        ):
            dump = Path(folder) / _DUMP
            held = _dump(url, dump)
            manifest = Manifest(
                schema=held.schema,
                guilds=held.guilds,
                tables=held.tables,
                version=version,
                made_at=datetime.now(UTC),
                settings=settings or {},
                with_secrets=with_secrets,
            )
            _pack(archive, manifest, dump)
            os.fsync(archive.fileno())
        being_written.rename(file)
    except OSError as error:
        raise BadInput(tr("{file} cannot be written: {reason}.", file=file, reason=error.strerror)) from error
    finally:
        being_written.unlink(missing_ok=True)
    return manifest


def read(file: Path, called: str = "") -> Manifest:
    """Return what a backup says about itself, once its checksum was compared. `called`: how its owner calls the file.

    Raises `BadInput` for what is damaged or no backup, and `Refused` for what a newer version has made.
    """
    name = called or file
    try:
        with file.open("rb") as archive:
            head = _HEAD.fullmatch(archive.read(_HEAD_BYTES))
            if head is None:
                raise BadInput(tr("{file} is no backup of PATT, or its beginning is damaged.", file=name))
            if int(head[1]) > FORMAT:
                raise Refused(_newer(name))
            if _digest(archive).encode() != head[2]:
                raise BadInput(tr("{file} is damaged: its checksum is another one. Use another backup.", file=name))
            with zipfile.ZipFile(archive) as parts:
                found = json.loads(parts.read(_MANIFEST))
    except OSError as error:
        raise BadInput(tr("{file} cannot be read: {reason}.", file=name, reason=error.strerror)) from error
    manifest = Manifest(**{**found, "made_at": datetime.fromisoformat(found["made_at"])})
    if manifest.schema not in (None, *migrate.revisions()):
        raise Refused(_newer(name, manifest.version))
    return manifest


def restore(url: str, file: Path, manifest: Manifest) -> None:
    """Replace what a database holds by a backup that was read; its schema is the one of the backup then.

    Raises `Busy` while other processes use the database, and `ConfigurationError` where it cannot be done; nothing is changed then.
    """
    _check_unused(url)
    with tempfile.TemporaryDirectory(prefix="patt-") as name:
        folder = Path(name)
        with zipfile.ZipFile(file) as parts:
            parts.extract(_DUMP, folder)
        script, before, after = folder / "all.sql", folder / "before.sql", folder / "after.sql"
        _call(None, "pg_restore", "--no-owner", f"--file={script}", str(folder / _DUMP))
        before.write_text(SQL["clear"], encoding="utf-8")
        after.write_text(_proof(manifest), encoding="utf-8")
        options = ["--no-psqlrc", "--quiet", "--single-transaction", "--set=ON_ERROR_STOP=1"]
        _for_server(url, script)
        _call(url, "psql", *options, *(f"--file={each}" for each in (before, script, after)))


def _contents(connection: psycopg.Connection, schema: str | None) -> Contents:
    tables = [row[0] for row in connection.execute(SQL["tables"], {"schemas": list(SCHEMAS)})]
    counts = {}
    for table in tables:
        (counts[table],) = connection.execute(sql.SQL("select count(*) from {}").format(sql.SQL(table))).fetchone() or (
            0,
        )
    has_guilds = "guild_identity.guilds" in tables  # a damaged database may have lost any table
    guilds = [row[0] for row in connection.execute(SQL["guilds"])] if has_guilds else []
    return Contents(schema=schema, guilds=guilds, tables=counts)


def _dump(url: str, file: Path) -> Contents:
    with psycopg.connect(url) as connection:
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        (snapshot,) = connection.execute("select pg_export_snapshot()").fetchone() or ("",)
        held = _contents(connection, migrate.current_revision(url))
        if held.is_empty:
            raise ConfigurationError(tr("The database is empty: there is nothing to back up."))
        schemas = [f"--schema={schema}" for schema in SCHEMAS]
        _call(url, "pg_dump", "--format=custom", *schemas, f"--snapshot={snapshot}", f"--file={file}")
    return held


def _pack(archive: BinaryIO, manifest: Manifest, dump: Path) -> None:
    archive.write(b" " * _HEAD_BYTES)
    with zipfile.ZipFile(archive, "w") as parts:
        described = {**asdict(manifest), "made_at": manifest.made_at.isoformat()}
        parts.writestr(_MANIFEST, json.dumps(described, ensure_ascii=False, indent=2))
        parts.write(dump, _DUMP, zipfile.ZIP_DEFLATED)
    archive.seek(_HEAD_BYTES)
    head = _MAGIC + f"{FORMAT} {_digest(archive)}\n".encode()
    archive.seek(0)
    archive.write(head)
    archive.flush()


def _digest(archive: BinaryIO) -> str:
    digest = hashlib.sha256()
    while chunk := archive.read(_CHUNK):
        digest.update(chunk)
    return digest.hexdigest()


def _for_owner(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


def _newer(file: object, version: str | None = None) -> str:
    if version is None:
        return tr("{file} was made by a newer version of PATT. Install that version, then restore.", file=file)
    return tr(
        "{file} was made by PATT {version}, whose schema this version does not know. Install that version, then restore.",
        file=file,
        version=version,
    )


def _check_unused(url: str) -> None:
    """Raise `Busy` while others use the database. One that has just ended is waited for: the server notices it a moment later."""
    deadline = time.monotonic() + _LONGEST_GOODBYE_S
    with psycopg.connect(url, autocommit=True) as connection:
        while True:
            (others,) = connection.execute(SQL["others"]).fetchone() or (0,)
            if not others or time.monotonic() > deadline:
                break
            time.sleep(_PAUSE_S)
    if others:
        raise Busy(
            tr_n(
                "{n} other connection uses the database. Stop PATT first, then restore.",
                "{n} other connections use the database. Stop PATT first, then restore.",
                others,
            )
        )


def _proof(manifest: Manifest) -> str:
    """Return the end of the transaction: the revision, and a look at every table, whose failure undoes everything."""
    for table in manifest.tables:
        if _TABLE.fullmatch(table) is None:
            raise BadInput(tr("The backup names a table that cannot be: {table}.", table=table))
    looks = (
        _LOOK.format(table=sql.SQL(table), count=count, fault=f"not {count} rows in {table}")
        for table, count in manifest.tables.items()
    )
    revision = [] if manifest.schema is None else [_REVISION.format(manifest.schema)]
    return sql.SQL("").join([*revision, sql.SQL("do $$ begin\n"), *looks, sql.SQL("end $$;\n")]).as_string()


def _for_server(url: str, script: Path) -> None:
    """Take out of the script's beginning what an older server does not know."""
    with psycopg.connect(url) as connection:
        if connection.info.server_version >= _FIRST_WITH_TRANSACTION_TIMEOUT * 10_000:
            return
    original = script.rename(script.with_suffix(".original"))
    is_taken_out = False
    with original.open("rb") as lines, script.open("wb") as kept:
        for line in lines:
            if not is_taken_out and line.startswith(b"SET transaction_timeout = "):
                is_taken_out = True
            else:
                kept.write(line)


def _call(url: str | None, name: str, *arguments: str) -> None:
    """Run one of PostgreSQL's programs, with a database. Its password is no argument, which all users of a computer can read."""
    environment = {**os.environ, "LC_ALL": "C", "PGAPPNAME": "patt db"}
    if url is not None:
        parts = conninfo_to_dict(url)
        password = parts.pop("password", None)
        if password:
            environment["PGPASSWORD"] = str(password)
        arguments = (f"--dbname={make_conninfo('', **parts)}", *arguments)
    try:
        program = binaries.client(name)
    except binaries.ServerNotStarted as error:
        raise ConfigurationError(
            tr("{program} failed: {reason}. Nothing was changed.", program=name, reason=error)
        ) from error
    done = subprocess.run(  # noqa: S603 -- a program of the wheel
        [program, *arguments], capture_output=True, text=True, errors="replace", env=environment, check=False
    )
    if done.returncode != 0:
        raise ConfigurationError(
            tr("{program} failed: {reason}. Nothing was changed.", program=name, reason=_reason(done.stderr))
        )


def _reason(said: str) -> str:
    """Return the first error that a program named, without the places in files that nobody has."""
    lines = said.strip().splitlines()
    line = next((each for each in lines if "error" in each.lower()), lines[0] if lines else "")
    return re.sub(r"^(psql:\S+:\d+: |pg_\w+: )*(error: |ERROR:  )*", "", line).rstrip(".")
