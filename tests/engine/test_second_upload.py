"""An export that brings nothing new writes nothing but the logs; one that brings little writes little."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from psycopg import sql

from guild_builder import RAIDER, GuildBuilder
from sv_common.guild_sync.scheduler import PipelineReport, run_addon_sync
from sv_common.guild_sync.sources.ports import Sources

_LOGS = {"guild_identity.sync_log", "guild_identity.last_exports"}
_TABLES = """
select format('%s.%s', relnamespace::regnamespace, relname) from pg_class
where relkind = 'r' and relnamespace in ('common'::regnamespace, 'guild_identity'::regnamespace)
"""
_FAIL_AT_COMMIT = """
create function guild_identity.fail() returns trigger language plpgsql as $$ begin raise exception 'the disk is full'; end $$;
create constraint trigger fails after update on guild_identity.last_exports deferrable initially deferred
    for each row execute function guild_identity.fail()
"""
_NOW = datetime.now(UTC)


async def _versions(guild: GuildBuilder) -> dict[str, set[tuple[str, str]]]:
    """Where every row of the product lies and which transaction wrote it, by table."""
    found: dict[str, set[tuple[str, str]]] = {}
    async with guild.pool.connection() as conn:
        for (table,) in await (await conn.execute(_TABLES)).fetchall():
            question = sql.SQL("select ctid::text, xmin::text from {}").format(sql.Identifier(*table.split(".")))
            found[table] = set(await (await conn.execute(question)).fetchall())
    return found


async def _written(guild: GuildBuilder, before: dict[str, set[tuple[str, str]]]) -> dict[str, int]:
    """How many row versions each table has that were not there before, and how many are gone, logs apart."""
    after = await _versions(guild)
    changed = {table: len(after[table] ^ before[table]) for table in after if table not in _LOGS}
    return {table: count for table, count in changed.items() if count}


async def _upload(guild: GuildBuilder, notes: dict[str, str], minutes: int) -> PipelineReport:
    rows = [
        {"name": name, "realm": "Area52", "note": note, "officerNote": "trusted", "rank": RAIDER, "rankName": "Raider"}
        for name, note in notes.items()
    ]
    at = _NOW - timedelta(minutes=minutes)
    return await run_addon_sync(guild.pool, rows, guild_id=guild.guild_id, sources=Sources(), exported_at=at)


async def _busy_guild(guild: GuildBuilder) -> dict[str, str]:
    """Players, orphans, a stale character and a link that the notes contradict, all told by an export."""
    await guild.main("Mito", roles=["101"])
    elrek = await guild.main("Elrek")
    await guild.character("Altrek", "Mito")
    await guild.character("Zork", "Nobody Known", last_login_days=90)
    await guild.alt("Banktrek", "Mito", elrek)
    await guild.member("Stranger", roles=["102"])
    notes = {"Mito": "", "Elrek": "Alch 300", "Altrek": "Mito", "Zork": "Nobody Known", "Banktrek": "Mito"}
    await _upload(guild, notes, 60)
    await _upload(guild, notes, 50)
    return notes


async def test_a_second_equal_upload_writes_no_row_but_the_logs(guild: GuildBuilder) -> None:
    notes = await _busy_guild(guild)
    before = await _versions(guild)
    report = await _upload(guild, notes, 40)
    assert await _written(guild, before) == {}
    assert report.check is not None
    assert report.check.total("found") > 0
    assert report.steps[0].counts["characters"] == len(notes)


async def test_an_upload_with_one_changed_note_writes_the_row_of_that_character_alone(guild: GuildBuilder) -> None:
    notes = await _busy_guild(guild)
    before = await _versions(guild)
    await _upload(guild, {**notes, "Elrek": "Alch 450"}, 40)
    assert await _written(guild, before) == {
        "guild_identity.wow_characters": 2
    }  # the new version, and the old one gone


async def test_what_a_newer_export_saw_again_is_not_undone_by_an_older_one(guild: GuildBuilder) -> None:
    notes = await _busy_guild(guild)
    await _upload(guild, notes, 20)
    report = await _upload(guild, {**notes, "Elrek": "an older note"}, 30)
    assert report.status == "superseded"
    rows = await guild.rows("select guild_note from guild_identity.wow_characters where character_name = 'Elrek'")
    assert rows == [("Alch 300",)]


async def test_a_character_that_the_last_export_left_out_keeps_the_time_of_the_one_before(guild: GuildBuilder) -> None:
    notes = await _busy_guild(guild)
    await _upload(guild, notes, 30)
    await _upload(guild, {name: note for name, note in notes.items() if name != "Elrek"}, 10)
    await _upload(guild, {"Elrek": "older than what was seen again", "Mito": "older, too"}, 35)
    rows = await guild.rows(
        "select character_name, guild_note from guild_identity.wow_characters where character_name in ('Elrek', 'Mito') "
        "order by 1"
    )
    assert rows == [("Elrek", "Alch 300"), ("Mito", "")]


async def test_an_upload_that_says_the_same_again_is_known_until_a_row_is_written_on_which_it_rests(
    guild: GuildBuilder,
) -> None:
    notes = await _busy_guild(guild)
    await _upload(guild, notes, 40)
    known = await _upload(guild, notes, 30)
    await guild.execute("update guild_identity.players set display_name = display_name")
    looked_at = await _upload(guild, notes, 20)
    again = await _upload(guild, notes, 10)
    assert known.statements == again.statements < looked_at.statements
    assert [(step.name, step.counts) for step in known.steps] == [(step.name, step.counts) for step in looked_at.steps]


@pytest.mark.own_database
async def test_an_upload_whose_commit_failed_is_not_known(guild: GuildBuilder) -> None:
    await guild.character("Mito", "alt of Zork")
    await guild.character("Elrek", "Alch 300")
    notes = {"Mito": "Grim", "Elrek": "Alch 300"}
    for minutes in (60, 50):
        await _upload(guild, notes, minutes)
        await guild.execute(
            "update guild_identity.wow_characters set guild_note = 'alt of Zork', "
            "guild_note_as_of = now() - interval '2 hours' where character_name = 'Mito'"
        )
    await guild.execute(_FAIL_AT_COMMIT)
    with pytest.raises(psycopg.errors.RaiseException, match="the disk is full"):
        await _upload(guild, notes, 40)
    await guild.execute("drop trigger fails on guild_identity.last_exports")
    await _upload(guild, notes, 30)
    rows = await guild.rows("select guild_note from guild_identity.wow_characters where character_name = 'Mito'")
    assert rows == [("Grim",)]
