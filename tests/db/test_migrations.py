"""Migrations: up from empty, down, up again, and refused use of a database with another schema."""

from __future__ import annotations

from pathlib import Path

import psycopg
import pytest

from patt.bootstrap import open_services
from patt.config import Settings
from sv_common.db import embedded, migrate
from sv_common.guild_sync.core.errors import ConfigurationError

_VERSIONS = Path(migrate.__file__).parent / "migrations" / "versions"


@pytest.fixture
def empty_url(server: embedded.EmbeddedServer) -> str:
    return embedded.recreate_database(server, "migrations")


def test_an_empty_database_is_brought_to_the_newest_schema(empty_url: str) -> None:
    assert migrate.current_revision(empty_url) is None
    assert migrate.upgrade(empty_url) == migrate.newest_revision() == migrate.current_revision(empty_url)


def test_upgrading_twice_changes_nothing(empty_url: str) -> None:
    migrate.upgrade(empty_url)
    with psycopg.connect(empty_url) as conn:
        conn.execute(
            "insert into guild_identity.guilds (region, realm_slug, name_slug, name) values ('us', 'a', 'b', 'C')"
        )
    migrate.upgrade(empty_url)
    with psycopg.connect(empty_url) as conn:
        assert conn.execute("select name from guild_identity.guilds").fetchall() == [("C",)]


def test_down_to_nothing_and_up_again(empty_url: str) -> None:
    migrate.upgrade(empty_url)
    migrate.downgrade(empty_url, "base")
    with psycopg.connect(empty_url) as conn:
        schemas = conn.execute(
            "select nspname from pg_namespace where nspname in ('common', 'guild_identity')"
        ).fetchall()
    assert schemas == []
    assert migrate.upgrade(empty_url) == migrate.newest_revision()


def test_each_migration_goes_up_down_and_up_again_by_itself(empty_url: str) -> None:
    revisions = migrate.revisions()
    for before, revision in zip(["base", *revisions], revisions, strict=False):
        assert migrate.upgrade(empty_url, revision) == revision
        migrate.downgrade(empty_url, before)
        assert migrate.upgrade(empty_url, revision) == revision
    assert migrate.current_revision(empty_url) == migrate.newest_revision()


def test_what_the_first_schema_held_is_kept_by_the_newest(empty_url: str) -> None:
    migrate.upgrade(empty_url, "0001")
    with psycopg.connect(empty_url) as conn:
        conn.execute(
            """
            insert into guild_identity.guilds (region, realm_slug, name_slug, name) values ('us', 'a', 'b', 'C');
            insert into guild_identity.players (guild_id, display_name, created_by) values (1, 'Mito', 'alice');
            insert into guild_identity.wow_characters
                (guild_id, character_name, name_key, realm_slug, realm_key, rank_index)
            values (1, 'Rivermane', 'rivermane', 'a', 'a', 5);
            insert into guild_identity.link_rejections (guild_id, character_id, player_id, rejected_by)
            values (1, 1, 1, 'alice');
            """
        )
    assert migrate.upgrade(empty_url) == migrate.newest_revision()
    with psycopg.connect(empty_url) as conn:
        rejections = conn.execute("select id, character_id, player_id, rejected_by from guild_identity.link_rejections")
        assert rejections.fetchall() == [(1, 1, 1, "alice")]
    migrate.downgrade(empty_url, "0001")
    with psycopg.connect(empty_url) as conn:
        rejections = conn.execute("select character_id, player_id from guild_identity.link_rejections")
        assert rejections.fetchall() == [(1, 1)]


def test_a_match_of_some_people_does_not_become_one_of_everybody_when_the_schema_goes_back(empty_url: str) -> None:
    migrate.upgrade(empty_url)
    with psycopg.connect(empty_url) as conn:
        conn.execute(
            """
            insert into guild_identity.guilds (region, realm_slug, name_slug, name)
            values ('us', 'a', 'b', 'C'), ('us', 'a', 'd', 'D');
            insert into guild_identity.match_requests (guild_id, actor, chosen) values (1, 'alice', '{k}'), (2, 'alice', null);
            """
        )
    migrate.downgrade(empty_url, "0009")
    with psycopg.connect(empty_url) as conn:
        states = conn.execute("select state from guild_identity.match_requests order by id").fetchall()
    assert states == [("failed",), ("waiting",)]


def test_accounts_and_tokens_from_before_there_were_roles_may_do_what_they_could(empty_url: str) -> None:
    migrate.upgrade(empty_url, "0011")
    with psycopg.connect(empty_url) as conn:
        conn.execute("insert into common.admin_accounts (name) values ('alice')")
        conn.execute(
            "insert into common.api_tokens (name, token_hash, created_by, scope) "
            "values ('script', 'a', 't', 'api'), ('watch', 'b', 't', 'metrics')"
        )
    migrate.upgrade(empty_url)
    with psycopg.connect(empty_url) as conn:
        accounts = conn.execute("select name, role, guild_id, discord_id from common.admin_accounts").fetchall()
        scopes = conn.execute("select name, scope from common.api_tokens order by name").fetchall()
    assert accounts == [("alice", "administrator", None, None)]
    assert scopes == [("script", "write"), ("watch", "metrics")]


async def test_a_database_without_the_schema_is_refused_with_the_remedy(empty_url: str) -> None:
    with pytest.raises(ConfigurationError, match="patt db upgrade"):
        async with open_services(Settings(), empty_url):
            raise AssertionError("must not open")


def test_text_folds_and_sorts_the_same_whatever_the_machines_locale(empty_url: str) -> None:
    with psycopg.connect(empty_url) as conn:
        assert conn.execute("select lower('ÉÄŁЖ')").fetchone() == ("éäłж",)


def test_of_uploads_with_the_same_content_the_newest_stays_when_the_schema_goes_back(empty_url: str) -> None:
    migrate.upgrade(empty_url)
    with psycopg.connect(empty_url) as conn:
        conn.execute(
            """
            insert into guild_identity.guilds (region, realm_slug, name_slug, name) values ('us', 'a', 'b', 'C');
            insert into common.upload_keys (guild_id, uploader, key_hash, created_by) values (1, 'Mito', 'h', 'alice');
            insert into guild_identity.addon_uploads
                (guild_id, upload_key_id, content_hash, characters, character_count, state, finished_at)
            values (1, 1, 'x', null, 1, 'done', now()), (1, 1, 'y', null, 1, 'superseded', now()),
                   (1, 1, 'z', '[]', 1, 'failed', now()), (1, 1, 'x', '[]', 1, 'received', null);
            insert into guild_identity.sync_log (guild_id, pipeline, actor, status, finished_at)
            values (1, 'addon_upload', 'alice', 'superseded', now());
            """
        )
    migrate.downgrade(empty_url, "0016")
    with psycopg.connect(empty_url) as conn:
        uploads = conn.execute("select id, state, characters is null from guild_identity.addon_uploads order by id")
        assert uploads.fetchall() == [(2, "done", True), (3, "failed", True), (4, "received", False)]
        assert conn.execute("select status from guild_identity.sync_log").fetchall() == [("done",)]
    assert migrate.upgrade(empty_url) == migrate.newest_revision()
