"""What people call the rows of an attempt's journal."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sv_common.db.pool import Connection
from sv_common.db.sql import load_sql
from sv_common.guild_sync.changes.attempts import Attempt
from sv_common.guild_sync.changes.changeset import NameOf, RowChange, Thing
from sv_common.guild_sync.changes.describe import names_in

SQL = load_sql(__package__, "undo_preview.sql")


async def names_of(conn: Connection, attempt: Attempt) -> NameOf:
    """Return the names of all that an attempt's journal is about; what is gone is called as its plan calls it."""
    values = {
        "guild_id": attempt.guild_id,
        "character_ids": _numbers(attempt.rows, "character_id", "main_character_id", "offspec_character_id"),
        "player_ids": [
            *_numbers(attempt.rows, "player_id"),
            *(row.id for row in attempt.rows if row.table == "player"),
        ],
        "member_ids": [*_numbers(attempt.rows, "discord_user_id"), *(role.member_id for role in attempt.roles)],
    }
    found: dict[Thing, str] = {**names_in(attempt.plan), **dict(_names_in_rows(attempt.rows))}
    for kind, number, name in await (await conn.execute(SQL["names"], values)).fetchall():
        found[kind, number] = name
    return found


def _numbers(rows: Sequence[RowChange], *columns: str) -> list[int]:
    """What the columns of a journal refer to."""
    sides = [side for row in rows for side in (row.before, row.after) if side]
    return sorted({side[column] for side in sides for column in columns if side.get(column)})


def _names_in_rows(rows: Sequence[RowChange]) -> Iterator[tuple[Thing, str]]:
    for row in rows:
        if row.table == "player" and row.before and "display_name" in row.before:
            yield ("player", row.id), row.before["display_name"]
