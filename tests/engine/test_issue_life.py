"""The life of issues: every move, its event and its actor."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from guild_builder import GuildBuilder
from sv_common.db.pool import GuildConnection
from sv_common.guild_sync.core.errors import BadInput, NotFound, Refused
from sv_common.guild_sync.integrity_checker import run_integrity_check
from sv_common.guild_sync.issues import lifecycle
from sv_common.guild_sync.issues.lifecycle import Conclusion
from sv_common.guild_sync.issues.model import Finding, Issue, IssueState, SubjectKind
from sv_common.guild_sync.issues.reports import Reconciliation
from sv_common.guild_sync.rules import RULES


async def _reconcile(
    guild: GuildBuilder, *subjects: int, summary: str = "s", is_complete: bool = True
) -> Reconciliation:
    findings = [
        Finding("orphan_wow", guild.guild_id, SubjectKind.CHARACTER, subject, summary, {"n": subject, "note": "Zork"})
        for subject in subjects
    ]
    async with guild.pool.writing(guild.guild_id, alone=False) as here:
        moves = await lifecycle.reconcile(
            here,
            [Conclusion("orphan_wow", "warning", findings, RULES["orphan_wow"].material)],
            actor="detection",
            is_complete=is_complete,
        )
    return moves["orphan_wow"]


async def _reopened(guild: GuildBuilder, now: datetime) -> int:
    report = await run_integrity_check(guild.pool, issue_types=["orphan_wow"], now=now)
    return report.total("reopened")


async def _events(guild: GuildBuilder) -> Sequence[tuple[Any, ...]]:
    return await guild.rows("select event, actor from guild_identity.issue_events order by id")


async def _only(guild: GuildBuilder) -> Issue:
    rows = await guild.rows("select id from guild_identity.audit_issues")
    assert len(rows) == 1
    return await guild.call(lifecycle.get, rows[0][0])


async def test_an_issue_is_opened_refreshed_resolved_and_reopened_as_one_row(guild: GuildBuilder) -> None:
    character = await guild.character("Elrek")
    assert await _reconcile(guild, character) == Reconciliation(found=1, opened=1)
    assert await _reconcile(guild, character) == Reconciliation(found=1)
    assert await _reconcile(guild, character, summary="other words") == Reconciliation(found=1, refreshed=1)
    assert await _reconcile(guild) == Reconciliation(resolved=1)
    assert (await _only(guild)).resolved_by == "detection"
    assert await _reconcile(guild) == Reconciliation()
    assert await _reconcile(guild, character) == Reconciliation(found=1, recurred=1)
    moves = ["opened", "refreshed", "resolved", "recurred"]
    assert await _events(guild) == [(move, "detection") for move in moves]
    assert (await _only(guild)).state is IssueState.OPEN


async def test_a_subject_found_twice_is_one_issue(guild: GuildBuilder) -> None:
    character = await guild.character("Elrek")
    assert await _reconcile(guild, character, character) == Reconciliation(found=1, opened=1)


async def test_looking_at_a_part_resolves_nothing(guild: GuildBuilder) -> None:
    first, second = await guild.character("Elrek"), await guild.character("Mito")
    await _reconcile(guild, first)
    assert await _reconcile(guild, second, is_complete=False) == Reconciliation(found=1, opened=1)


async def test_a_subject_that_has_left_is_resolved_as_gone(guild: GuildBuilder) -> None:
    character = await guild.character("Elrek")
    await _reconcile(guild, character)
    await guild.execute("update guild_identity.wow_characters set removed_at = now()")
    await _reconcile(guild)
    assert (await _only(guild)).resolved_by == "subject gone"


async def test_a_dismissal_with_an_end_ends_when_the_time_has_come(guild: GuildBuilder) -> None:
    await guild.character("Elrek")
    await run_integrity_check(guild.pool, issue_types=["orphan_wow"])
    end = datetime.now(UTC) + timedelta(days=7)
    await guild.call(lifecycle.dismiss, (await _only(guild)).id, actor="alice", reason="on holiday", until=end)
    assert await _reopened(guild, end - timedelta(hours=1)) == 0
    assert await _reopened(guild, end + timedelta(hours=1)) == 1
    assert (await _only(guild)).state is IssueState.OPEN
    assert await _events(guild) == [("opened", "detection"), ("dismissed", "alice"), ("reopened", "clock")]


async def test_an_officer_may_reopen_and_resolve(guild: GuildBuilder) -> None:
    character = await guild.character("Elrek")
    await _reconcile(guild, character)
    issue_id = (await _only(guild)).id
    async with guild.pool.writing(guild.guild_id, alone=False) as here:
        await lifecycle.dismiss(here, issue_id, actor="alice", reason="later")
        await lifecycle.reopen(here, issue_id, actor="bob", reason="now")
        done = await lifecycle.resolve_manually(here, issue_id, actor="bob", reason="asked him")
    assert (done.state, done.resolved_by) == (IssueState.RESOLVED, "bob")
    assert [event for event, _ in await _events(guild)] == ["opened", "dismissed", "reopened", "resolved"]
    assert (await _reconcile(guild, character)).recurred == 1


async def test_moves_that_make_no_sense_are_refused_in_words(guild: GuildBuilder) -> None:
    character = await guild.character("Elrek")
    await _reconcile(guild, character)
    issue_id = (await _only(guild)).id
    async with guild.pool.connection() as conn:
        with pytest.raises(BadInput, match="Add a reason"):
            await lifecycle.dismiss(GuildConnection(conn, guild.guild_id), issue_id, actor="alice", reason="  ")
        with pytest.raises(Refused, match="is not dismissed"):
            await lifecycle.reopen(GuildConnection(conn, guild.guild_id), issue_id, actor="alice", reason="x")
        with pytest.raises(NotFound, match="Issue 999 does not exist"):
            await lifecycle.dismiss(GuildConnection(conn, guild.guild_id), 999, actor="alice", reason="x")
        with pytest.raises(NotFound):
            await lifecycle.dismiss(GuildConnection(conn, guild.guild_id + 1), issue_id, actor="alice", reason="x")
        await lifecycle.resolve(GuildConnection(conn, guild.guild_id), [issue_id], resolved_by="alice", reason="x")
        with pytest.raises(Refused, match="already resolved"):
            await lifecycle.dismiss(GuildConnection(conn, guild.guild_id), issue_id, actor="alice", reason="x")


async def test_the_schema_refuses_a_second_issue_for_one_subject(guild: GuildBuilder) -> None:
    await _reconcile(guild, await guild.character("Elrek"))
    with pytest.raises(Exception, match="one_issue_per_subject"):
        await guild.execute(
            "insert into guild_identity.audit_issues (guild_id, issue_type, severity, summary, issue_hash) "
            "select guild_id, issue_type, severity, summary, issue_hash from guild_identity.audit_issues"
        )
