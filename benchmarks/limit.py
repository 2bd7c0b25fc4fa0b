"""The limit: set-based SQL that writes only what changed and works out nothing that is stored.

It takes the same steps as the engine, each in a transaction of its own: the upload, the check, the fix, and the check that
proves it. Nothing is checked, worded or made to be undone beyond the rows that the engine writes as well. Only notes that
changed are read; what the others mean is kept in a table of the benchmark's own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from benchmarks import plain
from benchmarks.plain import Parameters
from benchmarks.synthetic import RANK_NAMES
from sv_common.db.pool import Connection, Pool
from sv_common.db.sql import load_sql
from sv_common.guild_sync.core.names import name_key, realm_key
from sv_common.guild_sync.notes import MentionKind, note_key, parse_note

SQL = load_sql(__package__, "limit.sql")

_GIVEN = """select * from unnest(%(mention_characters)b::bigint[], %(mention_keys)b::text[], %(mention_ranks)b::smallint[],
                         %(mention_alone)b::boolean[])
        as m (character_id, key, rank, stands_alone)"""
_STORED = (
    "select character_id, key, rank, stands_alone from guild_identity.benchmark_mentions where guild_id = %(guild_id)s"
)
SCAN = plain.SQL["scan"].replace(_GIVEN, _STORED)


async def make(pool: Pool) -> None:
    """Make the table of what notes mean."""
    async with pool.connection() as conn:
        for statement in SQL["make"].split(";"):
            await conn.execute(statement)


async def read_every_note(pool: Pool, guild_id: int) -> None:
    """Keep what all notes of a guild mean, as an earlier upload would have."""
    async with pool.connection() as conn:
        rows = await (await conn.execute(SQL["every_note"], {"guild_id": guild_id})).fetchall()
        await _read_anew(conn, guild_id, rows)


async def pipeline(pool: Pool, guild_id: int, entries: Sequence[Mapping[str, object]]) -> None:
    """Do what `run_addon_sync` does."""
    run_id = await plain.start_log(pool, guild_id)
    async with pool.connection() as conn:
        await conn.execute(plain.SQL["lock"], {"guild_id": guild_id})
        columns = {"guild_id": guild_id, **_columns(entries)}
        changed = await (await conn.execute(SQL["notes"], columns)).fetchall()
        if changed:
            await _read_anew(conn, guild_id, changed)
        await conn.execute(plain.SQL["rank_names"], {"guild_id": guild_id, **_RANKS})
    await check(pool, guild_id)
    async with pool.connection() as conn:
        for statement in (plain.SQL["lock"], plain.SQL["fix"], SCAN):
            await conn.execute(statement, {"guild_id": guild_id})
    await plain.finish_log(pool, run_id)


async def check(pool: Pool, guild_id: int) -> None:
    """Do what `run_integrity_check` does."""
    async with pool.connection() as conn:
        for statement in (plain.SQL["lock"], plain.SQL["reopen"], SCAN):
            await conn.execute(statement, {"guild_id": guild_id})


async def compare(pool: Pool, guild_id: int, entries: Sequence[Mapping[str, object]]) -> None:
    """Read the rows and compare them with an upload: what has to be done to know that nothing changed."""
    run_id = await plain.start_log(pool, guild_id)
    async with pool.connection() as conn:
        await conn.execute(plain.SQL["lock"], {"guild_id": guild_id})
        differing = await (await conn.execute(SQL["compare"], {"guild_id": guild_id, **_columns(entries)})).fetchall()
        if differing:
            raise AssertionError(f"{len(differing)} rows differ, although nothing has changed.")
    await plain.finish_log(pool, run_id)


_RANKS: Parameters = {"rank_indexes": list(range(len(RANK_NAMES))), "rank_names": list(RANK_NAMES)}


def _columns(entries: Sequence[Mapping[str, object]]) -> Parameters:
    return {
        "name_keys": [name_key(str(each["name"])) for each in entries],
        "realm_keys": [realm_key(str(each["realm"])) for each in entries],
        "notes": [each["note"] for each in entries],
        "officer_notes": [each["officerNote"] for each in entries],
    }


async def _read_anew(conn: Connection, guild_id: int, notes: Sequence[tuple[int, str]]) -> None:
    parsed = [(number, parse_note(note)) for number, note in notes]
    mentions = [
        (number, reading.key, reading.rank, not mention.only_if_known)
        for number, note in parsed
        for mention in note.mentions
        if mention.kind is not MentionKind.WORD
        for reading in mention.readings
    ]
    parameters = {
        "guild_id": guild_id,
        "ids": [number for number, _ in parsed],
        "note_keys": [note_key(note) for _, note in parsed],
        "mention_characters": [mention[0] for mention in mentions],
        "mention_keys": [mention[1] for mention in mentions],
        "mention_ranks": [mention[2] for mention in mentions],
        "mention_alone": [mention[3] for mention in mentions],
    }
    await conn.execute(SQL["read_anew"], parameters)
