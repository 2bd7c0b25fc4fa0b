"""When was it seen: an export changes only what is not known from a newer one, whatever the order in which exports come."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from engine.news import row
from guild_builder import OFFICER, RAIDER, SOCIAL, GuildBuilder, entry
from sv_common.guild_sync.core.reports import SyncReport
from sv_common.guild_sync.db_sync import sync_addon_data, sync_blizzard_roster
from sv_common.guild_sync.insights import health
from sv_common.guild_sync.roster import runs
from sv_common.guild_sync.roster.freshness import Source
from sv_common.guild_sync.scheduler import run_addon_sync
from sv_common.guild_sync.sources.ports import Sources

TODAY = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
LONG_AGO = TODAY - timedelta(days=90)


async def _export(guild: GuildBuilder, at: datetime | None, *rows: dict[str, Any]) -> SyncReport:
    return await sync_addon_data(guild.pool, rows, guild_id=guild.guild_id, exported_at=at)


async def _notes(guild: GuildBuilder) -> dict[str, tuple[str | None, str | None]]:
    rows = await guild.rows("select character_name, guild_note, officer_note from guild_identity.wow_characters")
    return {name: (note, officer_note) for name, note, officer_note in rows}


async def _rank_names(guild: GuildBuilder) -> dict[int, str | None]:
    rows = await guild.rows("select wow_rank_index, name_in_game from common.guild_ranks order by 1")
    return dict(rows)


async def test_an_export_of_90_days_ago_after_one_of_today_changes_no_note_and_moves_no_link(
    guild: GuildBuilder,
) -> None:
    elrek, mito = await guild.main("Elrek"), await guild.main("Mito")
    alts = [await guild.alt("Grimalt", "Elrek", elrek), await guild.alt("Oldalt", "Elrek", elrek)]
    today = [row("Grimalt", "Elrek"), row("Oldalt", "Elrek")]
    old = [row("Grimalt", "Mito", rankName="Friend"), row("Oldalt", "Mito", rankName="Friend")]
    await run_addon_sync(guild.pool, today, guild_id=guild.guild_id, sources=Sources(), exported_at=TODAY)
    report = await run_addon_sync(guild.pool, old, guild_id=guild.guild_id, sources=Sources(), exported_at=LONG_AGO)
    assert (report.status, [step.name for step in report.steps]) == ("superseded", ["sync"])
    (sentence,) = report.steps[0].notices
    assert "this export is from 2026-08-22 12:00 UTC" in sentence
    assert "and a newer one of 2026-11-20 12:00 UTC already has everything in it. Nothing was changed." in sentence
    assert report.steps[0].counts["older"] == 2
    assert [await guild.player_of(each) for each in alts] == [elrek, elrek]
    assert mito != elrek
    assert (await _notes(guild))["Grimalt"] == ("Elrek", None)
    assert await guild.rows("select count(*) from guild_identity.audit_issues where resolved_at is null") == [(0,)]
    assert (await _rank_names(guild))[SOCIAL] == "Social"


async def test_an_export_that_is_partly_older_changes_what_is_newer_and_says_how_many(guild: GuildBuilder) -> None:
    for name in ("Elrek", "Mito", "Zoe"):
        await guild.character(name)
    await _export(guild, TODAY, row("Elrek", "new"), row("Mito", "new"))
    report = await _export(guild, LONG_AGO, row("Elrek", "old"), row("Mito", "old"), row("Zoe", "old"))
    assert {name: note for name, (note, _) in (await _notes(guild)).items()} == {
        "Elrek": "new",
        "Mito": "new",
        "Zoe": "old",
    }
    assert (report.is_superseded, report.counts["older"], report.counts["notes_changed"]) == (False, 2, 1)
    assert report.notices == (
        "Known from a newer export, of 2026-11-20 12:00 UTC, and left unchanged: 2 characters and 1 rank.",
    )


async def test_an_export_does_not_take_back_a_rank_that_a_later_roster_settled(guild: GuildBuilder) -> None:
    await sync_blizzard_roster(guild.pool, [entry("Elrek", rank=SOCIAL)], guild_id=guild.guild_id)
    await sync_blizzard_roster(guild.pool, [entry("Elrek", rank=RAIDER)], guild_id=guild.guild_id)
    await _export(guild, LONG_AGO, row("Elrek", "a", rank=SOCIAL))
    assert await guild.rows("select settled_rank_index from guild_identity.wow_characters") == [(RAIDER,)]


@pytest.mark.parametrize("wrong", [None, datetime.now(UTC) + timedelta(days=400)])
async def test_an_export_without_a_time_or_with_one_in_the_future_counts_as_made_when_it_came(
    guild: GuildBuilder, wrong: datetime | None
) -> None:
    await guild.character("Elrek")
    await _export(guild, datetime.now(UTC) - timedelta(minutes=1), row("Elrek", "a"))
    await _export(guild, wrong, row("Elrek", "b"))
    assert (await _notes(guild))["Elrek"][0] == "b"
    await _export(guild, datetime.now(UTC) + timedelta(seconds=1), row("Elrek", "c"))
    assert (await _notes(guild))["Elrek"][0] == "c"
    ((ahead,),) = await guild.rows("select guild_note_as_of - now() from guild_identity.wow_characters")
    assert ahead < timedelta(minutes=1)


async def test_times_written_by_a_clock_that_was_a_year_ahead_hold_no_export_up(guild: GuildBuilder) -> None:
    await guild.character("Elrek")
    now = datetime.now(UTC)
    await _export(guild, now - timedelta(minutes=5), row("Elrek", "a", officerNote="x", rankName="Member"))
    await guild.execute(
        "update guild_identity.wow_characters set guild_note_as_of = guild_note_as_of + interval '1 year', "
        "officer_note_as_of = officer_note_as_of + interval '1 year', "
        "settled_rank_as_of = settled_rank_as_of + interval '1 year'"
    )
    await guild.execute("update common.guild_ranks set name_as_of = name_as_of + interval '1 year'")
    newer = row("Elrek", "b", officerNote="y", rank=RAIDER, rankName="Team")
    await _export(guild, now - timedelta(minutes=1), newer, row("Zoe", "c"))
    report = await _export(
        guild, now - timedelta(minutes=3), row("Elrek", "old", officerNote="old", rank=RAIDER, rankName="Old")
    )
    assert report.is_superseded
    assert await _notes(guild) == {"Elrek": ("b", "y")}
    assert (await _rank_names(guild))[RAIDER] == "Team"
    assert await guild.rows("select settled_rank_index from guild_identity.wow_characters") == [(RAIDER,)]


async def test_of_two_exports_of_the_same_moment_the_later_one_counts(guild: GuildBuilder) -> None:
    await guild.character("Elrek")
    await _export(guild, TODAY, row("Elrek", "a"))
    assert (await _export(guild, TODAY, row("Elrek", "b"))).counts["notes_changed"] == 1
    assert (await _notes(guild))["Elrek"][0] == "b"


async def test_rank_names_come_only_from_entries_that_are_in_the_roster(guild: GuildBuilder) -> None:
    await guild.character("Elrek", rank=SOCIAL)
    strangers = [row(f"Strange{letter}", "x", rank=OFFICER, rankName="Warlord") for letter in "abc"]
    await _export(guild, TODAY, row("Elrek", "a", rankName="Member"), *strangers)
    names = await _rank_names(guild)
    assert (names[OFFICER], names[SOCIAL]) == (None, "Member")


async def test_a_superseded_export_leaves_the_age_of_the_notes_as_it_was(guild: GuildBuilder) -> None:
    await guild.character("Elrek")
    for at in (TODAY, LONG_AGO):
        await run_addon_sync(
            guild.pool, [row("Elrek", "a")], guild_id=guild.guild_id, sources=Sources(), exported_at=at
        )
    rows = await guild.rows("select status, as_of from guild_identity.sync_log order by id")
    assert rows == [("done", TODAY), ("superseded", LONG_AGO)]


@pytest.mark.parametrize("seen", [row("Elrek", None), row("Nobody", "a note")])
async def test_an_export_that_brings_no_note_leaves_the_age_of_the_notes_as_it_was(
    guild: GuildBuilder, seen: dict[str, Any]
) -> None:
    await guild.character("Elrek")
    for at, each in ((LONG_AGO, row("Elrek", "a")), (TODAY, seen)):
        await run_addon_sync(guild.pool, [each], guild_id=guild.guild_id, sources=Sources(), exported_at=at)
    assert await guild.rows("select status, as_of from guild_identity.sync_log order by id") == [
        ("done", LONG_AGO),
        ("done", LONG_AGO),
    ]
    sources = (await guild.call(health.health)).sources
    (notes,) = [each for each in sources if each.source is Source.NOTES]
    assert (notes.last, notes.is_stale) == (LONG_AGO, True)


async def test_an_old_export_that_is_the_first_leaves_the_notes_as_old_as_it_is(guild: GuildBuilder) -> None:
    await guild.character("Elrek")
    await run_addon_sync(
        guild.pool, [row("Elrek", "a")], guild_id=guild.guild_id, sources=Sources(), exported_at=LONG_AGO
    )
    async with guild.pool.writing(guild.guild_id, alone=False) as here:
        sources = (await health.health(here)).sources
        standing = (await runs.standings(here))["addon_upload"]
    (notes,) = [each for each in sources if each.source is Source.NOTES]
    assert (notes.last, notes.is_stale, standing.last_good) == (LONG_AGO, True, LONG_AGO)
