"""One thing that goes wrong stops nothing else, and half a fix does not exist."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from guild_builder import GuildBuilder
from sv_common.guild_sync.changes.changeset import Changeset, Named
from sv_common.guild_sync.changes.row_changes import create_player, link
from sv_common.guild_sync.engine.results import FixOutcome
from sv_common.guild_sync.integrity_checker import run_integrity_check
from sv_common.guild_sync.mitigations import fix_all, run_auto_mitigations
from sv_common.guild_sync.rules import RULES


def _replace(monkeypatch: pytest.MonkeyPatch, issue_type: str, **changes: Any) -> None:
    monkeypatch.setitem(RULES, issue_type, dataclasses.replace(RULES[issue_type], **changes))


async def _broken(*_args: object, **_options: object) -> Any:
    raise ZeroDivisionError


async def test_a_detector_that_raises_concludes_nothing_and_the_others_go_on(
    guild: GuildBuilder, monkeypatch: pytest.MonkeyPatch
) -> None:
    await guild.character("Unlinked", last_login_days=90)
    await run_integrity_check(guild.pool)
    _replace(monkeypatch, "orphan_wow", detect=_broken)
    await guild.execute(
        "update guild_identity.wow_characters set last_login_timestamp = extract(epoch from now()) * 1000"
    )
    report = await run_integrity_check(guild.pool)
    assert report.errors == [
        "orphan_wow: An unexpected error (ZeroDivisionError). Nothing was changed. The log has the details."
    ]
    rows = await guild.rows("select issue_type, resolved_at is null from guild_identity.audit_issues order by 1")
    assert rows == [("orphan_wow", True), ("stale_character", False)]


async def test_one_failing_fix_is_recorded_and_the_others_are_made(
    guild: GuildBuilder, monkeypatch: pytest.MonkeyPatch
) -> None:
    elrek, mito = await guild.main("Elrek"), await guild.main("Mito")
    alts = [await guild.alt(name, "Mito", elrek) for name in ("Alta", "Altb", "Altc")]
    plan_fn = RULES["note_mismatch"].plan

    async def plan(conn: Any, findings: Any) -> list[Changeset]:
        assert plan_fn is not None
        made = await plan_fn(conn, findings)
        return [
            dataclasses.replace(p, rows=(link(Named(alts[1], "Altb"), Named(999_999, "Nobody"), "broken"),))
            if f.subject_id == alts[1]
            else p
            for f, p in zip(findings, made, strict=True)
        ]

    _replace(monkeypatch, "note_mismatch", plan=plan)
    await run_integrity_check(guild.pool)
    report = await run_auto_mitigations(guild.pool)
    assert [result.outcome for result in report.results] == [FixOutcome.FIXED, FixOutcome.FAILED, FixOutcome.FIXED]
    assert [await guild.player_of(alt) for alt in alts] == [mito, elrek, mito]
    attempts = await guild.rows("select outcome from guild_identity.fix_attempts order by id")
    assert sorted(outcome for (outcome,) in attempts) == ["failed", "fixed", "fixed"]
    again = await run_auto_mitigations(guild.pool)
    assert [result.outcome for result in again.results] == [FixOutcome.FAILED]
    assert len(await guild.rows("select id from guild_identity.fix_attempts")) == 3


async def test_a_fix_after_which_the_rule_still_finds_the_same_is_taken_back(
    guild: GuildBuilder, monkeypatch: pytest.MonkeyPatch
) -> None:
    await guild.character("Unlinked")

    async def plan(_conn: Any, findings: Any) -> list[Changeset]:
        return [Changeset((create_player(-1, "Useless"),), "does not help") for _ in findings]

    _replace(monkeypatch, "orphan_wow", plan=plan)
    await run_integrity_check(guild.pool)
    report = await fix_all(guild.pool, "orphan_wow", actor="alice", guild_id=guild.guild_id)
    assert [(r.outcome, "would not resolve this issue" in r.reason) for r in report.results] == [
        (FixOutcome.FAILED, True)
    ]
    assert await guild.rows("select id from guild_identity.players") == []


async def test_a_rule_that_cannot_plan_at_all_fails_for_its_own_issues_only(
    guild: GuildBuilder, monkeypatch: pytest.MonkeyPatch
) -> None:
    elrek = await guild.main("Elrek")
    await guild.main("Mito")
    character = await guild.alt("Rivermane", "Mito", elrek)
    _replace(monkeypatch, "note_mismatch", plan=_broken)
    await run_integrity_check(guild.pool)
    report = await run_auto_mitigations(guild.pool)
    assert [result.outcome for result in report.results] == [FixOutcome.FAILED]
    assert await guild.player_of(character) == elrek


async def test_a_rule_that_is_switched_off_neither_finds_nor_fixes(guild: GuildBuilder) -> None:
    elrek = await guild.main("Elrek")
    await guild.main("Mito")
    await guild.alt("Rivermane", "Mito", elrek)
    await guild.execute(
        "insert into guild_identity.rule_settings (guild_id, issue_type, is_enabled, updated_by) "
        "values (%(guild)s, 'note_mismatch', false, 'alice')"
    )
    report = await run_integrity_check(guild.pool)
    assert "note_mismatch" not in [check.issue_type for check in report.checks]
    assert (await run_auto_mitigations(guild.pool)).results == []
