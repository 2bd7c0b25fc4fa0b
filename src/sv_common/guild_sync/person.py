"""One player or one character with all that is known: note and how it is read, Discord, aliases, issues, what was done."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from psycopg.rows import class_row, dict_row
from psycopg.types.json import Jsonb

from sv_common.db.pool import Connection
from sv_common.db.sql import load_sql
from sv_common.guild_sync.changes.attempts import PastAttempt
from sv_common.guild_sync.domain.basis import basis_in_words
from sv_common.guild_sync.domain.decision import Decision, Verdict
from sv_common.guild_sync.domain.errors import NotFound
from sv_common.guild_sync.resolution import Directory
from sv_common.guild_sync.store.directory import read_facts

SQL = load_sql(__package__, "person.sql")
MOST_ATTEMPTS = 50

NEVER_SEEN = "The note was never seen: no addon export has brought it yet."

_Row = TypeVar("_Row")


@dataclass(frozen=True, slots=True)
class NoteView:
    """A guild note and how it is read; `text` None: never seen. `player` is the one that it means for certain."""

    text: str | None
    verdict: Verdict | None
    sentence: str
    player: str | None = None


@dataclass(frozen=True, slots=True)
class CharacterView:
    """A character with all that is known of it. `last_login_timestamp` in ms since 1970, UTC."""

    id: int
    guild_id: int
    name: str
    realm_slug: str
    realm_name: str | None
    character_class: str | None
    level: int | None
    item_level: int | None
    rank: str | None
    rank_index: int
    last_login_timestamp: int | None
    note: str | None
    removed_at: datetime | None
    player_id: int | None
    link_source: str | None
    evidence: str | None
    linked_by: str | None
    linked_at: datetime | None
    basis: str | None
    basis_note: str | None
    vouched_by: str | None
    vouched_at: datetime | None
    reading: NoteView = NoteView(None, None, NEVER_SEEN)
    is_main: bool = False
    is_offspec: bool = False

    @property
    def rests_on(self) -> str | None:
        """What its link rests on, in words; None where it has no player."""
        if self.player_id is None:
            return None
        return basis_in_words(self.basis, self.basis_note, self.vouched_by, self.vouched_at)

    @property
    def realm(self) -> str:
        """The realm as it is written, or its slug where the name is not known yet."""
        return self.realm_name or self.realm_slug

    @property
    def label(self) -> str:
        """Name-Realm."""
        return f"{self.name}-{self.realm}"


@dataclass(frozen=True, slots=True)
class MemberView:
    """The Discord member that a player is. `roles` are names, highest first."""

    id: int
    discord_id: str
    display_name: str
    global_name: str | None
    username: str
    is_present: bool
    roles: Sequence[str]
    basis: str | None
    vouched_by: str | None
    vouched_at: datetime | None

    @property
    def rests_on(self) -> str:
        """What it rests on that the player is this member, in words."""
        return basis_in_words(self.basis, None, self.vouched_by, self.vouched_at)


@dataclass(frozen=True, slots=True)
class AliasView:
    """A word that means a player."""

    id: int
    alias: str
    created_by: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class RejectionView:
    """A person's word that a character is not a player's."""

    id: int
    character_id: int
    character: str
    realm: str
    character_class: str | None
    player_id: int
    player: str
    is_unlinking: bool
    reason: str | None
    rejected_by: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class MemberRejectionView:
    """A person's word that a player is not a Discord member."""

    id: int
    member_id: int
    member: str
    username: str
    reason: str | None
    rejected_by: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class OpenIssue:
    """An open issue, as it is listed beside whom it is about."""

    id: int
    issue_type: str
    severity: str
    summary: str
    opened_at: datetime


@dataclass(frozen=True, slots=True)
class About:
    """What is remembered about a player or a character besides what they are."""

    rejections: Sequence[RejectionView]
    issues: Sequence[OpenIssue]
    attempts: Sequence[PastAttempt]


@dataclass(frozen=True, slots=True)
class PlayerView:
    """One player with all that is known of it."""

    id: int
    guild_id: int
    display_name: str
    created_by: str
    created_at: datetime
    characters: Sequence[CharacterView]
    member: MemberView | None
    member_rejections: Sequence[MemberRejectionView]
    aliases: Sequence[AliasView]
    about: About


@dataclass(frozen=True, slots=True)
class CharacterPage:
    """One character with all that is known of it, and the player it is linked to."""

    character: CharacterView
    player: str | None
    about: About


@dataclass(frozen=True, slots=True)
class _Player:
    id: int
    guild_id: int
    display_name: str
    main_character_id: int | None
    offspec_character_id: int | None
    created_by: str
    created_at: datetime


