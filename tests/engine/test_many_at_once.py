"""Many at the same moment end as if one had come after the other."""

from __future__ import annotations

import asyncio
from typing import Any

from guild_builder import GuildBuilder, entry
from sv_common.db.pool import make_pool
from sv_common.guild_sync.db_sync import sync_blizzard_roster
from sv_common.guild_sync.engine.results import FixOutcome
from sv_common.guild_sync.integrity_checker import run_integrity_check
from sv_common.guild_sync.issues import lifecycle
from sv_common.guild_sync.mitigations import fix_one
from sv_common.guild_sync.scheduler import run_addon_sync
from sv_common.guild_sync.sources.ports import Sources

PATIENCE = 120
"""Seconds after which a test gives up: far more than any of this takes, so reaching it means that somebody waits for ever."""


def _name(number: int) -> str:
    return "Ch" + f"{number:04}".translate(str.maketrans("0123456789", "abcdefghij"))


def _rows(size: int, note: str, *, changed: int = 0, new_note: str = "") -> list[dict[str, Any]]:
    return [
        {
            "name": _name(n),
            "realm": "Area52",
            "note": new_note if n < changed else f"{note} {n}",
            "rank": 3,
            "rankName": "Social",
        }
        for n in range(size)
    ]


async def _roster(guild: GuildBuilder, size: int) -> None:
    await sync_blizzard_roster(guild.pool, [entry(_name(n)) for n in range(size)], guild_id=guild.guild_id)


async def test_two_uploads_of_1000_characters_at_once_lose_no_note_and_open_no_second_issue(
    guild: GuildBuilder, database_url: str
) -> None:
    await _roster(guild, 1000)
    elrek = await guild.main("Elrek")
    await guild.main("Mito")
    await guild.execute(
        "insert into guild_identity.player_characters (character_id, player_id, guild_id, link_source, confidence, "
        "linked_by, basis, basis_note) "
        "select id, %(player)s, guild_id, 'full_match', 'exact', 'test', 'note', 'an earlier note' from guild_identity.wow_characters "
        "where character_name like 'Ch%%' order by character_name limit 30",
        {"player": elrek},
    )
    async with make_pool(database_url) as other_process, asyncio.timeout(PATIENCE):
        await asyncio.gather(
            run_addon_sync(guild.pool, _rows(1000, "gear", changed=30, new_note="Mito"), sources=Sources()),
            run_addon_sync(other_process, _rows(1000, "gear", changed=30, new_note="Mito"), sources=Sources()),
        )
    notes = await guild.rows(
        "select character_name, guild_note from guild_identity.wow_characters where character_name like 'Ch%%'"
    )
    assert dict(notes) == {row["name"]: row["note"] for row in _rows(1000, "gear", changed=30, new_note="Mito")}
    opened = await guild.rows(
        "select count(*), count(distinct wow_character_id) from guild_identity.audit_issues where issue_type = 'note_mismatch'"
    )
    assert opened == [(30, 30)]
    overlaps = await guild.rows(
        "select 1 from guild_identity.sync_log a join guild_identity.sync_log b "
        "on a.id < b.id and a.started_at < b.finished_at and b.started_at < a.finished_at"
    )
    assert overlaps == []


async def test_ten_uploads_at_once_through_a_small_pool_all_come_to_an_end(
    guild: GuildBuilder, database_url: str
) -> None:
    await _roster(guild, 20)
    async with make_pool(database_url, max_size=2) as small, asyncio.timeout(PATIENCE):
        reports = await asyncio.gather(
            *(run_addon_sync(small, _rows(20, f"n{n}"), sources=Sources()) for n in range(10))
        )
    assert {report.status for report in reports} == {"done"}


async def test_two_integrity_checks_at_once_open_each_issue_once(guild: GuildBuilder) -> None:
    await _roster(guild, 30)
    async with asyncio.timeout(PATIENCE):
        await asyncio.gather(*(run_integrity_check(guild.pool) for _ in range(4)))
    assert await guild.rows("select count(*) from guild_identity.audit_issues") == [(30,)]
    events = await guild.rows("select event, count(*) from guild_identity.issue_events group by event")
    assert events == [("opened", 30)]


async def test_two_officers_who_fix_the_same_issue_at_once_fix_it_once(guild: GuildBuilder) -> None:
    await guild.main("Mito")
    await guild.character("Rivermane", "Mito")
    await run_integrity_check(guild.pool)
    async with guild.pool.writing(guild.guild_id, alone=False) as here:
        (issue,) = await lifecycle.open_of_rule(here, "orphan_wow")
    async with asyncio.timeout(PATIENCE):
        results = await asyncio.gather(*(fix_one(guild.pool, issue.id, actor=f"officer {n}") for n in range(4)))
    assert sorted(result.outcome for result in results) == [FixOutcome.FIXED, *[FixOutcome.NOTHING_TO_DO] * 3]
    assert await guild.rows("select count(*) from guild_identity.fix_attempts") == [(1,)]
