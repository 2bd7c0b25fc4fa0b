"""The queue's tables and functions come from a file of ours, and are those that the installed procrastinate works with."""

from __future__ import annotations

import psycopg
import pytest
from procrastinate.schema import SchemaManager

from db.catalog import Catalog, catalog, differences
from sv_common.db import embedded, migrate

WHAT_TO_DO = (
    "The installed procrastinate has another schema than our migrations make. Write a migration that brings the queue to it, "
    "from procrastinate's own files in procrastinate/sql/migrations, and leave queue.sql as it is: docs/releasing.md, “The queue's schema”."
)


@pytest.fixture
def ours(server: embedded.EmbeddedServer) -> str:
    """The address of a database for our migrations."""
    return embedded.recreate_database(server, "queue_of_ours")


def _queue(url: str) -> Catalog:
    """What procrastinate itself has made: neither our table beside it, nor our triggers on it, nor what we grant."""
    return {
        name: made
        for name, made in catalog(url).items()
        if " jobs.procrastinate_" in name and not name.startswith("TRIGGER jobs.procrastinate_jobs publish_")
    }


def _theirs(server: embedded.EmbeddedServer, schema: str) -> Catalog:
    """What a schema of procrastinate makes, with the search path that our migrations give to its functions."""
    url = embedded.recreate_database(server, "queue_of_theirs")
    with psycopg.connect(url) as conn:
        conn.execute("create schema jobs")
        conn.execute("set search_path = jobs")
        conn.execute(schema.encode())
        functions = conn.execute(
            "select oid::regprocedure::text from pg_proc where pronamespace = 'jobs'::regnamespace"
        )
        for (function,) in functions.fetchall():
            conn.execute(f"alter function {function} set search_path = jobs".encode())
    return _queue(url)


def test_the_queue_is_the_one_that_the_installed_procrastinate_works_with(
    server: embedded.EmbeddedServer, ours: str
) -> None:
    migrate.upgrade(ours)
    found = _queue(ours)
    assert {"TABLE jobs.procrastinate_jobs", "TYPE jobs.procrastinate_job_status"} <= set(found)
    assert differences(found, _theirs(server, SchemaManager.get_schema())) == [], WHAT_TO_DO


@pytest.mark.parametrize(
    ("before", "after", "difference"),
    [
        ("priority integer DEFAULT 0 NOT NULL", "priority bigint DEFAULT 0 NOT NULL", "other: TABLE jobs.procrastinate_jobs"),
        ("'aborted'  --", "'aborted', 'asleep'  --", "other: TYPE jobs.procrastinate_job_status"),
        ("-- Tables", "CREATE TABLE procrastinate_naps (id bigint);", "missing: TABLE jobs.procrastinate_naps"),
    ],
)  # fmt: skip
def test_a_procrastinate_with_another_schema_is_noticed(
    server: embedded.EmbeddedServer, ours: str, before: str, after: str, difference: str
) -> None:
    migrate.upgrade(ours)
    installed = SchemaManager.get_schema()
    assert before in installed
    assert difference in differences(_queue(ours), _theirs(server, installed.replace(before, after, 1)))


def test_whatever_is_installed_the_migrations_make_the_same(
    server: embedded.EmbeddedServer, ours: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    migrate.upgrade(ours)
    usual = catalog(ours)
    monkeypatch.setattr(SchemaManager, "get_schema", lambda: "create table jobs.stranger (id bigint)")
    migrate.upgrade(embedded.recreate_database(server, "queue_of_ours"))
    assert differences(catalog(ours), usual) == []
