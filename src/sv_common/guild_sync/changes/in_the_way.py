"""What keeps a change from being undone: later changes of the same, and of what it would need or remove. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from sv_common.guild_sync.changes.changeset import RowChange
from sv_common.guild_sync.changes.tables import TABLES, Key, Row

_OTHER = {"link": "shared", "shared": "link"}
"""The link of a character and its mark as a bank or shared stand in each other's way."""

_OF_A_PLAYER = ("link", "alias", "rejection", "confirmation", "hiatus")
_POINTERS = ("main_character_id", "offspec_character_id")


def stands_in_way(earlier: RowChange, later: RowChange) -> bool:
    """Whether a later change keeps an earlier one from being undone."""
    if earlier.key == later.key and earlier.table == "player" and earlier.is_update and later.is_update:
        return bool({*(earlier.after or {})} & {*(later.after or {})})
    journal = later.as_json()
    return any(_holds(journal, trace) for trace in _traces(earlier))


def traces_of(changes: Iterable[RowChange]) -> list[list[dict[str, Any]]]:
    """Return what the journal of an attempt that may stand in the way of these holds, each to be found by containment."""
    return [[trace] for change in changes for trace in _traces(change)]


def _holds(journal: Mapping[str, Any], trace: Mapping[str, Any]) -> bool:
    return all(
        isinstance(journal.get(name), dict) and _holds(journal[name], value)
        if isinstance(value, dict)
        else name in journal and journal[name] == value
        for name, value in trace.items()
    )


def _traces(change: RowChange) -> Iterator[dict[str, Any]]:
    """What changed the same, has removed what would be needed, or needs what would be removed."""
    had = change.before or {}
    yield {"table": change.table, "id": change.id}
    if had.get("player_id") is not None:
        yield {"table": "player", "id": had["player_id"], "after": None}
    match change.table:
        case "player":
            yield from _traces_of_player(change, had)
        case "link" | "shared":
            yield {"table": _OTHER[change.table], "id": change.id}
            yield from ({"table": "player", "after": {column: change.id}} for column in _POINTERS)
            if had.get("player_id") is not None:
                yield _rejection(had["player_id"], character_id=change.id)
        case "rejection" if had:
            yield from _traces_of_rejection(had)
        case "alias":
            yield {"table": "alias", "after": {"alias_key": (change.after or had)["alias_key"]}}
        case "hiatus" if had:
            yield {"table": "hiatus", "after": {"player_id": had["player_id"]}}


def _traces_of_rejection(had: Row) -> Iterator[dict[str, Any]]:
    """The link that stands against what was said, and the same said again."""
    if had.get("character_id") is not None:
        yield {"table": "link", "id": had["character_id"], "after": {"player_id": had["player_id"]}}
        yield _rejection(had["player_id"], character_id=had["character_id"])
    else:
        yield {"table": "player", "id": had["player_id"], "after": {"discord_user_id": had["discord_user_id"]}}
        yield _rejection(had["player_id"], discord_user_id=had["discord_user_id"])


def _traces_of_player(change: RowChange, had: Row) -> Iterator[dict[str, Any]]:
    if change.before is None:
        yield from ({"table": table, "after": {"player_id": change.id}} for table in _OF_A_PLAYER)
    for number in _pointed(had):
        yield {"table": "link", "id": number, "before": {"player_id": change.id}}
    if (member := had.get("discord_user_id")) is not None:
        yield {"table": "player", "after": {"discord_user_id": member}}
        yield _rejection(change.id, discord_user_id=member)


def _rejection(player_id: int, **of: int) -> dict[str, Any]:
    return {"table": "rejection", "after": {"player_id": player_id, **of}}


def _pointed(row: Row) -> list[int]:
    return [row[column] for column in _POINTERS if row.get(column) is not None]


def changed_between(journals: Sequence[Sequence[RowChange]]) -> set[tuple[str, Key]]:
    """Return the rows that somebody else changed between two of these journals, which come oldest first.

    Joined without this, they would take along what was done between them.
    """
    last: dict[tuple[str, Key], dict[str, Any] | None] = {}
    found = set()
    for change in (change for journal in journals for change in journal):
        table = TABLES.get(change.table)
        if table is None:
            continue
        before, after = (None if row is None else table.compared(row) for row in (change.before, change.after))
        known = last.get(change.key, before)
        if (known is None) != (before is None) or any(
            known[column] != value for column, value in (before or {}).items() if known and column in known
        ):
            found.add(change.key)
        last[change.key] = after if after is None or not known else {**known, **after}
    return found
