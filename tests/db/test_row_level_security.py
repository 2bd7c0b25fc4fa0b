"""What the catalog says: PostgreSQL itself keeps the rows of guilds apart, table by table and key by key."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from sv_common.db.guild import ROLE
from sv_common.guild_sync.rules import RULES

_OUT_OF_REACH = {
    "common.admin_accounts": "who may sign in is the installation's, and an account may be of every guild",
    "common.login_links": "secrets that open an account",
    "common.web_sessions": "secrets that open an account",
    "common.begun_sign_ins": "sign-ins that were begun, before anybody knows in which guild",
    "common.claim_sessions": "secrets of members",
    "common.realms": "the realms of a region are the same for all guilds",
}
"""Tables that are no guild's own, or that no guild needs, and why."""

_KEYS_WITHOUT_A_GUILD = {
    "guild_identity.guilds": "the guilds themselves",
    "common.admin_accounts": "of the installation",
    "common.login_links": "of the installation",
    "common.web_sessions": "of the installation",
    "common.begun_sign_ins": "of the installation",
    "common.claim_sessions": "a secret says itself of which guild it is",
    "common.realms": "of the installation",
    "common.last_cleaning": "of the installation: one row",
    "common.request_services": "all guilds share what may be requested",
    "common.request_routes": "as the services",
    "common.request_counts": "as the services",
    "common.api_tokens token_hash": "a token says itself of which guild it is, so it is looked for in all",
    "common.upload_keys key_hash": "as a token",
}
"""Keys of several columns or of something else than a number of its own that do not hold the guild, and why."""

_TABLES_OF_GUILDS = """
select format('%s.%s', relnamespace::regnamespace, relname)
from pg_class c
where relkind in ('r', 'p') and relnamespace in ('common'::regnamespace, 'guild_identity'::regnamespace)
  and exists (select from pg_attribute a where a.attrelid = c.oid and a.attname = 'guild_id' and not a.attisdropped)
"""

_KEYS = """
select format('%s.%s', c.relnamespace::regnamespace, c.relname),
       array(select a.attname::text from unnest(i.indkey::int2[]) k
             join pg_attribute a on a.attrelid = c.oid and a.attnum = k order by 1)
from pg_index i
join pg_class c on c.oid = i.indrelid
where i.indisunique and c.relnamespace in ('common'::regnamespace, 'guild_identity'::regnamespace)
"""

_REFERENCES = """
select f.conrelid::regclass::text, f.confrelid::regclass::text,
       array(select attname::text from pg_attribute where attrelid = f.conrelid and attnum = any (f.conkey)),
       array(select attname::text from pg_attribute where attrelid = f.confrelid and attnum = any (f.confkey))
from pg_constraint f
where f.contype = 'f' and f.connamespace in ('common'::regnamespace, 'guild_identity'::regnamespace)
"""


@pytest.fixture
def catalog(database_url: str) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(database_url) as conn:
        yield conn


def _names(conn: psycopg.Connection[Any], question: str) -> set[str]:
    return {name for (name,) in conn.execute(question).fetchall()}


def test_every_table_of_a_guild_has_its_policy(catalog: psycopg.Connection[Any]) -> None:
    policies = {
        table: (roles, condition, checked)
        for table, roles, condition, checked in catalog.execute(
            "select format('%s.%s', schemaname, tablename), roles::text[], qual, with_check from pg_policies "
            "where permissive = 'PERMISSIVE'"
        ).fetchall()
    }
    secured = _names(
        catalog,
        "select format('%s.%s', relnamespace::regnamespace, relname) from pg_class where relkind in ('r', 'p') and relrowsecurity",
    )
    of_guilds = _names(catalog, _TABLES_OF_GUILDS)
    assert len(of_guilds) > 20
    assert of_guilds | {"guild_identity.guilds", "common.login_links"} == secured == policies.keys()
    for table in of_guilds:
        assert policies[table] == ([ROLE], "(guild_id = guild_identity.current_guild())", None), table
    assert policies["guild_identity.guilds"] == ([ROLE], "(id = guild_identity.current_guild())", None)


