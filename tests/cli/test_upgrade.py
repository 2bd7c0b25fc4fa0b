"""Upgrades of the database: what fails leaves it as it was, and an older version says what to do with a newer one."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from cli.conftest import Practice
from db.catalog import catalog
from db.later_version import having, later_version
from db.release_states import rows
from sv_common.db import backup, embedded, migrate

NEXT = "create table common.newer (id bigint); alter table guild_identity.players add extra text"
THIS_VERSION = migrate.MIGRATIONS
GO_BACK = "To go back to this version, restore a backup from before the upgrade: patt db restore FILE"


def _state(url: str) -> tuple[object, ...]:
    return catalog(url), rows(url), migrate.current_revision(url)


def _kept(practice: Practice) -> list[Path]:
    return sorted((practice.folder / "data" / "backups").glob("*.patt"))


FAILING = {
    "in SQL": (("drop table guild_identity.no_such_table",), None, 'table "no_such_table" does not exist'),
    "for a row": (("alter table guild_identity.wow_characters add since date not null",), None, "contains null values"),
    "in Python": ((), "raise KeyError('players')", "KeyError: 'players'"),
}


@pytest.mark.parametrize(("statements", "python", "reason"), FAILING.values(), ids=FAILING)
def test_a_migration_that_fails_leaves_everything_as_it_was_and_says_what_to_do(
    practice: Practice, url: str, tmp_path: Path, statements: tuple[str, ...], python: str | None, reason: str
) -> None:
    before = _state(url)
    with later_version(tmp_path, NEXT, "delete from common.realms", *statements, python=python):
        failed = practice.patt("db", "upgrade")
    (kept,) = _kept(practice)
    assert failed.refuses("The database could not be upgraded")
    assert reason in failed.err
    assert (
        "Nothing was changed. That is a fault of this version: go on with the version that you had before" in failed.err
    )
    assert f"A backup from before is in {kept}." in failed.err
    assert "Traceback" not in failed.err
    assert _state(url) == before
    assert practice.patt("rules").code == 0
    assert practice.patt("db", "restore", str(kept), "--yes").code == 0
    assert _state(url) == before


def test_an_upgrade_without_a_backup_that_fails_names_none(practice: Practice, url: str, tmp_path: Path) -> None:
    with later_version(tmp_path, "select 1 / 0"):
        failed = practice.patt("db", "upgrade", "--no-backup")
    assert failed.refuses("division by zero. Nothing was changed.")
    assert "backup" not in failed.err


def test_an_upgrade_does_not_wait_for_ever_for_another_process(
    practice: Practice, url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(migrate, "LONGEST_WAIT", "200ms")
    before = _state(url)
    with later_version(tmp_path, NEXT), psycopg.connect(url) as other:
        other.execute("select count(*) from guild_identity.players")
        failed = practice.patt("db", "upgrade")
        assert failed.refuses("Stop every process of PATT, then run “patt db upgrade”.")
        other.rollback()
        assert _state(url) == before
        assert practice.patt("db", "upgrade").code == 0


def test_a_database_that_others_use_is_not_taken_over(
    practice: Practice, url: str, server: embedded.EmbeddedServer
) -> None:
    there = embedded.recreate_database(server, "of_others")
    with psycopg.connect(there) as conn:
        conn.execute("create schema common; create table common.theirs (id bigint)")
    practice.environment.setenv("PATT_DATABASE_URL", there)
    assert practice.patt("db", "upgrade").refuses("PATT needs a database of its own, in which there is nothing else.")
    assert "SCHEMA -.jobs" not in catalog(there)


def test_a_backup_of_an_older_version_that_cannot_be_upgraded_is_restored_and_says_where_the_rest_is(
    practice: Practice, url: str, tmp_path: Path
) -> None:
    file = practice.folder / "older.patt"
    assert practice.patt("db", "backup", str(file)).code == 0
    before = _state(url)
    with later_version(tmp_path, "select 1 / 0"):
        restored = practice.patt("db", "restore", str(file), "--yes")
    (kept,) = _kept(practice)
    assert restored.refuses("division by zero. Nothing was changed.")
    assert f"What it held before is in {kept}." in restored.out
    assert _state(url) == before


_UPGRADE = """
import sys
from pathlib import Path
from sv_common.db import migrate
migrate.MIGRATIONS = Path(sys.argv[2])
print("begins", flush=True)
migrate.upgrade(sys.argv[1])
"""


def test_an_upgrade_that_is_killed_leaves_everything_as_it_was(practice: Practice, url: str, tmp_path: Path) -> None:
    before = _state(url)
    with (
        later_version(tmp_path, NEXT, "select pg_sleep(2)") as migrations,
        subprocess.Popen(  # noqa: S603 -- this very program
            [sys.executable, "-c", _UPGRADE, url, str(migrations)], stdout=subprocess.PIPE
        ) as process,
        psycopg.connect(url, autocommit=True) as conn,
    ):
        assert process.stdout is not None
        process.stdout.readline()
        _wait(conn, "exists (select from pg_stat_activity where query like 'select pg_sleep%' and state = 'active')")
        process.kill()
        _wait(conn, f"({backup.SQL['others']}) = 0")
    assert _state(url) == before


def _wait(conn: psycopg.Connection, until: str) -> None:
    deadline = time.monotonic() + 30
    while conn.execute(f"select {until}".encode()).fetchone() != (True,):
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.fixture
def newer(practice: Practice, url: str, tmp_path: Path) -> Iterator[Path]:
    """The database was upgraded by a later version; yields the backup from before."""
    with later_version(tmp_path, NEXT):
        assert practice.patt("db", "upgrade").code == 0
        with having(THIS_VERSION):
            yield _kept(practice)[0]


DOORS = {
    "serve": ("serve", "--port", "0"),
    "worker": ("worker",),
    "upgrade": ("db", "upgrade"),
    "upgrade without a backup": ("db", "upgrade", "--no-backup"),
    "backup": ("db", "backup", "new.patt"),
    "init": ("init", "--yes"),
    "sync": ("sync", "battlenet"),
    "rules": ("rules",),
}


@pytest.mark.parametrize("words", DOORS.values(), ids=DOORS)
def test_an_older_version_opens_no_newer_database_and_says_what_to_do(
    practice: Practice, url: str, newer: Path, words: tuple[str, ...]
) -> None:
    before = _state(url)
    refused = practice.patt(*words)
    assert refused.refuses("has the schema 9001, which this version of PATT does not know")
    assert "Use the newer version that created it." in refused.err
    assert GO_BACK in refused.err
    assert "patt db upgrade" not in refused.err
    assert _state(url) == before


def test_what_looks_at_a_newer_database_advises_no_upgrade(practice: Practice, newer: Path) -> None:
    status = practice.patt("db", "status")
    assert status.code == 1
    message, remedy = practice.wrong()["schema"]
    for told in (status.out, f"{message} {remedy}"):
        assert "has the schema 9001, which this version of PATT does not know" in told
        assert GO_BACK in told
        assert "patt db upgrade" not in told


def test_what_looks_at_an_older_database_advises_the_upgrade(practice: Practice, url: str, tmp_path: Path) -> None:
    present = migrate.newest_revision()
    with later_version(tmp_path, NEXT):
        status = practice.patt("db", "status")
        refused = practice.patt("rules")
        wrong = practice.wrong()["schema"]
    sentence = f"The database has the schema {present}, and this version needs 9001."
    assert (status.code, status.out.strip()) == (1, f"{sentence} Run: patt db upgrade")
    assert refused.refuses(f"{sentence} Run: patt db upgrade")
    assert wrong == (sentence, "patt db upgrade")


def test_the_way_back_to_an_older_version_is_the_backup_from_before(practice: Practice, url: str, newer: Path) -> None:
    assert practice.patt("db", "restore", str(newer), "--yes").code == 0
    assert "TABLE common.newer" not in catalog(url)
    assert practice.patt("rules").code == 0
    kept = _kept(practice)[-1]
    with later_version(practice.folder / "again", NEXT):
        assert practice.patt("db", "restore", str(kept), "--yes").code == 0
        assert "TABLE common.newer" in catalog(url)
