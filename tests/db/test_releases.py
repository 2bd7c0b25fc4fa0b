"""Every release's database can be upgraded from every earlier one, and keeps its rows.

`PATT_WRITE_RELEASE=1 python -m pytest tests/db/test_releases.py` writes the backup of the version in pyproject.toml anew.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from db import release_states
from db.catalog import Catalog, catalog, differences
from db.later_version import later_version
from db.release_states import RELEASES, Rows, lost, rows
from sv_common.db import backup, embedded, migrate

ROOT = Path(__file__).parents[2]
PRESENT: str = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
WHAT_TO_DO = (
    "An upgraded database is not as a new one. A published schema.sql stays as it is: write a migration. As long as the version "
    "is not published, write its backup anew: docs/releasing.md, “The schema of each release”."
)
MEANT: dict[str, frozenset[str]] = {}
"""By release: tables and columns (“table.column”) of it that a later migration removes or rewrites, on purpose."""


@pytest.fixture
def old(server: embedded.EmbeddedServer) -> Iterator[str]:
    """The address of an empty database for a release's backup."""
    yield embedded.recreate_database(server, "of_a_release")
    embedded.drop_database(server, "of_a_release")


def _upgraded(url: str, file: Path) -> tuple[Rows, Rows]:
    """Restore a backup and upgrade it, as `patt db restore` does; return the rows before and after."""
    backup.restore(url, file, backup.read(file))
    before = rows(url)
    migrate.upgrade(url)
    return before, rows(url)


def _new(server: embedded.EmbeddedServer) -> Catalog:
    """The schema of a database that begins with this version."""
    url = embedded.recreate_database(server, "of_this_version")
    migrate.upgrade(url)
    return catalog(url)


async def test_this_release_has_a_backup_with_rows_in_every_table() -> None:
    if os.environ.get("PATT_WRITE_RELEASE"):
        await release_states.write(PRESENT)
    file = release_states.file_of(PRESENT)
    assert file.exists(), WHAT_TO_DO
    assert [table for table, count in backup.read(file).tables.items() if not count] == [], (
        "release_rows.sql lacks a row"
    )


@pytest.mark.parametrize("release", RELEASES)
def test_the_database_of_a_release_is_upgraded_to_the_schema_of_a_new_one_and_keeps_its_rows(
    server: embedded.EmbeddedServer, old: str, release: str
) -> None:
    before, after = _upgraded(old, RELEASES[release])
    assert [table for table, found in before.items() if not found] == []
    assert differences(catalog(old), _new(server)) == [], WHAT_TO_DO
    assert lost(before, after, MEANT.get(release, ())) == []
    assert migrate.current_revision(old) == migrate.newest_revision()


def test_a_schema_that_was_changed_without_a_migration_is_noticed(
    server: embedded.EmbeddedServer, old: str, tmp_path: Path
) -> None:
    with later_version(tmp_path) as migrations:
        with (migrations / "schema.sql").open("a", encoding="utf-8") as schema:
            schema.write("create table common.forgotten (id bigint); alter table common.realms add told text;")
        _upgraded(old, RELEASES[PRESENT])
        new = _new(server)
    assert differences(catalog(old), new) == ["missing: TABLE common.forgotten", "other: TABLE common.realms"]


FAULTY = {
    "only where there are rows": (
        "do $$ begin if exists (select from common.realms) then alter table common.realms add extra text; end if; end $$",
        ["other: TABLE common.realms"],
        [],
    ),
    "rows deleted": ("delete from guild_identity.hiatuses", [], ["guild_identity.hiatuses: 1 rows are gone"]),
    "rows rewritten": (
        "update guild_identity.guild_words set category = null",
        [],
        ["guild_identity.guild_words: 1 rows are not as they were"],
    ),
    "column dropped": (
        "alter table guild_identity.hiatuses drop column until",
        [],
        ["guild_identity.hiatuses: 1 rows are not as they were"],
    ),
    "table dropped": ("drop table guild_identity.hiatuses", [], ["guild_identity.hiatuses: is gone"]),
}


@pytest.mark.parametrize(("statement", "other", "missed"), FAULTY.values(), ids=FAULTY)
def test_a_migration_that_does_harm_to_an_older_database_is_noticed(
    server: embedded.EmbeddedServer, old: str, tmp_path: Path, statement: str, other: list[str], missed: list[str]
) -> None:
    with later_version(tmp_path, statement):
        before, after = _upgraded(old, RELEASES[PRESENT])
        assert differences(catalog(old), _new(server)) == other
    assert lost(before, after) == missed
    assert lost(before, after, {"guild_identity.hiatuses", "guild_identity.guild_words.category"}) == []


def test_a_migration_that_works_on_empty_tables_alone_is_noticed(
    server: embedded.EmbeddedServer, old: str, tmp_path: Path
) -> None:
    with later_version(tmp_path, "alter table guild_identity.players add since date not null"):
        _new(server)
        with pytest.raises(Exception, match='column "since" of relation "players" contains null values'):
            _upgraded(old, RELEASES[PRESENT])


def test_a_migration_that_adds_is_taken_for_what_it_is(
    server: embedded.EmbeddedServer, old: str, tmp_path: Path
) -> None:
    added = "alter table guild_identity.players add since date; create table common.extra (id bigint)"
    with later_version(tmp_path, added):
        before, after = _upgraded(old, RELEASES[PRESENT])
        assert differences(catalog(old), _new(server)) == []
    assert lost(before, after) == []
    assert "common.extra" in after