def test_what_rests_on_account_evidence_is_withheld_from_others_than_officers(catalog: psycopg.Connection[Any]) -> None:
    """A policy for reading alone: what writes is shown everything, and a policy that restricts opens nothing."""
    withheld = catalog.execute(
        "select tablename, cmd, roles::text[], qual from pg_policies where permissive = 'RESTRICTIVE' order by tablename"
    ).fetchall()
    assert [name for name, *_ in withheld] == [
        "account_evidence",
        "account_objections",
        "audit_issues",
        "fix_attempts",
        "issue_events",
        "shared_accounts",
        "work_requests",
    ]
    for name, command, roles, condition in withheld:
        assert (command, roles) == ("SELECT", [ROLE]), name
        assert "guild_identity.sees_accounts()" in condition, name
    of_officers = [rule.issue_type for rule in RULES.values() if rule.is_for_officers]
    assert of_officers == ["account_conflict"]  # another one needs its name in the policies
    assert sum("account_conflict" in condition for *_, condition in withheld) == 3


def test_the_role_reaches_what_a_policy_is_for_and_nothing_else(catalog: psycopg.Connection[Any]) -> None:
    reached = _names(
        catalog,
        "select format('%s.%s', relnamespace::regnamespace, relname) from pg_class "
        "where relkind in ('r', 'p') and relnamespace::regnamespace::text in ('common', 'guild_identity', 'jobs', 'public') "
        "and has_table_privilege('patt_guild', oid, 'select, insert, update, delete')",
    )
    shared = {"guild_identity.guilds", "common.realms", "jobs.procrastinate_workers"}
    assert reached == (_names(catalog, _TABLES_OF_GUILDS) | shared) - (_OUT_OF_REACH.keys() - {"common.realms"})
    may_write = "select has_table_privilege(%s, %s, 'insert, update, delete, truncate')"
    for table in ("common.realms", "jobs.procrastinate_workers"):
        assert catalog.execute(may_write, [ROLE, table]).fetchone() == (False,)


def test_the_role_can_neither_sign_in_nor_pass_the_policies(catalog: psycopg.Connection[Any]) -> None:
    found = catalog.execute(
        "select rolcanlogin, rolsuper, rolbypassrls, rolcreaterole, rolcreatedb from pg_roles where rolname = %s",
        [ROLE],
    ).fetchone()
    assert found == (False, False, False, False, False)


def test_every_view_asks_as_whoever_asks_it(catalog: psycopg.Connection[Any]) -> None:
    options = catalog.execute(
        "select relname, reloptions from pg_class where relkind = 'v' "
        "and relnamespace in ('common'::regnamespace, 'guild_identity'::regnamespace)"
    ).fetchall()
    assert len(options) >= 4
    assert [name for name, given in options if "security_invoker=true" not in (given or [])] == []


def test_no_function_runs_with_the_rights_of_its_owner(catalog: psycopg.Connection[Any]) -> None:
    functions = catalog.execute(
        "select proname, prosecdef from pg_proc "
        "where pronamespace in ('common'::regnamespace, 'guild_identity'::regnamespace)"
    ).fetchall()
    assert len(functions) > 3
    assert [name for name, is_definers in functions if is_definers] == []


def test_keys_of_a_guilds_rows_hold_the_guild(catalog: psycopg.Connection[Any]) -> None:
    """But for the number that each row has of its own, which nothing refers to without the guild."""
    keys = catalog.execute(_KEYS).fetchall()
    without = {
        table if table in _KEYS_WITHOUT_A_GUILD else f"{table} {', '.join(columns)}"
        for table, columns in keys
        if "guild_id" not in columns and columns != ["id"]
    }
    assert without == _KEYS_WITHOUT_A_GUILD.keys()


def test_what_a_guilds_row_refers_to_is_of_its_guild(catalog: psycopg.Connection[Any]) -> None:
    of_guilds = _names(catalog, _TABLES_OF_GUILDS)
    references = catalog.execute(_REFERENCES).fetchall()
    between = [each for each in references if each[0] in of_guilds and each[1] in of_guilds]
    assert len(between) > 20
    without = [
        (table, other)
        for table, other, columns, others in between
        if "guild_id" not in columns or "guild_id" not in others
    ]
    assert without == [("common.web_sessions", "common.admin_accounts")]  # both are the installation's
