"""Taking back what was written of players and their links: every row as it was before, or nothing at all."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, TypeAlias

from psycopg import sql
from psycopg.types.json import Jsonb

from sv_common.db.pool import Connection
from sv_common.db.sql import load_sql
from sv_common.guild_sync.domain.errors import PlanStale
from sv_common.guild_sync.store.integrity import CANNOT_BE_UNDONE, stale_if_refused
from sv_common.guild_sync.store.journal_tables import TABLES, JournalTable, Key
from sv_common.guild_sync.store.links import Change

SQL = load_sql(__package__, "journal.sql")

Row: TypeAlias = dict[str, Any]
_Folded: TypeAlias = dict[tuple[str, Key], Change]

_LINK_REFUSED = "An officer has said since that a character does not belong to the player that would have it again. Take that back first."
_REJECTION_REFUSED = (
    "A character was linked to a player since that it would be said not to belong to, so this can no longer be undone."
)
_CONTRADICTIONS = {
    "link": _LINK_REFUSED,
    "rejection": _REJECTION_REFUSED,
    "member": "An officer has said since that a player is not the Discord member that it would be again. Take that back first.",
    "member rejection": (
        "A player has become the Discord member since that it would be said not to be, so this can no longer be undone."
    ),
}
"""What stands against each other, by what `contradictions` calls it."""

_POINTED_TO = (
    "A character was made the main or the off-spec of its player since, and would no longer be its player’s. "
    "Undo that first."
)
_HAS_MORE = (
    "The player that was created has got other characters, aliases or rejections since, or was vouched for, so it cannot be "
    "taken back."
)


async def put_back(conn: Connection, changes: Sequence[Change], *, written_at: datetime) -> None:
    """Undo changes of links and players, exactly, or not at all.

    Raises `PlanStale` when any row no longer holds what was written, when a player that would be deleted has got something
    else since, when a character became a main since that would be taken from its player, when a link and a "not this
    player" would stand against each other of which one is newer than the changes, and for whatever the database refuses.
    """
    folded = fold(change for change in changes if change["table"] in TABLES)
    current = await _current(conn, folded)
    for _, obstacle in _find_obstacles(folded, current):
        raise PlanStale(obstacle)
    async with stale_if_refused(conn, CANNOT_BE_UNDONE):
        await _delete(conn, folded)
        await _check_uncontradicted(conn, folded, written_at)
        await _write(conn, folded)


async def obstacles(conn: Connection, changes: Sequence[Change]) -> dict[tuple[str, Key], str]:
    """Return, by row, what keeps changes from being put back: what was changed since, or has got something else.

    What stands against each other, and what the database refuses, shows when it is tried.
    """
    folded = fold(change for change in changes if change["table"] in TABLES)
    return dict(_find_obstacles(folded, await _current(conn, folded)))


async def swept_along(conn: Connection, player_ids: Sequence[int]) -> list[Change]:
    """Return what goes with players when these are deleted, as changes: vouches, and words that no note bears any more."""
    rows = await (await conn.execute(SQL["swept_along"], {"player_ids": list(player_ids)})).fetchall()
    return [_deleted(table, number, row) for table, number, row in rows]


def fold(changes: Iterable[Change]) -> _Folded:
    """One change for each row: what it was at first, what it was at last; nothing for a row that came and went."""
    folded: _Folded = {}
    for change in changes:
        key = (change["table"], key_of(change))
        earlier = folded.get(key)
        folded[key] = change if earlier is None else _joined(earlier, change)
    return {key: change for key, change in folded.items() if change["before"] != change["after"]}


def key_of(change: Change) -> Key:
    """Return what identifies the row that a change is about."""
    table, row = TABLES.get(change["table"]), change["before"] or change["after"] or {}
    if table is None or not all(column in row for column in table.key):
        return (change["id"],)
    return table.key_of(row)


def _joined(earlier: Change, later: Change) -> Change:
    """Two changes of one row as one. A change of a player may hold single columns only, so both count."""
    if later["table"] != "player":
        return Change(table=later["table"], id=later["id"], before=earlier["before"], after=later["after"])
    return Change(
        table="player",
        id=later["id"],
        before=None if earlier["before"] is None else {**(later["before"] or {}), **earlier["before"]},
        after=None if later["after"] is None else {**(earlier["after"] or {}), **later["after"]},
    )


def _is_made(change: Change) -> bool:
    return change["before"] is None


def _deleted(table: Any, number: int, row: Row) -> Change:
    return Change(table=table, id=number, before=row, after=None)


async def _current(conn: Connection, folded: _Folded) -> dict[tuple[str, Key], tuple[Row, int]]:
    """The rows as they are now, each with a count: see `current_rows`."""
    numbers: dict[str, list[int]] = defaultdict(list)
    for table, key in folded:
        numbers[table].append(key[0])
    values = {
        "character_ids": numbers["link"],
        "player_ids": numbers["player"],
        "alias_ids": numbers["alias"],
        "rejection_ids": numbers["rejection"],
        "vouched_ids": numbers["vouch"],
    }
    rows = await (await conn.execute(SQL["current_rows"], values)).fetchall()
    return {(table, TABLES[table].key_of(row)): (row, others) for table, row, others in rows}


def _leaves(change: Change) -> bool:
    """Whether undoing a change of a link takes the character from the player that has it."""
    before, after = change["before"], change["after"]
    return after is not None and (before is None or before["player_id"] != after["player_id"])


def _find_obstacles(
    folded: _Folded, current: Mapping[tuple[str, Key], tuple[Row, int]]
) -> Iterator[tuple[tuple[str, Key], str]]:
    """What keeps rows from being put back, as far as the rows themselves tell."""
    pointed = _pointers_that_go_back(folded)
    for key, change in folded.items():
        row, others = current.get(key, (None, 0))
        if not _is_as_written(TABLES[key[0]], change["after"], row):
            yield key, _changed_since(change, row)
        elif key[0] == "player" and change["before"] is None and others:
            yield key, _HAS_MORE
        elif key[0] == "link" and _leaves(change) and others > pointed[change["id"]]:
            yield key, _POINTED_TO


def _changed_since(change: Change, row: Row | None) -> str:
    if change["table"] == "rejection":
        return "A “not this player” was changed since, as when two players are merged, so this can no longer be undone as a whole."
    if change["table"] == "link":
        whose = (row or {}).get("character_name") or f"character #{change['id']}"
        return f"The player of {whose} was changed since, so this can no longer be undone as a whole."
    written = change["after"] or change["before"] or {}
    name = (row or written).get("display_name") or (row or written).get("alias") or change["id"]
    is_gone = row is None and change["after"] is not None
    happened = "is gone since" if is_gone else "was changed since"
    how = ", merged into another or deleted" if is_gone and change["table"] == "player" else ""
    return f"The {change['table']} {name} {happened}{how}, so this can no longer be undone as a whole."


def _pointers_that_go_back(folded: _Folded) -> Counter[int]:
    """How many of the pointers to each character were written along with its link, and go back with it."""
    written = [change["after"] or {} for (table, _), change in folded.items() if table == "player"]
    pointers = [row.get(column) for row in written for column in ("main_character_id", "offspec_character_id")]
    return Counter(pointer for pointer in pointers if pointer is not None)


def _is_as_written(table: JournalTable, after: Row | None, row: Row | None) -> bool:
    """Whether a row holds what was written, by the declared columns that were written down."""
    if after is None or row is None:
        return after is None and row is None
    return all(row.get(column) == value for column, value in table.compared(after).items())


async def _check_uncontradicted(conn: Connection, folded: _Folded, written_at: datetime) -> None:
    """Raise where a link and a "not this player" would stand against each other, of a character or of a Discord member."""
    links, rejections = _rows(folded, "link"), _rows(folded, "rejection")
    members = {
        key[0]: (change["before"] or {})["discord_user_id"]
        for (table, key), change in folded.items()
        if table == "player" and "discord_user_id" in (change["before"] or {})
    }
    if not links and not rejections and not members:
        return
    values = {
        "member_players": list(members),
        "members": list(members.values()),
        "rejected_members": [row.get("discord_user_id") for row in rejections],
        "link_characters": [row["character_id"] for row in links],
        "link_players": [row["player_id"] for row in links],
        "rejected_characters": [row["character_id"] for row in rejections],
        "rejected_players": [row["player_id"] for row in rejections],
        "written_at": written_at,
    }
    for (what,) in await (await conn.execute(SQL["contradictions"], values)).fetchall():
        raise PlanStale(_CONTRADICTIONS[what])


def _rows(folded: _Folded, table: str) -> list[Row]:
    """The rows of a table that will be there again."""
    return [change["before"] for (name, _), change in folded.items() if name == table and change["before"] is not None]


async def _delete(conn: Connection, folded: _Folded) -> None:
    """Delete what was made, what refers to others first."""
    for name in reversed(list(TABLES)):
        rows = [change["after"] for (table, _), change in folded.items() if table == name and _is_made(change)]
        if rows:
            await conn.execute(_delete_statement(TABLES[name]), {"rows": Jsonb(rows)})


async def _write(conn: Connection, folded: _Folded) -> None:
    """Write what was there before. A Discord member is let go by one player before another has it again."""
    for name, table in TABLES.items():
        changes = [change for (each, _), change in folded.items() if each == name]
        updates = [
            {**dict(zip(table.key, key_of(change), strict=True)), **table.kept(change["before"])}
            for change in changes
            if change["before"] is not None and change["after"] is not None
        ]
        if updates:
            await conn.execute(_update_statement(table), {"rows": Jsonb(updates)})
        inserts: dict[tuple[str, ...], list[Row]] = defaultdict(list)
        for change in changes:
            if change["before"] is not None and change["after"] is None:
                row = table.kept(change["before"])
                inserts[tuple(row)].append(row)
        for columns, rows in inserts.items():
            await conn.execute(_insert_statement(table, columns), {"rows": Jsonb(rows)})


def _identifier(table: JournalTable) -> sql.Identifier:
    return sql.Identifier(table.schema, table.name)


def _same_key(table: JournalTable) -> sql.Composed:
    pairs = [sql.SQL("t.{0} = r.{0}").format(sql.Identifier(column)) for column in table.key]
    return sql.SQL(" and ").join(pairs)


def _delete_statement(table: JournalTable) -> sql.Composed:
    return sql.SQL(
        "delete from {table} t using jsonb_array_elements(%(rows)s) as given, "
        "lateral jsonb_populate_record(null::{table}, given) as r where {same}"
    ).format(table=_identifier(table), same=_same_key(table))


def _update_statement(table: JournalTable) -> sql.Composed:
    """Put back the columns that each row has, and only those."""
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


def _insert_statement(table: JournalTable, columns: Sequence[str]) -> sql.Composed:
    """Insert rows under the numbers that they had; columns that they do not have get their defaults."""
    names = sql.SQL(", ").join(map(sql.Identifier, columns))
    return sql.SQL(
        "insert into {table} ({names}) overriding system value select {names} "
        "from jsonb_populate_recordset(null::{table}, %(rows)s)"
    ).format(table=_identifier(table), names=names)
