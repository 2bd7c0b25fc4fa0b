"""The engine's work in plain SQL: `plain.sql`, and as much Python as is needed to run it.

Both start from the same: what a source said, as rows. Turning rows into columns and reading notes, for no grammar runs in
SQL, is part of the work and on the clock, once for each pipeline; nothing is checked. Every step is one transaction of its
own, as the engine's steps are, so that a failing check does not lose an upload.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeAlias

from psycopg.types.json import Jsonb

from benchmarks.synthetic import RANK_NAMES
from sv_common.db.pool import Pool
from sv_common.db.sql import load_sql
from sv_common.guild_sync.core.names import name_key, realm_key
from sv_common.guild_sync.notes import MentionKind, note_key, parse_note
from sv_common.guild_sync.sources.models import CLASS_NAMES, DiscordGuild, RosterCharacter

SQL = load_sql(__package__, "plain.sql")
Parameters: TypeAlias = Mapping[str, object]
_STEPS = ("sync", "run_integrity_check", "run_auto_mitigations", "send_sync_summary")


async def roster(pool: Pool, guild_id: int, parameters: Parameters) -> None:
    await _together(pool, {"guild_id": guild_id, **parameters}, "lock", "ranks", "roster")


async def discord(pool: Pool, guild_id: int, roles: Parameters, members: Parameters) -> None:
    async with pool.connection() as conn:
        await conn.execute(SQL["lock"], {"guild_id": guild_id})
        await conn.execute(SQL["roles"], {"guild_id": guild_id, **roles})
        await conn.execute(SQL["members"], {"guild_id": guild_id, **members})


async def upload(pool: Pool, guild_id: int, columns: Parameters) -> None:
    """Do what `sync_addon_data` does, with `upload_parameters`."""
    await _together(pool, {"guild_id": guild_id, **columns}, "lock", "notes", "rank_names")


async def check(pool: Pool, guild_id: int, mentions: Parameters) -> None:
    """Do what `run_integrity_check` does, with `mention_parameters`."""
    await _together(pool, {"guild_id": guild_id, **mentions}, "lock", "reopen", "scan")


async def fix(pool: Pool, guild_id: int, mentions: Parameters) -> None:
    """Do what `run_auto_mitigations` does; the second scan proves the fixes and finds what follows from them."""
    await _together(pool, {"guild_id": guild_id, **mentions}, "lock", "fix", "scan")


async def pipeline(pool: Pool, guild_id: int, columns: Parameters, mentions: Parameters) -> None:
    run_id = await start_log(pool, guild_id)
    await upload(pool, guild_id, columns)
    await check(pool, guild_id, mentions)
    await fix(pool, guild_id, mentions)
    await finish_log(pool, run_id)


async def start_log(pool: Pool, guild_id: int) -> int:
    async with pool.connection() as conn:
        row = await (await conn.execute(SQL["start_log"], {"guild_id": guild_id})).fetchone()
    assert row is not None  # noqa: S101 -- the inserted row always comes back
    return int(row[0])


async def finish_log(pool: Pool, run_id: int) -> None:
    steps = Jsonb([{"name": name, "duration_ms": 0, "counts": {}, "notices": [], "error": None} for name in _STEPS])
    async with pool.connection() as conn:
        await conn.execute(SQL["finish_log"], {"run_id": run_id, "steps": steps})


def roster_parameters(entries: Sequence[RosterCharacter]) -> Parameters:
    return {
        "names": [each.name for each in entries],
        "name_keys": [name_key(each.name) for each in entries],
        "realm_slugs": [each.realm_slug for each in entries],
        "realm_keys": [realm_key(each.realm_slug) for each in entries],
        "realm_names": [each.realm_name for each in entries],
        "realm_ids": [each.realm_id for each in entries],
        "character_ids": [each.character_id for each in entries],
        "classes": [CLASS_NAMES[each.class_id or 0] for each in entries],
        "levels": [each.level for each in entries],
        "item_levels": [each.item_level for each in entries],
        "ranks": [each.rank for each in entries],
        "last_logins": [each.last_login_timestamp for each in entries],
    }


def role_parameters(server: DiscordGuild) -> Parameters:
    return {
        "role_ids": [role.role_id for role in server.roles],
        "names": [role.name for role in server.roles],
        "positions": [role.position for role in server.roles],
        "integrations": [role.managed for role in server.roles],
    }


def member_parameters(server: DiscordGuild) -> Parameters:
    return {
        "discord_ids": [member.user_id for member in server.members],
        "usernames": [member.username for member in server.members],
        "global_names": [member.global_name for member in server.members],
        "display_names": [member.display_name for member in server.members],
        "bots": [member.is_bot for member in server.members],
        "roles": [Jsonb(sorted(member.role_ids)) for member in server.members],
    }


def upload_parameters(rows: Sequence[Mapping[str, object]]) -> Parameters:
    """Return an upload as columns, with the key of each note."""
    return {
        "name_keys": [name_key(str(row["name"])) for row in rows],
        "realm_keys": [realm_key(str(row["realm"])) for row in rows],
        "notes": [row["note"] for row in rows],
        "officer_notes": [row["officerNote"] for row in rows],
        "note_keys": [note_key(parse_note(str(row["note"]))) for row in rows],
        "rank_indexes": list(range(len(RANK_NAMES))),
        "rank_names": list(RANK_NAMES),
    }


def mention_parameters(rows: Sequence[Mapping[str, object]], numbers: Mapping[tuple[str, str], int]) -> Parameters:
    """Return every key under which a note may mean somebody. `numbers` are the characters' ids by key of the realm and name.

    Words in free text never decide and are left out.
    """
    mentions = [
        (numbers[realm_key(str(row["realm"])), str(row["name"])], reading.key, reading.rank, not mention.only_if_known)
        for row in rows
        for mention in parse_note(str(row["note"])).mentions
        if mention.kind is not MentionKind.WORD
        for reading in mention.readings
    ]
    names = ("mention_characters", "mention_keys", "mention_ranks", "mention_alone")
    return {name: list(column) for name, column in zip(names, zip(*mentions, strict=True), strict=True)}


async def _together(pool: Pool, parameters: Parameters, *statements: str) -> None:
    async with pool.connection() as conn:
        for statement in statements:
            await conn.execute(SQL[statement], parameters)
