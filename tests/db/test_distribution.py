"""The schema can be spread over servers by the guild: what the catalog says after the steps of docs/citus.sql.

Citus is not run here: its two functions are stand-ins that only note for which table they were called.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from faults.installation import Installation, seeded_world
from sv_common.db.pool import Pool
from sv_common.db.sql import load_sql
from sv_common.guild_sync.simulators import GuildSimulator
from sv_common.guild_sync.sources.http import http_client

ROOT = Path(__file__).parents[2]
STEPS = (ROOT / "docs" / "citus.sql").read_text(encoding="utf-8")

STAND_INS = """
create table public.spread (table_name regclass primary key, by text);
create function public.create_reference_table(regclass) returns void language sql as
    'insert into public.spread values ($1, null)';
create function public.create_distributed_table(regclass, text, colocate_with regclass default null)
    returns void language sql as 'insert into public.spread values ($1, $2)';
"""

TABLES = """
select c.oid::regclass::text from pg_class c
where c.relkind in ('r', 'p') and c.relnamespace in ('common'::regnamespace, 'guild_identity'::regnamespace)
"""
KEYS_WITHOUT_THE_GUILD = """
select i.indexrelid::regclass::text
from public.spread s
join pg_index i on i.indrelid = s.table_name and (i.indisunique or i.indisexclusion)
join pg_attribute a on a.attrelid = s.table_name and a.attname = s.by
where not a.attnum = any (i.indkey::int2[])
"""
REFERENCES_BETWEEN_SERVERS = """
select f.conrelid::regclass::text, f.conname
from pg_constraint f
join public.spread here on here.table_name = f.conrelid
join public.spread there on there.table_name = f.confrelid
left join pg_attribute a on a.attrelid = f.conrelid and a.attname = here.by
where f.contype = 'f' and there.by is not null and (here.by is null or not a.attnum = any (f.conkey))
"""
SMALL_NUMBERS = """
select s.table_name::text, a.attname from public.spread s join pg_attribute a on a.attrelid = s.table_name
where s.by is not null and a.attidentity <> '' and a.atttypid <> 'bigint'::regtype
"""


@pytest.fixture
def spread(database_url: str) -> Iterator[psycopg.Connection[Any]]:
    """A database on which the steps were done."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        connection.execute(STAND_INS)
        connection.execute(STEPS.encode())
        yield connection


@pytest.mark.own_database
def test_every_table_is_spread_by_its_guild_or_kept_on_every_server(spread: psycopg.Connection[Any]) -> None:
    done = spread.execute("select table_name::text, by from public.spread").fetchall()
    assert {name for name, _ in done} == {name for (name,) in spread.execute(TABLES).fetchall()}
    assert {by for _, by in done} == {"guild_id", None}


@pytest.mark.own_database
def test_every_key_and_reference_of_a_row_that_is_spread_holds_its_guild(spread: psycopg.Connection[Any]) -> None:
    assert spread.execute(KEYS_WITHOUT_THE_GUILD).fetchall() == []
    assert spread.execute(REFERENCES_BETWEEN_SERVERS).fetchall() == []
    assert spread.execute(SMALL_NUMBERS).fetchall() == []


@pytest.mark.own_database
def test_no_statement_of_the_product_needs_a_key_without_the_guild(database_url: str) -> None:
    with psycopg.connect(database_url, autocommit=True) as connection:
        before = _refused(connection)
        connection.execute(STAND_INS)
        connection.execute(STEPS.encode())
        assert _refused(connection) == before


@pytest.mark.own_database
async def test_a_guild_that_is_spread_is_read_matched_and_scanned(spread: psycopg.Connection[Any], pool: Pool) -> None:
    with GuildSimulator(seeded_world()) as simulator:
        async with http_client(trust_env=False) as http:
            installation = Installation(pool, simulator, http)
            await installation.set_up()
            reports = [await installation.sync_battlenet(), await installation.sync_discord()]
    assert [report.status for report in reports] == ["done", "done"]
    assert spread.execute("select count(*) > 0 from guild_identity.players").fetchone() == (True,)


def _refused(connection: psycopg.Connection[Any]) -> set[str]:
    """The named statements that PostgreSQL does not plan; some need values of a known type, and are not tried so."""
    refused = set()
    for path in sorted((ROOT / "src").rglob("*.sql")):
        if "migrations" in path.parts or path.parent.name == "demo":
            continue
        package = ".".join(path.parent.relative_to(ROOT / "src").parts)
        for name, statement in load_sql(package, path.name).items():
            text = re.sub(r"%\(\w+\)s", "null", statement).replace("%%", "%")
            try:
                connection.execute(b"explain " + text.encode())
            except psycopg.Error:
                refused.add(f"{path.name} {name}")
    return refused
