"""Migrations: up from empty, down, up again, and refused use of a database with another schema."""

from __future__ import annotations

from collections.abc import Callable

import psycopg
import pytest
from psycopg import sql

from patt.bootstrap import make_ready, open_services, revision_of
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


_LETTERS = "Éclair ÆON ŁÓDŹ Ørn ПЁТР ΟΔΥΣΣΕΥΣ Weiß İzmir"
_LOCALES = {
    "c": "encoding 'UTF8' locale 'C'",
    "builtin": "encoding 'UTF8' locale_provider builtin builtin_locale 'C.UTF-8' locale 'C'",
}


@pytest.fixture
def made_with(server: embedded.EmbeddedServer) -> Callable[[str], str]:
    """Make an empty database in a way of one's own, and return its URL."""

    def made(how: str) -> str:
        with psycopg.connect(server.get_uri(), autocommit=True) as conn:
            conn.execute("drop database if exists made_with")
            conn.execute(sql.SQL("create database made_with template template0 " + how))
        return server.get_uri(database="made_with")

    return made


@pytest.mark.parametrize("how", _LOCALES.values(), ids=_LOCALES)
def test_text_folds_the_same_in_a_database_of_any_locale(made_with: Callable[[str], str], how: str) -> None:
    url = made_with(how)
    migrate.upgrade(url)
    with psycopg.connect(url) as conn:
        assert conn.execute("select guild_identity.search_key(%s)", [_LETTERS]).fetchone() == (
            "eclair aeon lodz orn петр οδυσσευσ weiss izmir",
        )
        assert conn.execute("select guild_identity.lowered('ÉÄŁЖ')").fetchone() == ("éäłж",)


@pytest.mark.parametrize("encoding", ["SQL_ASCII", "LATIN1"])
def test_a_database_that_cannot_hold_every_alphabet_is_refused_with_the_remedy(
    made_with: Callable[[str], str], encoding: str
) -> None:
    url = made_with(f"encoding '{encoding}' locale 'C'")
    for opening in (revision_of, lambda url: make_ready(Settings(database_url=url))):
        with pytest.raises(ConfigurationError, match=f"encoding {encoding}.*create database .* encoding 'UTF8'"):
            opening(url)


def test_a_computer_that_asks_for_another_encoding_changes_nothing(
    empty_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGCLIENTENCODING", "LATIN1")
    assert make_ready(Settings(database_url=empty_url)) == empty_url
    assert revision_of(empty_url) == migrate.newest_revision()


@pytest.mark.parametrize(
    ("place", "fault"),
    [
        ("127.0.0.1:99999", "port 99999"),
        ("127.0.0.1:0", "port 0"),
        ("127.0.0.1:-1", "port -1"),
        ("127.0.0.1:harbour", "port harbour"),
        ("127.0.0.1:1,127.0.0.1:99999", "port 99999"),
    ],
)
def test_an_address_with_a_port_that_is_none_is_refused_with_the_port(place: str, fault: str) -> None:
    with pytest.raises(ConfigurationError, match=rf"^PATT_DATABASE_URL cannot be used.*{fault}"):
        revision_of(f"postgresql://nobody:hidden@{place}/nothing")


def test_an_address_of_several_servers_finds_the_one_that_answers(empty_url: str) -> None:
    folder = str(psycopg.conninfo.conninfo_to_dict(empty_url)["host"])
    both = f"postgresql://postgres@/migrations?host=127.0.0.1,{folder}&port=1,5432"
    assert make_ready(Settings(database_url=both)) == both
    assert revision_of(both) == migrate.newest_revision()
