"""Whole tables as sorted JSON lines, for comparing what was with what is."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from typing import Any

from psycopg import sql

from sv_common.db.pool import Connection, Pool

Row = dict[str, Any]
Snapshot = dict[str, list[str]]
"""Table name → its rows, each as one line of JSON with sorted keys, sorted."""

ISSUE_TABLES = frozenset({"guild_identity.audit_issues", "guild_identity.issue_events"})
PEOPLE_TABLES = frozenset(
    {
        "guild_identity.players",
        "guild_identity.player_characters",
        "guild_identity.player_note_aliases",
        "guild_identity.link_rejections",
        "guild_identity.shared_characters",
        "guild_identity.hiatuses",
    }
)
_GUILDS = "guild_identity.guilds"
_TABLES = """
    select format('%s.%s', n.nspname, c.relname),
           exists (select from pg_attribute a where a.attrelid = c.oid and a.attname = 'guild_id')
    from pg_class c
    join pg_namespace n on n.oid = c.relnamespace
    where n.nspname in ('common', 'guild_identity') and c.relkind = 'r'
"""
_FINGERPRINT = sql.SQL("""
    select {name}, md5(coalesce(string_agg(row, chr(10) order by row), ''))
    from (select (to_jsonb(t) - %(without)s::text[])::text as row from {table} t) rows
""")
_known_tables: dict[str, bool] = {}
"""Every table of the product, and whether its rows belong to guilds; asked once, for all databases are the same."""


async def take(
    pool: Pool,
    *,
    tables: Collection[str] | None = None,
    apart_from: Collection[str] = (),
    guild_id: int | None = None,
    without_columns: Collection[str] = (),
) -> Snapshot:
    """Read tables whole, or only one guild's rows of them; all tables of the product unless told."""
    async with pool.connection() as conn:
        chosen = set(await _tables(conn) if tables is None else tables) - set(apart_from)
    found = await read(pool, chosen, guild_id)
    return {name: sorted(_line(row, without_columns) for row in rows) for name, rows in found.items()}


async def read(pool: Pool, tables: Collection[str], guild_id: int | None = None) -> dict[str, list[Row]]:
    """Read tables at one moment, whole or one guild's rows of them, by id where they have one, else by what they say."""
    found: dict[str, list[Row]] = {name: [] for name in sorted(tables)}
    async with pool.connection() as conn:
        known = await _tables(conn)
        parts = [_part(name, guild_id, has_guild=known[name]) for name in found]
        for name, row in await (await conn.execute(sql.SQL(" union all ").join(parts))).fetchall():
            found[name].append(row)
    return {name: sorted(rows, key=lambda row: (row.get("id") or 0, _line(row, ()))) for name, rows in found.items()}


async def fingerprints(
    pool: Pool, *, apart_from: Collection[str] = (), without_columns: Collection[str] = ()
) -> dict[str, str]:
    """One checksum for each table: much cheaper than `take`, and it says only which tables differ."""
    async with pool.connection() as conn:
        parts = [
            _FINGERPRINT.format(name=sql.Literal(name), table=sql.Identifier(*name.split(".")))
            for name in sorted(set(await _tables(conn)) - set(apart_from))
        ]
        question = sql.SQL(" union all ").join(parts)
        return dict(await (await conn.execute(question, {"without": list(without_columns)})).fetchall())


def differences(before: Snapshot, after: Snapshot) -> dict[str, Any]:
    """What is gone and what is new, by table; empty when both are the same. Made for messages that can be read."""
    return {
        name: {"gone": gone, "new": new}
        for name in sorted(before.keys() | after.keys())
        if (gone := _minus(before.get(name, []), after.get(name, [])))
        + (new := _minus(after.get(name, []), before.get(name, [])))
    }


async def _tables(conn: Connection) -> Mapping[str, bool]:
    if not _known_tables:
        _known_tables.update(await (await conn.execute(_TABLES)).fetchall())
    return _known_tables


def _part(name: str, guild_id: int | None, *, has_guild: bool) -> sql.Composed:
    part = sql.SQL("select {}, to_jsonb(t) from {} t").format(name, sql.Identifier(*name.split(".")))
    if guild_id is None:
        return part
    column = "id" if name == _GUILDS else "guild_id" if has_guild else None
    condition = sql.SQL("false") if column is None else sql.SQL("{} = {}").format(sql.Identifier(column), guild_id)
    return part + sql.SQL(" where ") + condition


def _line(row: Row, without_columns: Collection[str]) -> str:
    kept = {name: value for name, value in row.items() if name not in without_columns}
    return json.dumps(kept, sort_keys=True, ensure_ascii=False)


def _minus(lines: list[str], others: list[str]) -> list[str]:
    left = list(others)
    missing = []
    for line in lines:
        if line in left:
            left.remove(line)
        else:
            missing.append(line)
    return missing
