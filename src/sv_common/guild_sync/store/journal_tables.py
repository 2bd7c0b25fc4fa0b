"""What a journal keeps of each table: its columns, declared once, and what the database itself changes along with a row.

Only declared columns are written down, compared and put back, so a column that is added later makes no older attempt look
changed. A column that must come back with an undo is added here; a test names those that were forgotten.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

TableName: TypeAlias = Literal["link", "player", "alias", "rejection", "vouch"]
Key: TypeAlias = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class JournalTable:
    """One table. `notes` are columns that come back with an undo and may have moved on since without standing in its way."""

    schema: str
    name: str
    key: tuple[str, ...]
    columns: tuple[str, ...]
    notes: frozenset[str] = frozenset()

    def key_of(self, row: Mapping[str, Any]) -> Key:
        """Return what identifies a row."""
        return tuple(row[column] for column in self.key)

    def kept(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """Return the declared columns of a row, as far as it has them."""
        return {column: row[column] for column in self.columns if column in row}

    def compared(self, row: Mapping[str, Any]) -> dict[str, Any]:
        """Return the columns by which a row is found changed."""
        return {column: value for column, value in self.kept(row).items() if column not in self.notes}


TABLES: Mapping[str, JournalTable] = {
    "player": JournalTable(
        "guild_identity",
        "players",
        ("id",),
        (
            "id",
            "guild_id",
            "display_name",
            "discord_user_id",
            "discord_basis",
            "discord_vouched_by",
            "discord_vouched_at",
            "main_character_id",
            "offspec_character_id",
            "created_by",
            "created_at",
        ),
    ),
    "alias": JournalTable(
        "guild_identity",
        "player_note_aliases",
        ("id",),
        ("id", "guild_id", "player_id", "alias", "alias_key", "source", "created_by", "created_at"),
    ),
    "link": JournalTable(
        "guild_identity",
        "player_characters",
        ("character_id",),
        (
            "character_id",
            "player_id",
            "guild_id",
            "link_source",
            "confidence",
            "evidence",
            "linked_by",
            "created_at",
            "basis",
            "basis_note",
            "vouched_by",
            "vouched_at",
        ),
        notes=frozenset({"basis_note"}),
    ),
    "rejection": JournalTable(
        "guild_identity",
        "link_rejections",
        ("id",),
        (
            "id",
            "guild_id",
            "character_id",
            "discord_user_id",
            "player_id",
            "reason",
            "is_unlinking",
            "rejected_by",
            "created_at",
        ),
    ),
    "vouch": JournalTable(
        "common",
        "vouched_links",
        ("character_id", "player_id", "discord_user_id"),
        ("guild_id", "character_id", "player_id", "discord_user_id", "vouched_by", "vouched_at"),
    ),
}
"""In the order in which rows are written: what others refer to comes first. Rows are deleted in the opposite order."""

CASCADES: Mapping[tuple[str, str], str] = {
    ("guild_identity.player_characters", "player_id"): "a player is deleted only when it has no characters",
    ("guild_identity.player_note_aliases", "player_id"): (
        "written down when a player is deleted, for only words that no note bears are left then; an undo that would take "
        "one is refused"
    ),
    ("guild_identity.link_rejections", "player_id"): "a player is deleted only when it has no rejections",
    (
        "common.vouched_links",
        "player_id",
    ): "written down when a player is deleted; an undo that would take one is refused",
    (
        "guild_identity.audit_issues",
        "player_id",
    ): "written down when a player is deleted; resolved when an undo deletes it",
    (
        "guild_identity.players",
        "main_character_id",
    ): "written down with the link; an undo that would clear one is refused",
    (
        "guild_identity.players",
        "offspec_character_id",
    ): "written down with the link; an undo that would clear one is refused",
}
"""What the database deletes or clears by itself along with a row that a plan or an undo deletes, and how that is dealt with."""
