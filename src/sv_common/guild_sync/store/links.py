"""Players and their links: written in sets, each change remembered as the row before and the row after."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypedDict

import psycopg

from sv_common.db.pool import Connection
from sv_common.db.sql import load_sql
from sv_common.guild_sync.domain.errors import PlanStale
from sv_common.guild_sync.domain.names import name_key
from sv_common.guild_sync.domain.plan import (
    AttachDiscord,
    CreatePlayer,
    DeletePlayer,
    DetachDiscord,
    ForgetAlias,
    ForgetRejection,
    Link,
    MoveAlias,
    MoveRejection,
    RejectLink,
    RememberAlias,
    SetMain,
    SetOffspec,
    Unlink,
)

SQL = load_sql(__package__, "links.sql")

DECIDED_BY_A_PERSON = frozenset({"manual", "officer_fix"})
"""Link sources that automation never changes."""

_REJECTION_CHANGED = (
    "A “not this player” was changed by somebody else in the meantime. Nothing was changed; look again."
)


class Change(TypedDict):
    """One row before and after. `before` None: the row was made. `after` None: it was deleted.

    For a player that existed before and after, and for an issue, both hold only the columns that changed.
    """

    table: Literal["link", "player", "alias", "rejection", "role", "issue"]
    id: int
    before: dict[str, Any] | None
    after: dict[str, Any] | None


@dataclass(frozen=True, slots=True)
class LinkAuthor:
    """Who makes links, and how they will be known: see `player_characters.link_source`."""

    actor: str
    link_source: str
    confidence: str


async def new_player_ids(conn: Connection, count: int) -> list[int]:
    """Reserve numbers for players that are about to be created."""
    if count == 0:
        return []
    return [row[0] for row in await (await conn.execute(SQL["new_player_ids"], {"count": count})).fetchall()]


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


async def create_players(
    conn: Connection, guild_id: int, steps: Sequence[tuple[int, CreatePlayer]], author: LinkAuthor
) -> dict[int, Change]:
    """Create players under reserved numbers; return the changes by player. Raises `PlanStale` for a taken member."""
    if not steps:
        return {}
    values = {
        "guild_id": guild_id,
        "actor": author.actor,
        "ids": [player_id for player_id, _ in steps],
        "names": [step.display_name for _, step in steps],
        "member_ids": [step.discord_user_id for _, step in steps],
        "main_ids": [step.main_character_id for _, step in steps],
    }
    try:
        rows = await (await conn.execute(SQL["create_players"], values)).fetchall()
    except psycopg.errors.UniqueViolation as error:
        raise PlanStale("That Discord member has become a player in the meantime. Nothing was changed.") from error
    return {row[0]: Change(table="player", id=row[0], before=None, after=row[1]) for row in rows}


async def link(
    conn: Connection, guild_id: int, steps: Sequence[tuple[int, Link]], author: LinkAuthor
) -> dict[int, Change]:
    """Link characters to players (by number); return the changes by character. Raises `PlanStale` for a linked one."""
    if not steps:
        return {}
    values = {
        "guild_id": guild_id,
        "actor": author.actor,
        "link_source": author.link_source,
        "confidence": author.confidence,
        "character_ids": [step.character_id for _, step in steps],
        "player_ids": [player_id for player_id, _ in steps],
        "evidences": [step.evidence for _, step in steps],
    }
    try:
        rows = await (await conn.execute(SQL["link"], values)).fetchall()
    except (psycopg.errors.UniqueViolation, psycopg.errors.ForeignKeyViolation) as error:
        raise PlanStale(
            "A character or player of the plan was changed in the meantime. Nothing was changed."
        ) from error
    return {row[0]: Change(table="link", id=row[0], before=None, after=row[1]) for row in rows}


async def attach_discord(conn: Connection, guild_id: int, steps: Sequence[AttachDiscord]) -> dict[int, Change]:
    """Give players without a Discord member theirs; return the changes by player. Raises `PlanStale`."""
    if not steps:
        return {}
    values = {
        "guild_id": guild_id,
        "player_ids": [step.player_id for step in steps],
        "member_ids": [step.discord_user_id for step in steps],
    }
    try:
        count = (await conn.execute(SQL["attach_discord"], values)).rowcount
    except psycopg.errors.UniqueViolation as error:
        raise PlanStale("That Discord member has become a player in the meantime. Nothing was changed.") from error
    if count != len(steps):
        raise PlanStale("A player was given a Discord member in the meantime. Nothing was changed.")
    return {
        step.player_id: Change(
            table="player",
            id=step.player_id,
            before={"discord_user_id": None},
            after={"discord_user_id": step.discord_user_id},
        )
        for step in steps
    }


async def detach_discord(conn: Connection, guild_id: int, steps: Sequence[DetachDiscord]) -> dict[int, Change]:
    """Take their Discord members from players; return the changes by player. Raises `PlanStale`."""
    if not steps:
        return {}
    values = {
        "guild_id": guild_id,
        "player_ids": [step.player_id for step in steps],
        "member_ids": [step.discord_user_id for step in steps],
    }
    if (await conn.execute(SQL["detach_discord"], values)).rowcount != len(steps):
        raise PlanStale("A player was given another Discord member in the meantime. Nothing was changed.")
    return {
        step.player_id: Change(
            table="player",
            id=step.player_id,
            before={"discord_user_id": step.discord_user_id},
            after={"discord_user_id": None},
        )
        for step in steps
    }


async def remember_aliases(
    conn: Connection, guild_id: int, steps: Sequence[tuple[int, RememberAlias]], author: LinkAuthor
) -> dict[str, Change]:
    """Let words mean players (by number); return the changes by key of the word. Raises `PlanStale` for a known word."""
    if not steps:
        return {}
    values = {
        "guild_id": guild_id,
        "actor": author.actor,
        "player_ids": [player_id for player_id, _ in steps],
        "aliases": [step.alias for _, step in steps],
        "alias_keys": [name_key(step.alias) for _, step in steps],
    }
    try:
        rows = await (await conn.execute(SQL["remember_aliases"], values)).fetchall()
    except psycopg.errors.UniqueViolation as error:
        raise PlanStale(
            "A word of the plan has become another player's alias in the meantime. Nothing was changed."
        ) from error
    return {key: Change(table="alias", id=row["id"], before=None, after=row) for key, row in rows}


async def forget_aliases(conn: Connection, guild_id: int, steps: Sequence[ForgetAlias]) -> dict[str, Change]:
    """Let words mean players no longer; return the changes by key of the word. Raises `PlanStale` for an unknown word."""
    if not steps:
        return {}
    values = {
        "guild_id": guild_id,
        "alias_keys": [name_key(step.alias) for step in steps],
        "player_ids": [step.player_id for step in steps],
    }
    rows = await (await conn.execute(SQL["forget_aliases"], values)).fetchall()
    if len(rows) != len(steps):
        raise PlanStale("An alias was changed by somebody else in the meantime. Nothing was changed; look again.")
    return {key: Change(table="alias", id=row["id"], before=row, after=None) for key, row in rows}


async def move_aliases(conn: Connection, guild_id: int, steps: Sequence[MoveAlias]) -> dict[str, Change]:
    """Let words mean other players; return the changes by key of the word. Raises `PlanStale`."""
    if not steps:
        return {}
    former = {name_key(step.alias): step.former_player_id for step in steps}
    values = {
        "guild_id": guild_id,
        "alias_keys": list(former),
        "former_ids": list(former.values()),
        "player_ids": [step.player_id for step in steps],
    }
    rows = await (await conn.execute(SQL["move_aliases"], values)).fetchall()
    if len(rows) != len(steps):
        raise PlanStale("An alias was changed by somebody else in the meantime. Nothing was changed; look again.")
    return {
        key: Change(table="alias", id=row["id"], before={**row, "player_id": former[key]}, after=row)
        for key, row in rows
    }


async def set_mains(conn: Connection, guild_id: int, steps: Sequence[SetMain]) -> dict[int, Change]:
    """Make characters the mains of their players; return the changes by player. Raises `PlanStale`."""
    if not steps:
        return {}
    values = {
        "guild_id": guild_id,
        "player_ids": [step.player_id for step in steps],
        "character_ids": [step.character_id for step in steps],
        "former_ids": [step.former_main_id for step in steps],
    }
    if (await conn.execute(SQL["set_mains"], values)).rowcount != len(steps):
        raise PlanStale("A main was changed by somebody else in the meantime. Nothing was changed; look again.")
    return {
        step.player_id: Change(
            table="player",
            id=step.player_id,
            before={"main_character_id": step.former_main_id},
            after={"main_character_id": step.character_id},
        )
        for step in steps
    }


async def reject(
    conn: Connection, guild_id: int, steps: Sequence[RejectLink], author: LinkAuthor
) -> dict[tuple[int, int], Change]:
    """Remember whose characters are not whose; return the changes by character and player. Raises `PlanStale`."""
    if not steps:
        return {}
    values = {
        "guild_id": guild_id,
        "actor": author.actor,
        "character_ids": [step.character_id for step in steps],
        "player_ids": [step.player_id for step in steps],
        "reasons": [step.why for step in steps],
    }
    try:
        rows = await (await conn.execute(SQL["reject"], values)).fetchall()
    except (psycopg.errors.UniqueViolation, psycopg.errors.ForeignKeyViolation) as error:
        raise PlanStale("Somebody has said the same in the meantime, or the player is gone. Look again.") from error
    return {_pair(row): Change(table="rejection", id=row["id"], before=None, after=row) for (row,) in rows}


async def set_offspecs(conn: Connection, guild_id: int, steps: Sequence[SetOffspec]) -> dict[int, Change]:
    """Make characters the off-specs of players without one; return the changes by player. Raises `PlanStale`."""
    if not steps:
        return {}
    values = {
        "guild_id": guild_id,
        "player_ids": [step.player_id for step in steps],
        "character_ids": [step.character_id for step in steps],
    }
    if (await conn.execute(SQL["set_offspecs"], values)).rowcount != len(steps):
        raise PlanStale("An off-spec was changed by somebody else in the meantime. Nothing was changed; look again.")
    return {
        step.player_id: Change(
            table="player",
            id=step.player_id,
            before={"offspec_character_id": None},
            after={"offspec_character_id": step.character_id},
        )
        for step in steps
    }


async def move_rejections(
    conn: Connection, guild_id: int, steps: Sequence[MoveRejection]
) -> dict[tuple[int, int], Change]:
    """Let rejections be about other players; return the changes by character and player. Raises `PlanStale`."""
    if not steps:
        return {}
    former = {(step.character_id, step.player_id): step.former_player_id for step in steps}
    values = {
        "guild_id": guild_id,
        "character_ids": [character_id for character_id, _ in former],
        "player_ids": [player_id for _, player_id in former],
        "former_ids": list(former.values()),
    }
    try:
        rows = [row for (row,) in await (await conn.execute(SQL["move_rejections"], values)).fetchall()]
    except psycopg.errors.UniqueViolation as error:
        raise PlanStale(_REJECTION_CHANGED) from error
    if len(rows) != len(steps):
        raise PlanStale(_REJECTION_CHANGED)
    return {
        _pair(row): Change(table="rejection", id=row["id"], before={**row, "player_id": former[_pair(row)]}, after=row)
        for row in rows
    }


async def forget_rejections(
    conn: Connection, guild_id: int, steps: Sequence[ForgetRejection]
) -> dict[tuple[int, int], Change]:
    """Forget whose characters are not whose; return the changes by character and player. Raises `PlanStale`."""
    if not steps:
        return {}
    values = {
        "guild_id": guild_id,
        "character_ids": [step.character_id for step in steps],
        "player_ids": [step.player_id for step in steps],
    }
    rows = await (await conn.execute(SQL["forget_rejections"], values)).fetchall()
    if len(rows) != len(steps):
        raise PlanStale(_REJECTION_CHANGED)
    return {_pair(row): Change(table="rejection", id=row["id"], before=row, after=None) for (row,) in rows}


async def delete_players(conn: Connection, guild_id: int, steps: Sequence[DeletePlayer]) -> dict[int, list[Change]]:
    """Delete players to whom nothing is left; return the changes by player, with the issues that lose them.

    Raises `PlanStale` when something belongs to one of them by now.
    """
    if not steps:
        return {}
    values = {
        "guild_id": guild_id,
        "player_ids": [step.player_id for step in steps],
        "member_ids": [step.discord_user_id for step in steps],
    }
    rows = await (await conn.execute(SQL["delete_players"], values)).fetchall()
    if len(rows) != len(steps):
        raise PlanStale("A player was changed by somebody else in the meantime. Nothing was changed; look again.")
    return {
        player_id: [Change(table="player", id=player_id, before=row, after=None), *_orphaned(player_id, issue_ids)]
        for player_id, row, issue_ids in rows
    }


def _pair(row: dict[str, Any]) -> tuple[int, int]:
    return row["character_id"], row["player_id"]


def _orphaned(player_id: int, issue_ids: Sequence[int]) -> list[Change]:
    return [
        Change(table="issue", id=issue_id, before={"player_id": player_id}, after={"player_id": None})
        for issue_id in issue_ids
    ]


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
