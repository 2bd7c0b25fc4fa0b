"""Players and their links: written in sets, each change remembered as the row before and the row after."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypedDict

import psycopg
from psycopg.types.json import Jsonb

from sv_common.db.pool import Connection
from sv_common.db.sql import load_sql
from sv_common.guild_sync.domain.errors import PlanStale
from sv_common.guild_sync.domain.names import name_key
from sv_common.guild_sync.domain.plan import (
    AttachDiscord,
    CreatePlayer,
    ForgetAlias,
    Link,
    RejectLink,
    RememberAlias,
    SetMain,
    Unlink,
)

SQL = load_sql(__package__, "links.sql")

DECIDED_BY_A_PERSON = frozenset({"manual", "officer_fix"})
"""Link sources that automation never changes."""


class Change(TypedDict):
    """One row before and after. `before` None: the row was made. `after` None: it was deleted.

    For a player that existed before, both hold only the columns that changed.
    """

    table: Literal["link", "player", "alias", "rejection", "role"]
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
    return {
        (row["character_id"], row["player_id"]): Change(table="rejection", id=row["id"], before=None, after=row)
        for (row,) in rows
    }


async def put_back(conn: Connection, changes: Sequence[Change]) -> None:
    """Undo changes of links and players, exactly, or not at all.

    Raises `PlanStale` when any row no longer holds what was written, when a player that would be deleted has got other
    characters or aliases since, or when a word that would be an alias again has become another one.
    """
    folded = _fold([change for change in changes if change["table"] != "role"])
    ids = {
        "character_ids": [change["id"] for change in folded if change["table"] == "link"],
        "player_ids": [change["id"] for change in folded if change["table"] == "player"],
        "alias_ids": [change["id"] for change in folded if change["table"] == "alias"],
        "rejection_ids": [change["id"] for change in folded if change["table"] == "rejection"],
    }
    rows = await (await conn.execute(SQL["current_rows"], ids)).fetchall()
    current = {(table, row_id): (row, others) for table, row_id, row, others in rows}
    for change in folded:
        _check_still_as_written(change, *current.get((change["table"], change["id"]), (None, 0)))
    try:
        await _write_back(conn, folded)
    except psycopg.errors.UniqueViolation as error:
        raise PlanStale(
            "An alias or a Discord member has been given to somebody else since, so this can no longer be undone."
        ) from error


async def _write_back(conn: Connection, folded: Sequence[Change]) -> None:
    written_links = [c["id"] for c in folded if c["table"] == "link" and c["after"] is not None]
    made_players = [c["id"] for c in folded if c["table"] == "player" and c["before"] is None]
    lost_links = [c["before"] for c in folded if c["table"] == "link" and c["before"] is not None]
    columns = [{"id": c["id"], **c["before"]} for c in folded if c["table"] == "player" and c["before"] is not None]
    aliases = [c["id"] for c in folded if c["table"] == "alias"]
    lost_aliases = [c["before"] for c in folded if c["table"] == "alias" and c["before"] is not None]
    new_rejections = [c["id"] for c in folded if c["table"] == "rejection"]
    await conn.execute(SQL["delete_aliases"], {"alias_ids": aliases})
    await conn.execute(SQL["delete_rejections"], {"rejection_ids": new_rejections})
    await conn.execute(SQL["delete_links"], {"character_ids": written_links})
    await conn.execute(SQL["delete_players"], {"player_ids": made_players})
    await conn.execute(SQL["restore_links"], {"rows": Jsonb(lost_links)})
    await conn.execute(SQL["restore_aliases"], {"rows": Jsonb(lost_aliases)})
    await conn.execute(SQL["restore_players"], {"rows": Jsonb(columns)})


def _fold(changes: Sequence[Change]) -> list[Change]:
    """One change for each row: what it was at first, what it was at last."""
    folded: dict[tuple[str, int], Change] = {}
    for change in changes:
        key = (change["table"], change["id"])
        earlier = folded.get(key)
        if earlier is None:
            folded[key] = change
        elif change["table"] == "player":
            folded[key] = Change(
                table="player",
                id=change["id"],
                before=None if earlier["before"] is None else {**(change["before"] or {}), **earlier["before"]},
                after={**(earlier["after"] or {}), **(change["after"] or {})},
            )
        else:
            folded[key] = Change(
                table=change["table"], id=change["id"], before=earlier["before"], after=change["after"]
            )
    return list(folded.values())


def _check_still_as_written(change: Change, row: dict[str, Any] | None, others: int) -> None:
    after = change["after"]
    if change["table"] != "player":
        is_same = row == after
    else:
        is_same = row is not None and after is not None and all(row.get(name) == value for name, value in after.items())
    if not is_same:
        raise PlanStale(
            f"The {change['table']} {change['id']} was changed since, so this can no longer be undone as a whole."
        )
    if change["table"] == "player" and change["before"] is None and others:
        raise PlanStale(
            "The player that was created has got other characters or aliases since, so it cannot be taken back."
        )


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
