"""A rule may be written as the specification has it: six fields, and a function that fixes one issue.

If it has a detector too, its function is believed only where the detector agrees.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import pytest

from guild_builder import GuildBuilder
from sv_common.db.pool import GuildConnection, Pool
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


class _Function:
    """A `mitigate_fn` that notes for which issues it was called, and answers what it is told to."""

    def __init__(self, answer: bool | Exception = True) -> None:
        self.answer = answer
        self.asked: list[int] = []

    async def __call__(self, pool: Pool, issue_row: Mapping[str, Any]) -> bool:
        self.asked.append(issue_row["id"])
        async with pool.connection() as conn:  # nothing that the engine holds may keep a function from writing
            await conn.execute("update guild_identity.wow_characters set level = 1")
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


@pytest.fixture
def function(monkeypatch: pytest.MonkeyPatch) -> _Function:
    """The function of an automatic rule without a detector."""
    rule = RuleDefinition(NAME, "Empty note", "A character has no note", Severity.WARNING, True, made := _Function())
    monkeypatch.setitem(RULES, NAME, rule)
    return made


async def _every_character(guild: GuildConnection, *, now: object = None) -> list[Finding]:
    rows = await guild.rows("select id, character_name from guild_identity.wow_characters order by id")
    return [Finding(NAME, guild.id, SubjectKind.CHARACTER, number, f"{name} has no note") for number, name in rows]


async def _found(guild: GuildBuilder, *names: str) -> list[int]:
    for name in names:
        await guild.character(name)
    async with guild.pool.writing(guild.guild_id, alone=False) as here:
        findings = await _every_character(here)
        await lifecycle.reconcile(here, [Conclusion(NAME, "warning", findings, ())], actor="detection")
        return [issue.id for issue in await lifecycle.open_of_rule(here, NAME)]


async def _issue(guild: GuildBuilder, number: int) -> Issue:
    return await guild.call(lifecycle.get, number)


async def test_the_run_of_automatic_fixes_calls_the_function_for_each_open_issue_and_resolves_what_it_fixed(
    guild: GuildBuilder, function: _Function
) -> None:
    numbers = await _found(guild, "Mito", "Elrek")
    report = await run_auto_mitigations(guild.pool)
    assert function.asked == numbers
    assert [(each.issue_id, each.outcome) for each in report.results] == [(n, FixOutcome.FIXED) for n in numbers]
    assert (await _issue(guild, numbers[0])).resolved_by == "automation"
    recorded = await guild.rows("select issue_id, outcome, is_automatic from guild_identity.fix_attempts order by id")
    assert recorded == [(number, "fixed", True) for number in numbers]
    assert (await run_auto_mitigations(guild.pool)).results == []


async def test_a_function_that_says_no_or_breaks_leaves_its_issue_open_with_the_reason_and_is_recorded_once(
    guild: GuildBuilder, function: _Function
) -> None:
    function.answer = False
    (number,) = await _found(guild, "Mito")
    assert [each.outcome for each in (await run_auto_mitigations(guild.pool)).results] == [FixOutcome.WAITING]
    assert (await _issue(guild, number)).review_reason == "The rule’s own function did not fix it."
    function.answer = ZeroDivisionError("secret")
    for _ in range(2):
        assert [each.outcome for each in (await run_auto_mitigations(guild.pool)).results] == [FixOutcome.FAILED]
    assert (await _issue(guild, number)).review_reason == "An unexpected error (ZeroDivisionError)."
    assert await guild.rows("select outcome from guild_identity.fix_attempts") == [("failed",)]


async def test_more_than_may_be_automatic_at_once_wait_for_a_click(guild: GuildBuilder, function: _Function) -> None:
    await _found(guild, *(f"Alt{chr(ord('a') + place)}" for place in range(11)))
    assert {each.outcome for each in (await run_auto_mitigations(guild.pool)).results} == {FixOutcome.HELD}
    assert function.asked == []
    assert (await guild.fix_all(NAME)).count(FixOutcome.FIXED) == 11


async def test_a_rule_that_is_not_automatic_is_fixed_on_a_click_only_and_says_what_cannot_be_undone(
    guild: GuildBuilder, function: _Function
) -> None:
    RULES[NAME] = dataclasses.replace(RULES[NAME], auto_mitigate=False)
    assert RULES[NAME].is_fixable
    (number,) = await _found(guild, "Mito")
    assert (await run_auto_mitigations(guild.pool)).results == []
    (shown,) = (await preview_one(guild.pool, number)).settled
    assert "which has no preview" in shown.reason
    result = await fix_one(guild.pool, number, actor="alice")
    assert (result.outcome, function.asked) == (FixOutcome.FIXED, [number])
    assert (await fix_one(guild.pool, number, actor="bob")).outcome is FixOutcome.NOTHING_TO_DO
    assert function.asked == [number]
    assert result.attempt_id is not None
    with pytest.raises(Refused):
        await undo(guild.pool, result.attempt_id, actor="alice")


async def test_a_check_concludes_nothing_of_a_rule_without_a_detector_and_every_list_shows_it(
    guild: GuildBuilder, function: _Function
) -> None:
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
    guild: GuildBuilder, function: _Function, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(RULES, "note_mismatch", dataclasses.replace(RULES["note_mismatch"], mitigate_fn=function))
    elrek, _ = await guild.main("Elrek"), await guild.main("Mito")
    await guild.alt("Rivermane", "alt of Mito", elrek)
    (result,) = await guild.automate()
    assert function.asked == [result.issue_id]
    assert result.outcome is FixOutcome.FAILED
    assert result.reason == "The rule’s own function reported a fix, but the rule still finds the issue."
    assert (await _issue(guild, result.issue_id)).resolved_at is None


@pytest.mark.parametrize(
    ("answer", "outcome", "reason"),
    [
        (False, FixOutcome.REFUSED, "The rule’s own function did not fix it."),
        (Refused("The note is locked."), FixOutcome.FAILED, "The note is locked."),
    ],
)
async def test_for_a_click_on_all_a_function_that_does_not_fix_one_is_asked_for_the_others_too(
    guild: GuildBuilder, function: _Function, answer: bool | Exception, outcome: FixOutcome, reason: str
) -> None:
    function.answer = answer
    numbers = await _found(guild, "Mito", "Elrek")
    report = await fix_all(guild.pool, NAME, actor="alice", guild_id=guild.guild_id)
    assert [(result.outcome, result.reason) for result in report.results] == [(outcome, reason)] * 2
    assert await _found(guild) == numbers


async def test_what_a_broken_detector_cannot_verify_is_recorded_all_the_same(
    guild: GuildBuilder, function: _Function
) -> None:
    async def broken(guild: GuildConnection, *, now: object = None) -> list[Finding]:
        raise Refused("The ranks are in doubt.")

    (issue_id,) = await _found(guild, "Mito")
    RULES[NAME] = dataclasses.replace(RULES[NAME], detect=broken)
    result = await fix_one(guild.pool, issue_id, actor="alice")
    assert len(function.asked) == 1
    assert (result.outcome, result.reason.endswith("The ranks are in doubt.")) == (FixOutcome.UNVERIFIED, True)
    assert await guild.rows("select id, outcome from guild_identity.fix_attempts") == [
        (result.attempt_id, "unverified")
    ]


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
