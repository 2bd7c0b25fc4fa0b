"""Taking back what was written of players and their links: every row as it was before, or nothing at all."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import psycopg
from psycopg.types.json import Jsonb

from sv_common.db.pool import Connection
from sv_common.db.sql import load_sql
from sv_common.guild_sync.domain.errors import PlanStale
from sv_common.guild_sync.store.links import Change

SQL = load_sql(__package__, "journal.sql")

_TABLES = frozenset({"link", "player", "alias", "rejection"})
"""What is taken back here; Discord roles and issues are others' to write."""


async def put_back(conn: Connection, changes: Sequence[Change], *, written_at: datetime) -> None:
    """Undo changes of links and players, exactly, or not at all.

    Raises `PlanStale` when any row no longer holds what was written, when a player that would be deleted has got other
    characters, aliases or rejections since, when a word that would be an alias again has become another one, or when a
    link and a "not this player" would stand against each other of which one is newer than the changes.
    """
    folded = _fold(change for change in changes if change["table"] in _TABLES)
    ids = {
        "character_ids": _ids_of(folded, "link"),
        "player_ids": _ids_of(folded, "player"),
        "alias_ids": _ids_of(folded, "alias"),
        "rejection_ids": _ids_of(folded, "rejection"),
    }
    rows = await (await conn.execute(SQL["current_rows"], ids)).fetchall()
    current = {(table, row_id): (row, others) for table, row_id, row, others in rows}
    for change in folded:
        _check_still_as_written(change, *current.get((change["table"], change["id"]), (None, 0)))
    try:
        await _take_away(conn, folded, ids)
        await _restore(conn, folded, written_at)
    except psycopg.errors.UniqueViolation as error:
        raise PlanStale(
            "An alias, a Discord member or a rejection has been given to somebody else since, so this can no longer be undone."
        ) from error


async def _take_away(conn: Connection, folded: Sequence[Change], ids: Mapping[str, list[int]]) -> None:
    """Delete what was made, and what is about to be written as it was before."""
    made = [c["id"] for c in folded if c["table"] == "player" and c["before"] is None]
    await conn.execute(SQL["delete_aliases"], ids)
    await conn.execute(SQL["delete_rejections"], ids)
    await conn.execute(SQL["delete_links"], ids)
    await conn.execute(SQL["delete_players"], {"player_ids": made})


async def _restore(conn: Connection, folded: Sequence[Change], written_at: datetime) -> None:
    """Write what was there before. A Discord member is let go by one player before another has it again."""
    players = [c for c in folded if c["table"] == "player" and c["before"] is not None]
    columns = [{"id": c["id"], **(c["before"] or {})} for c in players if c["after"] is not None]
    deleted = [c["before"] for c in players if c["after"] is None]
    await conn.execute(SQL["restore_columns"], {"rows": Jsonb(columns)})
    await conn.execute(SQL["restore_players"], {"rows": Jsonb(deleted)})
    await conn.execute(SQL["restore_aliases"], {"rows": Jsonb(_rows_before(folded, "alias"))})
    links, rejections = _rows_before(folded, "link"), _rows_before(folded, "rejection")
    restored = await conn.execute(SQL["restore_links"], {"rows": Jsonb(links), "written_at": written_at})
    if restored.rowcount != len(links):
        raise PlanStale(
            "An officer has said since that a character does not belong to the player that would have it again. "
            "Take that back first."
        )
    restored = await conn.execute(SQL["restore_rejections"], {"rows": Jsonb(rejections)})
    if restored.rowcount != len(rejections):
        raise PlanStale(
            "A character was linked to a player since that it would be said not to belong to, so this can no longer be undone."
        )


def _ids_of(folded: Sequence[Change], table: str) -> list[int]:
    return [change["id"] for change in folded if change["table"] == table]


def _rows_before(folded: Sequence[Change], table: str) -> list[dict[str, Any]]:
    return [change["before"] for change in folded if change["table"] == table and change["before"] is not None]


def _fold(changes: Iterable[Change]) -> list[Change]:
    """One change for each row: what it was at first, what it was at last."""
    folded: dict[tuple[str, int], Change] = {}
    for change in changes:
        key = (change["table"], change["id"])
        earlier = folded.get(key)
        folded[key] = change if earlier is None else _joined(earlier, change)
    return list(folded.values())


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


def _check_still_as_written(change: Change, row: dict[str, Any] | None, others: int) -> None:
    after = change["after"]
    if change["table"] == "link" and after is not None:
        is_same = row is not None and {**row, "basis_note": after.get("basis_note")} == after  # follows the note
    elif change["table"] != "player" or after is None:
        is_same = row == after
    else:
        is_same = row is not None and all(row.get(name) == value for name, value in after.items())
    if not is_same:
        raise PlanStale(
            f"The {change['table']} {change['id']} was changed since, so this can no longer be undone as a whole."
        )
    if change["table"] == "player" and change["before"] is None and others:
        raise PlanStale(
            "The player that was created has got other characters, aliases or rejections since, so it cannot be taken back."
        )
