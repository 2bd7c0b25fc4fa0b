"""The engine's work in plain SQL: `plain.sql`, and as much Python as is needed to run it.

All parameters are prepared before the clock starts, the parsed notes among them: no grammar runs in SQL. Every step is
one transaction of its own, as the engine's steps are, so that a failing check does not lose an upload.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from psycopg.types.json import Jsonb

from benchmarks.synthetic import RANK_NAMES, SyntheticGuild, note_of
from sv_common.db.pool import Pool
from sv_common.db.sql import load_sql
from sv_common.guild_sync.domain.guild import CLASS_NAMES, DiscordGuild
from sv_common.guild_sync.domain.names import name_key, realm_key
from sv_common.guild_sync.domain.notes import MentionKind, note_key, parse_note

SQL = load_sql(__package__, "plain.sql")
Parameters: TypeAlias = Mapping[str, object]
_STEPS = ("sync", "run_integrity_check", "run_auto_mitigations", "send_sync_summary")


@dataclass(frozen=True, slots=True)
class Notes:
    """The parameters of an upload and of a scan for one state of the notes."""

    upload: Parameters
    mentions: Parameters


async def roster(pool: Pool, guild_id: int, parameters: Parameters) -> None:
    """Do what `sync_blizzard_roster` does."""
    await _together(pool, {"guild_id": guild_id, **parameters}, "lock", "ranks", "roster")


async def discord(pool: Pool, guild_id: int, roles: Parameters, members: Parameters) -> None:
    """Do what `sync_discord_members` does."""
    async with pool.connection() as conn:
        await conn.execute(SQL["lock"], {"guild_id": guild_id})
        await conn.execute(SQL["roles"], {"guild_id": guild_id, **roles})
        await conn.execute(SQL["members"], {"guild_id": guild_id, **members})


async def upload(pool: Pool, guild_id: int, notes: Notes) -> None:
    """Do what `sync_addon_data` does."""
    await _together(pool, {"guild_id": guild_id, **notes.upload}, "lock", "notes", "rank_names")


async def check(pool: Pool, guild_id: int, notes: Notes) -> None:
    """Do what `run_integrity_check` does."""
    await _together(pool, {"guild_id": guild_id, **notes.mentions}, "lock", "wake", "scan")


async def mend(pool: Pool, guild_id: int, notes: Notes) -> None:
    """Do what `run_auto_mitigations` does; the second scan proves the fixes and finds what follows from them."""
    await _together(pool, {"guild_id": guild_id, **notes.mentions}, "lock", "fix", "scan")


async def pipeline(pool: Pool, guild_id: int, notes: Notes) -> None:
    """Do what `run_addon_sync` does."""
    async with pool.connection() as conn:
        row = await (await conn.execute(SQL["start_log"], {"guild_id": guild_id})).fetchone()
    await upload(pool, guild_id, notes)
    await check(pool, guild_id, notes)
    await mend(pool, guild_id, notes)
    steps = Jsonb([{"name": name, "duration_ms": 0, "counts": {}, "notices": [], "error": None} for name in _STEPS])
    async with pool.connection() as conn:
        await conn.execute(SQL["finish_log"], {"run_id": row[0] if row else None, "steps": steps})


def roster_parameters(guild: SyntheticGuild) -> Parameters:
    """Return a roster as columns."""
    entries = guild.roster()
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
    """Return a server's roles as columns."""
    return {
        "role_ids": [role.role_id for role in server.roles],
        "names": [role.name for role in server.roles],
        "positions": [role.position for role in server.roles],
        "integrations": [role.managed for role in server.roles],
    }


def member_parameters(server: DiscordGuild) -> Parameters:
    """Return a server's members as columns."""
    return {
        "discord_ids": [member.user_id for member in server.members],
        "usernames": [member.username for member in server.members],
        "global_names": [member.global_name for member in server.members],
        "display_names": [member.display_name for member in server.members],
        "bots": [member.is_bot for member in server.members],
        "roles": [Jsonb(sorted(member.role_ids)) for member in server.members],
    }


def notes_parameters(guild: SyntheticGuild, numbers: Mapping[tuple[str, str], int], *, changed: bool) -> Notes:
    """Return an upload as columns, with its notes parsed. `numbers` are the rows' ids by realm and name."""
    characters = guild.characters
    notes = [note_of(each, changed=changed) for each in characters]
    upload_columns = {
        "name_keys": [name_key(each.name) for each in characters],
        "realm_keys": [realm_key(each.realm[2]) for each in characters],
        "notes": notes,
        "officer_notes": [each.officer_note for each in characters],
        "note_keys": [note_key(parse_note(note)) for note in notes],
        "rank_indexes": list(range(len(RANK_NAMES))),
        "rank_names": list(RANK_NAMES),
    }
    return Notes(upload_columns, _mentions([numbers[each.address] for each in characters], notes))


def _mentions(character_ids: Sequence[int], notes: Sequence[str]) -> Parameters:
    """Every key under which a note may mean somebody; words in free text never decide and are left out."""
    rows = [
        (character_id, reading.key, reading.rank, not mention.only_if_known)
        for character_id, note in zip(character_ids, notes, strict=True)
        for mention in parse_note(note).mentions
        if mention.kind is not MentionKind.WORD
        for reading in mention.readings
    ]
    names = ("mention_characters", "mention_keys", "mention_ranks", "mention_alone")
    return {name: list(column) for name, column in zip(names, zip(*rows, strict=True), strict=True)}


async def _together(pool: Pool, parameters: Parameters, *statements: str) -> None:
    async with pool.connection() as conn:
        for statement in statements:
            await conn.execute(SQL[statement], parameters)
