"""The tables that a changeset can write: their columns, declared once, and what the database changes along with a row.

Only declared columns are written down, compared and put back, so a column that is added later makes no older attempt look
changed. A column that must come back with an undo is added here; a test names those that were forgotten.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

TableName: TypeAlias = Literal[
    "player", "alias", "link", "rejection", "confirmation", "shared", "account", "hiatus", "issue"
]
"""Tables, and issues, of which a journal keeps only that they have lost their player."""
Row: TypeAlias = Mapping[str, Any]
Key: TypeAlias = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """One table. `known_by` are the columns by which people know a row, where its number is not known.

    `notes` are columns that come back with an undo and may have moved on since without standing in its way.
    """

    schema: str
    name: str
    key: tuple[str, ...]
    columns: tuple[str, ...]
    known_by: tuple[str, ...] = ()
    notes: frozenset[str] = frozenset()

    def kept(self, row: Row) -> dict[str, Any]:
        return {column: row[column] for column in self.columns if column in row}

    def compared(self, row: Row) -> dict[str, Any]:
        return {column: value for column, value in self.kept(row).items() if column not in self.notes}


def _table(schema: str, name: str, key: str, columns: str, known_by: str = "", notes: str = "") -> Table:
    return Table(
        schema, name, tuple(key.split()), tuple(columns.split()), tuple(known_by.split()), frozenset(notes.split())
    )


TABLES: Mapping[str, Table] = {
    "player": _table(
        "guild_identity",
        "players",
        key="id",
        columns="id guild_id display_name discord_user_id discord_basis discord_confirmed_by discord_confirmed_at "
        "main_character_id offspec_character_id created_by created_at",
    ),
    "alias": _table(
        "guild_identity",
        "player_note_aliases",
        key="id",
        columns="id guild_id player_id alias alias_key source created_by created_at",
        known_by="alias_key",
    ),
    "link": _table(
        "guild_identity",
        "player_characters",
        key="character_id",
        columns="character_id player_id guild_id link_source confidence evidence linked_by created_at basis basis_note "
        "confirmed_by confirmed_at",
        notes="basis_note",
    ),
    "rejection": _table(
        "guild_identity",
        "link_rejections",
        key="id",
        columns="id guild_id character_id discord_user_id player_id reason is_unlinking rejected_by created_at",
        known_by="character_id discord_user_id player_id",
    ),
    "confirmation": _table(
        "common",
        "confirmed_links",
        key="character_id player_id discord_user_id",
        columns="guild_id character_id player_id discord_user_id confirmed_by confirmed_at",
    ),
    "shared": _table(
        "guild_identity",
        "shared_characters",
        key="character_id",
        columns="character_id guild_id reason marked_by created_at",
    ),
    "account": _table(
        "guild_identity",
        "shared_accounts",
        key="character_id",
        columns="character_id guild_id reason marked_by created_at",
    ),
    "hiatus": _table(
        "guild_identity",
        "hiatuses",
        key="id",
        columns="id guild_id player_id until reason set_by created_at",
        known_by="player_id",
    ),
}
"""In the order in which rows are written: what others refer to comes first. Rows are deleted in the opposite order."""
