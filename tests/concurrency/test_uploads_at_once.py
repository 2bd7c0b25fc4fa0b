"""Two uploads at the same moment: nothing is lost, nothing is found twice, and neither waits for ever."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import Any

import pytest

from concurrency.crowd import at_once, crowd, linked_crowd, runs, with_notes
from laws.life import Life
from laws.snapshot import differences, take
from sv_common.db.pool import Pool
from sv_common.guild_sync.scheduler import run_addon_sync

_LARGE = 1000
_CHANGED = 30
_TIMES = ("addon_last_sync", "opened_at", "created_at", "resolved_at", "at", "started_at", "finished_at", "duration_ms")


@pytest.mark.parametrize("is_one_pool", [True, False])
async def test_two_large_uploads_at_once_lose_no_note_and_find_nothing_twice(
    pool: Pool, other_pool: Pool, is_one_pool: bool
) -> None:
    life = await Life.begin(pool, crowd(_LARGE))
    rows = life.upload()
    halves = [
        [replace(row, note=f"note of {row.name}") for row in rows[: _LARGE // 2]] + rows[_LARGE // 2 :],
        rows[: _LARGE // 2] + [replace(row, note=f"note of {row.name}") for row in rows[_LARGE // 2 :]],
    ]
    unseen = [[replace(row, note=row.note or None) for row in half] for half in halves]
    await at_once(
        run_addon_sync(pool, unseen[0], guild_id=life.guild_id, sources=life.sources),
        run_addon_sync(pool if is_one_pool else other_pool, unseen[1], guild_id=life.guild_id, sources=life.sources),
    )
    notes = {row["character_name"]: row["guild_note"] for row in await life.rows("wow_characters")}
    assert notes == {row.name: f"note of {row.name}" for row in rows}
    assert await _times_found(life) == {(row["id"], "orphan_wow"): 1 for row in await life.rows("wow_characters")}
    await _assert_one_after_the_other(life, 2)


async def test_many_uploads_at_once_do_not_use_up_the_pool(pool: Pool) -> None:
    life = await Life.begin(pool, crowd(20))
    uploads = [
        run_addon_sync(pool, life.upload(), guild_id=life.guild_id, sources=life.sources)
        for _ in range(2 * pool.max_size)
    ]
    await at_once(*uploads)
    await _assert_one_after_the_other(life, 2 * pool.max_size)


@pytest.mark.parametrize("is_one_pool", [True, False])
async def test_the_same_changed_notes_twice_at_once_end_as_if_one_after_the_other(
    pool: Pool, other_pool: Pool, is_one_pool: bool
) -> None:
    ends = []
    for slot, is_at_once in ((1, True), (2, False)):
        life = await Life.begin(pool, linked_crowd(_CHANGED), slot=slot)
        rows = with_notes(life, "Pla", range(_CHANGED), _CHANGED)
        second = pool if is_one_pool else other_pool
        if is_at_once:
            await at_once(
                *(run_addon_sync(p, rows, guild_id=life.guild_id, sources=life.sources) for p in (pool, second))
            )
        else:
            for each in (pool, second):
                await run_addon_sync(each, rows, guild_id=life.guild_id, sources=life.sources)
        assert max((await _times_found(life)).values()) == 1
        ends.append(await _told(life))
    assert ends[0] == ends[1]
    assert len(ends[0]["issues"]) == _CHANGED


async def test_two_uploads_that_disagree_end_as_the_later_one_says(pool: Pool, other_pool: Pool) -> None:
    life = await Life.begin(pool, linked_crowd(_CHANGED))
    uploads = [with_notes(life, prefix, range(_CHANGED), _CHANGED) for prefix in ("Pla", "Stranger")]
    await at_once(
        run_addon_sync(pool, uploads[0], guild_id=life.guild_id, sources=life.sources, actor="one"),
        run_addon_sync(other_pool, uploads[1], guild_id=life.guild_id, sources=life.sources, actor="other"),
    )
    last = uploads[0 if (await runs(life))[-1]["actor"] == "one" else 1]
    notes = {row["character_name"]: row["guild_note"] for row in await life.rows("wow_characters")}
    assert notes == {row.name: row.note for row in last}
    await _assert_one_after_the_other(life, 2)


async def test_uploads_of_two_guilds_at_once_stay_apart(pool: Pool, other_pool: Pool) -> None:
    one, other = await Life.begin(pool, linked_crowd(10), slot=1), await Life.begin(pool, linked_crowd(10), slot=2)
    quiet = await Life.begin(pool, linked_crowd(10), slot=3)
    before = await take(pool, guild_id=quiet.guild_id)
    await at_once(
        *(
            run_addon_sync(p, with_notes(life, "Pla", range(10), 10), guild_id=life.guild_id, sources=life.sources)
            for life, p in ((one, pool), (other, other_pool), (one, other_pool), (other, pool))
        )
    )
    assert await _told(one) == await _told(other)
    assert differences(before, await take(pool, guild_id=quiet.guild_id)) == {}


async def _assert_one_after_the_other(life: Life, count: int) -> None:
    log = await runs(life)
    assert [run["status"] for run in log] == ["done"] * count
    for earlier, later in itertools.pairwise(log):
        assert earlier["finished_at"] <= later["started_at"]


async def _times_found(life: Life) -> dict[tuple[int, str], int]:
    """How many open issues there are for each character and rule."""
    found: dict[tuple[int, str], int] = {}
    for row in await life.rows("audit_issues"):
        if row["resolved_at"] is None or row["issue_type"] == "note_mismatch":
            subject = (row["wow_character_id"], row["issue_type"])
            found[subject] = found.get(subject, 0) + 1
    return found


async def _told(life: Life) -> dict[str, list[Any]]:
    """Links, notes and issues by name."""
    characters = {row["id"]: row["character_name"] for row in await life.rows("wow_characters")}
    players = {row["id"]: row["display_name"] for row in await life.rows("players")}
    issues = {row["id"]: row for row in await life.rows("audit_issues")}
    return {
        "links": sorted(
            (characters[x["character_id"]], players[x["player_id"]], x["link_source"])
            for x in await life.rows("player_characters")
        ),
        "notes": sorted((x["character_name"], x["guild_note"]) for x in await life.rows("wow_characters")),
        "issues": sorted(
            (x["issue_type"], characters[x["wow_character_id"]], x["resolved_by"], x["summary"])
            for x in issues.values()
        ),
        "events": sorted(
            (characters[issues[x["issue_id"]]["wow_character_id"]], x["event"], x["actor"])
            for x in await life.rows("issue_events")
        ),
        "attempts": sorted(
            (characters[issues[x["issue_id"]]["wow_character_id"]], x["outcome"])
            for x in await life.rows("fix_attempts")
        ),
    }
