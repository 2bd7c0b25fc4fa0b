"""How PostgreSQL would run each named statement of the product in a database of many guilds: which rows it would read."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from psycopg import sql

from sv_common.db.guild import bind
from sv_common.db.pool import Connection
from sv_common.db.sql import load_sql
from sv_common.guild_sync.keeping.cleaning import EXPENDABLE

_SRC = Path(__file__).parents[2] / "src"
_PLANNED = re.compile(r"(\s*--[^\n]*\n)*\s*\(?(select|with|insert|update|delete|merge)\b")
"""What is planned; other statements, and scripts of several, are about tables as such."""

_PLACE = re.compile(r"%\((\w+)\)[sb]|%%")
_OPTIONAL = re.compile(r"%\((\w+)\)s::\w+ is null")
_TYPES = {"idle": "interval"}
"""What PostgreSQL cannot infer from the statement and the product sends with the value."""

_VALUES = {
    "integer": "1",
    "smallint": "1",
    "bigint": "1",
    "double precision": "1",
    "numeric": "1",
    "boolean": "true",
    "interval": "1 day",
    "uuid": "00000000-0000-0000-0000-000000000000",
    "timestamp with time zone": "2026-01-01",
    "text": "x",
    "name": "x",
    "character varying": "x",
    "jsonb": "{}",
    "int8multirange": "{[1,2)}",
    "bytea": "x",
    "oid": "1",
    "json": "{}",
    "date": "2026-01-01",
    "jobs.procrastinate_job_status": "todo",
}
_NAMED = {"limit": "50", "offset": "0", "states": "{open}", "in_plan": '{"[{}]"}', "in_changes": '{"[{}]"}'}

_TABLES = """
select c.relname from pg_class c
join pg_attribute g on g.attrelid = c.oid and g.attname = 'guild_id'
where c.relkind = 'r' and c.relnamespace in ('common'::regnamespace, 'guild_identity'::regnamespace)
union
select 'guilds'
"""
_INDEXES = """
select i.indexrelid::regclass::text, a.attname
from pg_index i join pg_attribute a on a.attrelid = i.indexrelid and a.attnum = 1
"""


@dataclass(frozen=True, slots=True)
class Statement:
    """A statement with its parameters numbered; `name` is its file and its name."""

    name: str
    text: str
    parameters: Sequence[str]
    optional: frozenset[str]


def statements() -> Iterator[Statement]:
    """Every statement of every `.sql` file of the product, and those of cleaning, which are put together."""
    for name, text in EXPENDABLE.items():
        yield _numbered(f"sv_common/guild_sync/keeping/expendable: {name}", text)
    for path in sorted(_SRC.rglob("*.sql")):
        place = path.relative_to(_SRC)
        if "migrations" not in place.parts:
            for name, text in load_sql(".".join(place.parts[:-1]), path.name).items():
                if _PLANNED.match(text):
                    yield _numbered(f"{place.with_suffix('').as_posix()}: {name}", text)


def _numbered(name: str, text: str) -> Statement:
    parameters: list[str] = []

    def number(place: re.Match[str]) -> str:
        if place[0] == "%%":
            return "%"
        if place[1] not in parameters:
            parameters.append(place[1])
        return f"${parameters.index(place[1]) + 1}"

    return Statement(name, _PLACE.sub(number, text), parameters, frozenset(_OPTIONAL.findall(text)))


class Reader:
    """Says of a statement which tables it would read across the rows of all guilds."""

    def __init__(self, conn: Connection, guild_id: int, tables: frozenset[str], leading: Mapping[str, str]) -> None:
        self._conn = conn
        self._guild_id = guild_id
        self._tables = tables
        self._leading = leading

    @classmethod
    async def of(cls, conn: Connection, guild_id: int) -> Reader:
        tables = await (await conn.execute(_TABLES)).fetchall()
        indexes = await (await conn.execute(_INDEXES)).fetchall()
        leading = {str(name).rpartition(".")[2]: str(column) for name, column in indexes}
        return cls(conn, guild_id, frozenset(row[0] for row in tables), leading)

    async def scans(self, statement: Statement, *, is_bound: bool, least: bool = False) -> list[str]:
        """Return what the statement would read of all guilds: bound to a guild, or on a connection of the installation.

        `least`: with each condition left out that may be left out, but for the guild.
        """
        if is_bound:
            await bind(self._conn, self._guild_id)
        try:
            return sorted(set(self._read(await self._plan(statement, least=least))))
        finally:
            await self._conn.rollback()
            await self._conn.execute("deallocate all")

    async def _plan(self, statement: Statement, *, least: bool) -> dict[str, Any]:
        kinds = ", ".join(_TYPES.get(name, "unknown") for name in statement.parameters)
        text = f"prepare probe {f'({kinds})' if kinds else ''} as {statement.text}"
        await self._conn.execute(text, prepare=False)
        found = await (
            await self._conn.execute("select parameter_types::text[] from pg_prepared_statements where name = 'probe'")
        ).fetchone()
        assert found is not None
        left_out = statement.optional - {"guild_id"} if least else frozenset()
        values = [
            sql.Literal(None if name in left_out else self._value(name, kind))
            for name, kind in zip(statement.parameters, found[0], strict=True)
        ]
        given = sql.SQL("({})").format(sql.SQL(", ").join(values)) if values else sql.SQL("")
        row = await (
            await self._conn.execute(sql.SQL("explain (format json) execute probe {}").format(given))
        ).fetchone()
        assert row is not None
        plan: dict[str, Any] = row[0][0]["Plan"]
        return plan

    def _value(self, name: str, kind: str) -> str:
        if name == "guild_id":
            return str(self._guild_id)
        if name in _NAMED:
            return _NAMED[name]
        if kind.endswith("[]"):
            return "{" + ",".join([f'"{_VALUES[kind[:-2]]}"'] * 3) + "}"
        return _VALUES[kind]

    def _read(self, node: dict[str, Any]) -> Iterator[str]:
        table, kind = node.get("Relation Name"), node["Node Type"]
        if table in self._tables and kind == "Seq Scan":
            yield f"all of {table}"
        if kind.endswith("Index Scan") or kind == "Index Only Scan":
            name, condition = node["Index Name"], node.get("Index Cond", "")
            column = self._leading[name]
            if not re.search(rf"\b{column}\b", condition) and not name.startswith(("pg_", "procrastinate")):
                yield f"all of the index {name}"
        for part in node.get("Plans", ()):
            yield from self._read(part)
