"""Links of characters to players: written in sets, each change remembered as the row before and the row after."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypedDict

from sv_common.db.pool import Connection
from sv_common.db.sql import load_sql
from sv_common.guild_sync.domain.errors import PlanStale
from sv_common.guild_sync.domain.plan import Link, Unlink

SQL = load_sql(__package__, "links.sql")

DECIDED_BY_A_PERSON = frozenset({"manual", "officer_fix"})
"""Link sources that automation never changes."""


class Change(TypedDict):
    """One row before and after. `before` None: the row was made. `after` None: it was deleted.

    For a player that existed before and after, and for an issue, both hold only the columns that changed.
    """

    table: Literal["link", "player", "alias", "rejection", "vouch", "role", "issue"]
    id: int
    before: dict[str, Any] | None
    after: dict[str, Any] | None


@dataclass(frozen=True, slots=True)
class LinkAuthor:
    """Who makes links, and how they will be known: see `player_characters.link_source`."""

    actor: str
    link_source: str
    confidence: str

    @property
    def vouches(self) -> bool:
        """Whether the links are the actor's own decisions, so that the actor stands for each of them."""
        return self.link_source in DECIDED_BY_A_PERSON


async def unlink(conn: Connection, guild_id: int, steps: Sequence[Unlink]) -> dict[int, list[Change]]:
    """Carry out unlinks; return the changes by character. Raises `PlanStale` when a link is no longer as planned."""
    if not steps:
        return {}
    values = {
        "guild_id": guild_id,
        "character_ids": [step.character_id for step in steps],
        "player_ids": [step.player_id for step in steps],
    }
    rows = await (await conn.execute(SQL["unlink"], values)).fetchall()
    if len(rows) != len(steps):
        raise PlanStale("A link was changed by somebody else in the meantime. Nothing was changed; look again.")
    return {row[0]: _unlink_changes(*row) for row in rows}


async def link(
    conn: Connection, guild_id: int, steps: Sequence[tuple[int, Link]], author: LinkAuthor
) -> dict[int, Change]:
    """Link characters to players (by number); return the changes by character."""
    if not steps:
        return {}
    values = {
        "guild_id": guild_id,
        "actor": author.actor,
        "link_source": author.link_source,
        "confidence": author.confidence,
        "vouches": author.vouches,
        "character_ids": [step.character_id for _, step in steps],
        "player_ids": [player_id for player_id, _ in steps],
        "evidences": [step.evidence for _, step in steps],
        "bases": [step.basis for _, step in steps],
    }
    rows = await (await conn.execute(SQL["link"], values)).fetchall()
    return {row[0]: Change(table="link", id=row[0], before=None, after=row[1]) for row in rows}


async def with_another_note(conn: Connection, guild_id: int) -> set[int]:
    """Return the linked characters in the guild whose note is another one than that under which they were linked."""
    rows = await (await conn.execute(SQL["with_another_note"], {"guild_id": guild_id})).fetchall()
    return {row[0] for row in rows}


async def follow_notes(conn: Connection, guild_id: int, character_ids: Collection[int]) -> None:
    """Take the notes as they are now for those under which these characters' links are right."""
    if character_ids:
        values = {"guild_id": guild_id, "character_ids": list(character_ids)}
        await conn.execute(SQL["follow_notes"], values)


def _unlink_changes(
    character_id: int, row: dict[str, Any], player_id: int, was_main: bool | None, was_offspec: bool | None
) -> list[Change]:
    changes = [Change(table="link", id=character_id, before=row, after=None)]
    columns = [name for name, was in (("main_character_id", was_main), ("offspec_character_id", was_offspec)) if was]
    if columns:
        changes.append(
            Change(
                table="player",
                id=player_id,
                before=dict.fromkeys(columns, character_id),
                after=dict.fromkeys(columns),
            )
        )
    return changes
