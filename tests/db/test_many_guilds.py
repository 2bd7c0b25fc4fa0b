"""What a statement reads in a database of many guilds: the rows of its own guild, and of no other."""

from __future__ import annotations

import psycopg
import pytest

from benchmarks import many
from db.plans import Reader, statements
from sv_common.db.pool import Pool

pytestmark = pytest.mark.own_database

_CHARACTERS, _COPIES = 30, 200

_MONITORING = "the figures of monitoring are about all guilds"
_WAITING = "each minute a worker looks at what waits in any guild: the index holds nothing else"
_PLANNING = "each minute a worker plans for all guilds at once"
_COMMAND = "a command about the whole installation"
_ACCESS = "once a day, what is about signing in and has ended is looked for in the whole installation"
_RESTORED = "a restored backup, after which nobody stays signed in"
READ_ALL_GUILDS = {
    "patt/auth/claim_sessions: end_all": _RESTORED,
    "patt/auth/sessions: end_all": _RESTORED,
    "patt/auth/sessions: end_all_of_name": _COMMAND,
    "patt/demo/calendar: let_a_day_pass": "the demo, which has one guild",
    "patt/doctor/installation: work": _COMMAND,
    "patt/worker/planning: enqueue_due": _PLANNING,
    "sv_common/db/backup: guilds": "a backup is of all of them",
    "patt/web/monitoring/metrics: budgets": _MONITORING,
    "patt/web/monitoring/metrics: findings": _MONITORING,
    "patt/web/monitoring/metrics: fixes": _MONITORING,
    "patt/web/monitoring/metrics: scans": _MONITORING,
    "patt/web/monitoring/metrics: uploads": _MONITORING,
    "sv_common/guild_sync/changes/attempts: guilds_with_unfinished": _WAITING,
    "sv_common/guild_sync/jobs/requests: give_up_old": _WAITING,
    "sv_common/guild_sync/keeping/cleaning: accounts": _ACCESS,
    "sv_common/guild_sync/keeping/cleaning: claim_readings": _ACCESS,
    "sv_common/guild_sync/keeping/cleaning: claim_sessions": _ACCESS,
    "sv_common/guild_sync/keeping/cleaning: keys": _ACCESS,
    "sv_common/guild_sync/keeping/cleaning: sessions": _ACCESS,
    "sv_common/guild_sync/keeping/cleaning: tokens": _ACCESS,
    "sv_common/guild_sync/roster/guilds: all": _PLANNING,
    "sv_common/guild_sync/roster/guilds: share_of": "Battle.net is shared among all guilds, by one number of each",
    "sv_common/guild_sync/roster/runs: fail_cut_off": _WAITING,
}
"""Statements that are about all guilds, with the reason."""

_SPREAD_OUT = """
do $$
declare guild_table regclass;
begin
    for guild_table in
        select oid from pg_class
        where relkind = 'r' and relnamespace in ('common'::regnamespace, 'guild_identity'::regnamespace)
    loop
        execute format('alter table %s set (fillfactor = 10)', guild_table);
    end loop;
end $$
"""
"""Ten times as many pages, so that a few hundred small guilds are laid out like thousands."""

_WITHOUT_AN_INDEX = """
select c.oid::regclass::text from pg_class c
join pg_attribute g on g.attrelid = c.oid and g.attname = 'guild_id'
where c.relkind = 'r' and c.relnamespace in ('common'::regnamespace, 'guild_identity'::regnamespace)
  and not exists (select from pg_index i where i.indrelid = c.oid and i.indkey[0] = g.attnum)
"""
_KEYS_WITH_THE_GUILD_BEHIND = """
select i.indexrelid::regclass::text from pg_index i
join pg_class c on c.oid = i.indrelid
join pg_attribute g on g.attrelid = c.oid and g.attname = 'guild_id'
where c.relnamespace in ('common'::regnamespace, 'guild_identity'::regnamespace)
  and i.indkey[0] <> g.attnum and g.attnum = any (i.indkey)
"""


async def test_no_statement_reads_the_rows_of_other_guilds(pool: Pool) -> None:
    """As PostgreSQL plans it with its own settings, bound to a guild and also where nothing but the statement names it."""
    reader_of = await _many_guilds(pool)
    found: dict[str, set[str]] = {}
    async with pool.connection() as conn:
        reader = await Reader.of(conn, reader_of)
        for statement in statements():
            for is_bound in (True, False):
                try:
                    read = await reader.scans(statement, is_bound=is_bound)
                    if statement.optional:
                        read += await reader.scans(statement, is_bound=is_bound, least=True)
                except psycopg.errors.InsufficientPrivilege:
                    assert is_bound, statement.name
                    continue  # of sign-ins and accounts, which no guild's connection reads
                if read:
                    found.setdefault(statement.name, set()).update(read)
    faults = {name: read for name, read in found.items() if name not in READ_ALL_GUILDS}
    assert not faults, "\n".join(f"{name} reads {', '.join(sorted(read))}" for name, read in faults.items())
    assert not READ_ALL_GUILDS.keys() - found.keys(), "These read one guild only, and need no reason any more."


async def test_each_table_of_a_guild_is_read_by_the_guild(pool: Pool) -> None:
    """Keys begin with the guild: one that ends with it is read from end to end, for all guilds."""
    async with pool.connection() as conn:
        tables = await (await conn.execute(_WITHOUT_AN_INDEX)).fetchall()
        keys = await (await conn.execute(_KEYS_WITH_THE_GUILD_BEHIND)).fetchall()
    assert tables == []
    assert keys == []


async def _many_guilds(pool: Pool) -> int:
    """Make them; return the number of one in the middle."""
    async with pool.connection() as conn:
        await conn.execute(_SPREAD_OUT)
    original = await many.make_original(pool, _CHARACTERS)
    await many.copy(pool, original, _COPIES)
    return original.guild_id + _COPIES // 2
