"""Two checks or two fixes at the same moment end as one does."""

from __future__ import annotations

import pytest

from concurrency.crowd import at_once, crowd, linked_crowd, on, with_notes, wrong_roles
from laws.direct_rows import OFFICER
from laws.guilds import GuildSpec
from laws.life import Life
from sv_common.db.pool import Pool
from sv_common.guild_sync.core.errors import Busy, Refused
from sv_common.guild_sync.db_sync import sync_addon_data
from sv_common.guild_sync.engine.results import FixOutcome
from sv_common.guild_sync.integrity_checker import run_integrity_check
from sv_common.guild_sync.mitigations import fix_all, fix_one, run_auto_mitigations, undo

_PROBLEMS = 30


async def test_two_checks_at_once_open_each_of_thirty_problems_once(pool: Pool, other_pool: Pool) -> None:
    life = await Life.begin(pool, crowd(_PROBLEMS))
    reports = await at_once(
        *(run_integrity_check(each, guild_id=life.guild_id) for each in (pool, other_pool, pool, other_pool))
    )
    assert sum(report.total("opened") for report in reports) == _PROBLEMS
    assert len(await life.open_issues()) == _PROBLEMS
    assert [row["event"] for row in await life.rows("issue_events")] == ["opened"] * _PROBLEMS


async def test_a_check_beside_an_upload_opens_nothing_twice(pool: Pool, other_pool: Pool) -> None:
    life = await Life.begin(pool, linked_crowd(_PROBLEMS))
    rows = with_notes(life, "Stranger", range(_PROBLEMS), _PROBLEMS)
    await at_once(
        sync_addon_data(pool, rows, guild_id=life.guild_id),
        run_integrity_check(other_pool, guild_id=life.guild_id),
        run_integrity_check(other_pool, guild_id=life.guild_id),
    )
    assert len(await life.open_issues()) == _PROBLEMS
    assert [row["event"] for row in await life.rows("issue_events")] == ["opened"] * _PROBLEMS


async def test_of_two_officers_who_fix_one_issue_at_once_one_fixes_it(pool: Pool, other_pool: Pool) -> None:
    life = await Life.begin(pool, linked_crowd(2))
    await sync_addon_data(pool, with_notes(life, "Pla", range(1), 2), guild_id=life.guild_id)
    await _assert_fixed_once(life, [pool, other_pool])


async def test_of_two_officers_who_fix_one_members_roles_at_once_one_fixes_them(pool: Pool, other_pool: Pool) -> None:
    life = await Life.begin(pool, wrong_roles(1))
    await life.scan()
    (issue,) = await life.open_issues()
    outcomes = await at_once(*(_fixed(on(life, each), issue.id) for each in (pool, other_pool)))
    assert outcomes.count(FixOutcome.FIXED) == 1
    assert set(outcomes) <= {FixOutcome.FIXED, FixOutcome.NOTHING_TO_DO, "in progress"}
    assert [row["outcome"] for row in await life.rows("fix_attempts")] == ["fixed"]
    assert await life.open_issues() == []
    assert list(life.discord.held_roles().values()) == [["101"]]


async def test_an_officer_and_automation_at_once_fix_each_issue_once(pool: Pool, other_pool: Pool) -> None:
    life = await Life.begin(pool, linked_crowd(8))
    await sync_addon_data(pool, with_notes(life, "Pla", range(8), 8), guild_id=life.guild_id)
    await at_once(
        fix_all(pool, "note_mismatch", actor=OFFICER, guild_id=life.guild_id),
        run_auto_mitigations(other_pool, guild_id=life.guild_id),
    )
    fixed = [row["issue_id"] for row in await life.rows("fix_attempts") if row["outcome"] == "fixed"]
    assert len(fixed) == len(set(fixed)) == 8
    assert await life.open_issues() == []


async def test_of_two_officers_who_undo_one_fix_at_once_one_undoes_it(pool: Pool, other_pool: Pool) -> None:
    life = await Life.begin(pool, linked_crowd(2))
    await sync_addon_data(pool, with_notes(life, "Pla", range(1), 2), guild_id=life.guild_id)
    before = await life.rows("player_characters")
    await run_auto_mitigations(pool, guild_id=life.guild_id)
    (attempt,) = await life.undoable_attempts()
    outcomes = await at_once(*(_undone(on(life, each), attempt) for each in (pool, other_pool)))
    assert sorted(outcomes) == [False, True]
    assert await life.rows("player_characters") == before


@pytest.mark.parametrize("spec", [linked_crowd(12), wrong_roles(6)], ids=["notes", "roles"])
async def test_two_who_fix_all_at_once_fix_each_issue_once(pool: Pool, other_pool: Pool, spec: GuildSpec) -> None:
    life = await Life.begin(pool, spec)
    issue_type = "role_mismatch" if spec.members else "note_mismatch"
    if not spec.members:
        await sync_addon_data(pool, with_notes(life, "Pla", range(12), 12), guild_id=life.guild_id)
    await life.scan()
    issues = [issue.id for issue in await life.open_issues() if issue.issue_type == issue_type]
    await at_once(
        *(
            fix_all(each, issue_type, actor=OFFICER, guild_id=life.guild_id, discord_bot=life.discord)
            for each in (pool, other_pool)
        )
    )
    fixed = [row["issue_id"] for row in await life.rows("fix_attempts") if row["outcome"] == "fixed"]
    assert sorted(fixed) == sorted(issues)


async def _assert_fixed_once(life: Life, pools: list[Pool]) -> None:
    (issue,) = await life.open_issues()
    results = await at_once(
        *(fix_one(each, issue.id, actor=OFFICER, guild_id=life.guild_id, discord_bot=life.discord) for each in pools)
    )
    assert sorted(result.outcome for result in results) == [FixOutcome.FIXED, FixOutcome.NOTHING_TO_DO]
    assert [row["outcome"] for row in await life.rows("fix_attempts")] == ["fixed"]
    assert await life.open_issues() == []


async def _fixed(life: Life, issue_id: int) -> str:
    """Fix as an officer; whoever presses while another's fix is under way is told so."""
    try:
        result = await fix_one(life.pool, issue_id, actor=OFFICER, guild_id=life.guild_id, discord_bot=life.discord)
    except Busy as error:
        assert "are being changed on Discord right now" in str(error)  # noqa: PT017 -- who comes second may also come too late for it
        return "in progress"
    return result.outcome


async def _undone(life: Life, attempt: int) -> bool:
    try:
        await undo(life.pool, attempt, actor=OFFICER, guild_id=life.guild_id)
    except Refused:
        return False
    return True