async def player_view(conn: Connection, player_id: int, *, guild_id: int | None = None) -> PlayerView:
    """Return one player, in a number of statements that depends on nothing. Raises `NotFound`."""
    values = {"player_id": player_id, "character_id": None, "guild_id": guild_id}
    players = await _rows(conn, _Player, "player", values)
    if not players:
        raise NotFound(f"There is no player with the number {player_id}.")
    player = players[0]
    values = {**values, "guild_id": player.guild_id}
    characters = await _with_readings(conn, player.guild_id, await _character_rows(conn, values), player)
    members = await _rows(conn, MemberView, "member", values)
    return PlayerView(
        player.id,
        player.guild_id,
        player.display_name,
        player.created_by,
        player.created_at,
        characters,
        members[0] if members else None,
        await _rows(conn, MemberRejectionView, "member_rejections", values),
        await _rows(conn, AliasView, "aliases", values),
        await _about(conn, values, _traces_of_player(player_id)),
    )


async def character_page(conn: Connection, character_id: int, *, guild_id: int | None = None) -> CharacterPage:
    """Return one character, linked or not, in a number of statements that depends on nothing. Raises `NotFound`."""
    values = {"player_id": None, "character_id": character_id, "guild_id": guild_id}
    rows = await _character_rows(conn, values)
    if not rows:
        raise NotFound(f"There is no character with the number {character_id}.")
    values = {**values, "guild_id": rows[0]["guild_id"]}
    players = await _rows(conn, _Player, "player", {**values, "player_id": rows[0]["player_id"]})
    player = players[0] if players else None
    characters = await _with_readings(conn, rows[0]["guild_id"], rows, player)
    about = await _about(conn, values, _traces_of_character(character_id))
    return CharacterPage(characters[0], player.display_name if player else None, about)


async def _with_readings(
    conn: Connection, guild_id: int, rows: Sequence[dict[str, Any]], player: _Player | None
) -> list[CharacterView]:
    directory = Directory(await read_facts(conn, guild_id))
    return [
        CharacterView(
            **row,
            reading=_reading(directory, row["id"], row["note"]),
            is_main=player is not None and row["id"] == player.main_character_id,
            is_offspec=player is not None and row["id"] == player.offspec_character_id,
        )
        for row in rows
    ]


def _reading(directory: Directory, character_id: int, note: str | None) -> NoteView:
    character = directory.facts.characters.get(character_id)
    if note is None or character is None:
        return NoteView(note, None, NEVER_SEEN if note is None else "The character is no longer in the guild.")
    decision = directory.decide(character)
    target = decision.target
    player = target.label if target and target.person.player_id is not None else None
    return NoteView(note, decision.verdict, _in_words(decision), player)


def _in_words(decision: Decision) -> str:
    target = decision.target
    return f"Means {target.label}: {target.evidence}" if target else decision.why_not_stronger or ""


async def _about(conn: Connection, values: dict[str, Any], traces: dict[str, list[Jsonb]]) -> About:
    return About(
        await _rows(conn, RejectionView, "rejections", values),
        await _rows(conn, OpenIssue, "issues", values),
        await _rows(conn, PastAttempt, "attempts", {**values, **traces, "limit": MOST_ATTEMPTS}),
    )


def _traces_of_player(player_id: int) -> dict[str, list[Jsonb]]:
    """What a plan or a journal holds when it is about a player."""
    held = [
        {"table": table, side: {"player_id": player_id}}
        for table in ("link", "alias", "rejection")
        for side in ("before", "after")
    ]
    in_changes = [{"table": "player", "id": player_id}, *held]
    in_plan = [{"about": [{"player": player_id}]}]
    return {"in_plan": [Jsonb(in_plan)], "in_changes": [Jsonb([each]) for each in in_changes]}


def _traces_of_character(character_id: int) -> dict[str, list[Jsonb]]:
    in_changes = [{"table": "link", "id": character_id}]
    return {"in_plan": [Jsonb([{"about": [{"character": character_id}]}])], "in_changes": [Jsonb(in_changes)]}


async def _character_rows(conn: Connection, values: dict[str, Any]) -> list[dict[str, Any]]:
    async with conn.cursor(row_factory=dict_row) as cursor:
        await cursor.execute(SQL["characters"], values)
        return await cursor.fetchall()


async def _rows(conn: Connection, kind: type[_Row], name: str, values: dict[str, Any]) -> list[_Row]:
    async with conn.cursor(row_factory=class_row(kind)) as cursor:
        await cursor.execute(SQL[name], values)
        return await cursor.fetchall()
