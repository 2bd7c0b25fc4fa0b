"""Migrations: up from empty, down, up again, and refused use of a database with another schema."""

from __future__ import annotations

import psycopg
import pytest

from patt.bootstrap import open_services
from patt.config import Settings
from sv_common.db import embedded, migrate
from sv_common.guild_sync.core.errors import ConfigurationError


@pytest.fixture
def empty_url(server: embedded.EmbeddedServer) -> str:
    return embedded.recreate_database(server, "migrations")


def test_upgrading_twice_changes_nothing(empty_url: str) -> None:
    migrate.upgrade(empty_url)
    with psycopg.connect(empty_url) as conn:
        conn.execute(
            "insert into guild_identity.guilds (region, realm_slug, name_slug, name) values ('us', 'a', 'b', 'C')"
        )
    migrate.upgrade(empty_url)
    with psycopg.connect(empty_url) as conn:
        assert conn.execute("select name from guild_identity.guilds").fetchall() == [("C",)]


def test_each_migration_goes_up_down_and_up_again_by_itself(empty_url: str) -> None:
    assert migrate.current_revision(empty_url) is None
    revisions = migrate.revisions()
    for before, revision in zip(["base", *revisions], revisions, strict=False):
        assert migrate.upgrade(empty_url, revision) == revision
        migrate.downgrade(empty_url, before)
        if before == "base":
            with psycopg.connect(empty_url) as conn:
                schemas = "select nspname from pg_namespace where nspname in ('common', 'guild_identity', 'jobs')"
                assert conn.execute(schemas).fetchall() == []
        assert migrate.upgrade(empty_url, revision) == revision
    assert migrate.current_revision(empty_url) == migrate.newest_revision()


async def test_a_database_without_the_schema_is_refused_with_the_remedy(empty_url: str) -> None:
    with pytest.raises(ConfigurationError, match="patt db upgrade"):
        async with open_services(Settings(), empty_url):
            raise AssertionError("must not open")


def test_text_folds_and_sorts_the_same_whatever_the_machines_locale(empty_url: str) -> None:
    with psycopg.connect(empty_url) as conn:
        assert conn.execute("select lower('ÉÄŁЖ')").fetchone() == ("éäłж",)
