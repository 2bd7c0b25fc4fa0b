"""The statements that write rows: what refers to others is deleted first and made last, a kind of row in one statement each."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence

from psycopg import sql
from psycopg.types.json import Jsonb

from sv_common.db.pool import GuildConnection
from sv_common.guild_sync.changes.changeset import RowChange
from sv_common.guild_sync.changes.tables import TABLES, Row, Table


async def delete(guild: GuildConnection, changes: Sequence[RowChange]) -> None:
    """Delete rows, but for players, that others may still belong to."""
    for name in reversed(list(TABLES)):
        if name != "player":
            await _delete(guild, name, changes)


async def insert_and_update(guild: GuildConnection, changes: Sequence[RowChange]) -> None:
    """Make players, write what belongs to them, delete those that own nothing any more, and change the others.

    A Discord member is let go by one player before another has it.
    """
    await _let_members_go(guild, changes)
    await _insert(guild, "player", changes)
    for name in TABLES:
        if name != "player":
            await _update(guild, name, changes)
            await _insert(guild, name, changes)
    await _delete(guild, "player", changes)
    await _update(guild, "player", changes)


async def _let_members_go(guild: GuildConnection, changes: Iterable[RowChange]) -> None:
    players = [change for change in changes if change.table == "player"]
    given = {change.after.get("discord_user_id") for change in players if change.after is not None} - {None}
    freed = [
        {"id": change.id, "discord_user_id": None}
        for change in players
        if change.is_update and (change.before or {}).get("discord_user_id") in given
    ]
    if freed:
        await guild.run(_update_statement(TABLES["player"]), rows=Jsonb(freed))


async def _delete(guild: GuildConnection, name: str, changes: Iterable[RowChange]) -> None:
    table = TABLES[name]
    rows = [_keyed(table, each) for each in changes if each.table == name and each.after is None]
    if rows:
        statement = sql.SQL(
            "delete from {table} t using jsonb_array_elements(%(rows)s) as given, "
            "lateral jsonb_populate_record(null::{table}, given) as r where {same}"
        ).format(table=_identifier(table), same=_same_key(table))
        await guild.run(statement, rows=Jsonb(rows))


async def _update(guild: GuildConnection, name: str, changes: Iterable[RowChange]) -> None:
    table = TABLES[name]
    rows = [
        {**_keyed(table, each), **table.kept(each.after or {})}
        for each in changes
        if each.table == name and each.is_update
    ]
    if rows:
        await guild.run(_update_statement(table), rows=Jsonb(rows))


async def _insert(guild: GuildConnection, name: str, changes: Iterable[RowChange]) -> None:
    table = TABLES[name]
    groups: dict[tuple[str, ...], list[Row]] = defaultdict(list)
    for each in changes:
        if each.table == name and each.before is None:
            row = table.kept(each.after or {})
            groups[tuple(row)].append(row)
    for columns, rows in groups.items():  # columns that they do not have get their defaults
        statement = sql.SQL(
            "insert into {table} ({names}) overriding system value select {names} "
            "from jsonb_populate_recordset(null::{table}, %(rows)s)"
        ).format(table=_identifier(table), names=sql.SQL(", ").join(map(sql.Identifier, columns)))
        await guild.run(statement, rows=Jsonb(rows))


def _keyed(table: Table, change: RowChange) -> Row:
    return dict(zip(table.key, change.key[1], strict=True))


def _identifier(table: Table) -> sql.Identifier:
    return sql.Identifier(table.schema, table.name)


def _same_key(table: Table) -> sql.Composed:
    pairs = [sql.SQL("t.{0} = r.{0}").format(sql.Identifier(column)) for column in table.key]
    return sql.SQL(" and ").join(pairs)


def _update_statement(table: Table) -> sql.Composed:
    """Write the columns that each row has, and only those."""
    columns = [column for column in table.columns if column not in table.key]
    sets = [
        sql.SQL("{column} = case when given ? {name} then r.{column} else t.{column} end").format(
            column=sql.Identifier(column), name=sql.Literal(column)
        )
        for column in columns
    ]
    return sql.SQL(
        "update {table} t set {sets} from jsonb_array_elements(%(rows)s) as given, "
        "lateral jsonb_populate_record(null::{table}, given) as r where {same}"
    ).format(table=_identifier(table), sets=sql.SQL(", ").join(sets), same=_same_key(table))
