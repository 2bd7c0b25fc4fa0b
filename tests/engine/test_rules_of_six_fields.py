"""A rule may be written as the specification has it: six fields, and a function that mends one issue."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import pytest

from guild_builder import GuildBuilder
from sv_common.db.pool import Pool
from sv_common.guild_sync.core.errors import Refused
from sv_common.guild_sync.engine.results import FixOutcome
from sv_common.guild_sync.insights.findings import rule_overviews
from sv_common.guild_sync.insights.issue import issue_details
from sv_common.guild_sync.integrity_checker import detect_role_mismatch, run_integrity_check
from sv_common.guild_sync.issues import lifecycle
from sv_common.guild_sync.issues.lifecycle import Conclusion
from sv_common.guild_sync.issues.model import Finding, Issue, Severity, SubjectKind
from sv_common.guild_sync.mitigations import fix_all, fix_one, preview_one, run_auto_mitigations, undo
from sv_common.guild_sync.rulebook.rule import RuleDefinition
from sv_common.guild_sync.rules import RULES

NAME = "empty_note"


class Mending:
    """A `mitigate_fn` that notes for which issues it was called, and answers what it is told to."""

    def __init__(self, answer: bool | Exception = True) -> None:
        self.answer = answer
        self.asked: list[tuple[str, int]] = []

    async def __call__(self, pool: Pool, issue_row: Mapping[str, Any]) -> bool:
        """Mend one issue, or not."""
        async with pool.connection() as conn:
            name = await (
                await conn.execute(
                    "select character_name from guild_identity.wow_characters where id = %s",
                    [issue_row["wow_character_id"]],
                )
            ).fetchone()
        assert name is not None
        self.asked.append((name[0], issue_row["id"]))
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


def _rule(monkeypatch: pytest.MonkeyPatch, mending: Mending, *, auto_mitigate: bool = True) -> RuleDefinition:
    rule = RuleDefinition(NAME, "Empty note", "A character has no note", Severity.WARNING, auto_mitigate, mending)
    monkeypatch.setitem(RULES, NAME, rule)
    return rule


async def _found(guild: GuildBuilder, *names: str) -> list[int]:
    findings = [
        Finding(NAME, guild.guild_id, SubjectKind.CHARACTER, await guild.character(name), f"{name} has no note")
        for name in names
    ]
    async with guild.pool.writing(guild.guild_id, alone=False) as here:
        await lifecycle.reconcile(here, [Conclusion(NAME, "warning", findings, ())], actor="detection")
        return [issue.id for issue in await lifecycle.open_of_rule(here, NAME)]


async def _issue(guild: GuildBuilder, number: int) -> Issue:
    return await guild.call(lifecycle.get, number)


async def test_the_run_of_automatic_fixes_calls_the_function_for_each_open_issue_and_resolves_what_it_mended(
    guild: GuildBuilder, monkeypatch: pytest.MonkeyPatch
) -> None:
    mending = Mending()
    _rule(monkeypatch, mending)
    first, second = await _found(guild, "Mito", "Elrek")
    report = await run_auto_mitigations(guild.pool)
    assert mending.asked == [("Mito", first), ("Elrek", second)]
    assert [(each.issue_id, each.outcome) for each in report.results] == [
        (first, FixOutcome.FIXED),
        (second, FixOutcome.FIXED),
    ]
    assert (await _issue(guild, first)).resolved_by == "automation"
    assert await guild.rows("select issue_id, outcome, is_automatic from guild_identity.fix_attempts order by id") == [
        (first, "fixed", True),
        (second, "fixed", True),
    ]
    assert (await run_auto_mitigations(guild.pool)).results == []


async def test_a_function_that_says_no_or_breaks_leaves_its_issue_open_with_the_reason_and_stops_no_other_rule(
    guild: GuildBuilder, monkeypatch: pytest.MonkeyPatch
) -> None:
    mending = Mending(answer=False)
    _rule(monkeypatch, mending)
    (number,) = await _found(guild, "Mito")
    assert [each.outcome for each in (await run_auto_mitigations(guild.pool)).results] == [FixOutcome.WAITING]
    assert (await _issue(guild, number)).review_reason == "The rule’s own function did not fix it."
    mending.answer = ZeroDivisionError()
    for _ in range(2):
        assert [each.outcome for each in (await run_auto_mitigations(guild.pool)).results] == [FixOutcome.FAILED]
    assert (await _issue(guild, number)).review_reason == "An unexpected error (ZeroDivisionError)."
    assert await guild.rows("select outcome from guild_identity.fix_attempts") == [("failed",)]


async def test_more_than_may_run_by_themselves_wait_for_a_click(
    guild: GuildBuilder, monkeypatch: pytest.MonkeyPatch
) -> None:
    mending = Mending()
    _rule(monkeypatch, mending)
    await _found(guild, *(f"Alt{chr(ord('a') + place)}" for place in range(11)))
    assert {each.outcome for each in (await run_auto_mitigations(guild.pool)).results} == {FixOutcome.HELD}
    assert mending.asked == []
    report = await fix_all(guild.pool, NAME, actor="alice", guild_id=guild.guild_id)
    assert report.count(FixOutcome.FIXED) == 11


async def test_a_rule_that_is_not_automatic_is_fixed_on_a_click_only_and_says_what_cannot_be_undone(
    guild: GuildBuilder, monkeypatch: pytest.MonkeyPatch
) -> None:
    mending = Mending()
    rule = _rule(monkeypatch, mending, auto_mitigate=False)
    assert rule.is_fixable
    (number,) = await _found(guild, "Mito")
    assert (await run_auto_mitigations(guild.pool)).results == []
    (shown,) = (await preview_one(guild.pool, number)).settled
    assert "its fix cannot be previewed" in shown.reason
    result = await fix_one(guild.pool, number, actor="alice")
    assert (result.outcome, len(mending.asked)) == (FixOutcome.FIXED, 1)
    assert (await fix_one(guild.pool, number, actor="bob")).outcome is FixOutcome.NOTHING_TO_DO
    assert len(mending.asked) == 1
    assert result.attempt_id is not None
    with pytest.raises(Refused):
        await undo(guild.pool, result.attempt_id, actor="alice")


async def test_what_is_dismissed_is_left_alone_by_the_run(guild: GuildBuilder, monkeypatch: pytest.MonkeyPatch) -> None:
    mending = Mending()
    _rule(monkeypatch, mending)
    (number,) = await _found(guild, "Mito")
    await guild.call(lifecycle.dismiss, number, actor="alice", reason="on purpose")
    assert (await run_auto_mitigations(guild.pool)).results == []
    assert mending.asked == []


async def test_a_check_concludes_nothing_of_a_rule_without_a_detector_and_every_list_shows_it(
    guild: GuildBuilder, monkeypatch: pytest.MonkeyPatch
) -> None:
    _rule(monkeypatch, Mending())
    (number,) = await _found(guild, "Mito")
    report = await run_integrity_check(guild.pool)
    assert report.errors == []
    assert NAME not in {check.issue_type for check in report.checks}
    assert (await _issue(guild, number)).resolved_at is None
    listed = {rule.issue_type: rule.open for rule in await guild.call(rule_overviews)}
    assert listed[NAME] == 1
    assert (await issue_details(guild.pool, number)).issue.id == number
    with pytest.raises(Refused, match="has no detector"):
        await run_integrity_check(guild.pool, issue_types=[NAME])


async def test_a_rule_of_the_book_with_another_function_calls_it_and_believes_the_detector(
    guild: GuildBuilder, monkeypatch: pytest.MonkeyPatch
) -> None:
    mending = Mending()
    monkeypatch.setitem(RULES, "note_mismatch", dataclasses.replace(RULES["note_mismatch"], mitigate_fn=mending))
    elrek, _ = await guild.main("Elrek"), await guild.main("Mito")
    await guild.alt("Rivermane", "alt of Mito", elrek)
    await run_integrity_check(guild.pool)
    (result,) = (await run_auto_mitigations(guild.pool)).results
    assert [name for name, _ in mending.asked] == ["Rivermane"]
    assert result.outcome is FixOutcome.FAILED
    assert "still finds it" in result.reason
    assert (await _issue(guild, result.issue_id)).resolved_at is None


async def test_one_guild_whose_ranks_are_in_doubt_does_not_keep_the_roles_of_the_others_from_being_compared(
    guild: GuildBuilder, pool: Pool
) -> None:
    other = await GuildBuilder.create(pool, "Other Watch", "7001")
    for each in (guild, other):
        player = await each.player("Mito", member=await each.member("Mito", roles=[]))
        await each.link(await each.character("Mito", rank=2), player, as_main=True)
    async with pool.connection() as conn:
        assert {finding.guild_id for finding in await detect_role_mismatch(conn)} == {guild.guild_id, other.guild_id}
        await conn.execute(
            "update common.guild_ranks set name_in_game = 'Trial' where guild_id = %s and wow_rank_index = 2",
            [guild.guild_id],
        )
        assert {finding.guild_id for finding in await detect_role_mismatch(conn)} == {other.guild_id}
        with pytest.raises(Refused, match="rank 2 was Raider and is now Trial"):
            await detect_role_mismatch(conn, guild_id=guild.guild_id)
        await conn.execute("update common.guild_ranks set name_in_game = 'Trial' where wow_rank_index = 2")
        with pytest.raises(Refused, match="rank 2 was Raider and is now Trial"):
            await detect_role_mismatch(conn)
