"""A rule that brings a detector and a function of its own: believed only where the detector agrees."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from guild_builder import GuildBuilder
from sv_common.db.pool import GuildConnection, Pool
from sv_common.guild_sync.core.errors import Refused
from sv_common.guild_sync.engine.results import FixOutcome
from sv_common.guild_sync.integrity_checker import run_integrity_check
from sv_common.guild_sync.issues.model import Finding, SubjectKind
from sv_common.guild_sync.mitigations import fix_all, fix_one
from sv_common.guild_sync.rules import RULES, RuleDefinition

NAME = "no_rank_note"


@pytest.fixture(autouse=True)
def registry() -> Iterator[None]:
    """Take a rule that a test has added out of the registry again."""
    before = dict(RULES)
    yield
    RULES.clear()
    RULES.update(before)


class _Function:
    """A `mitigate_fn` that notes what it was called with, and says or does what it is told."""

    def __init__(self, answer: bool | Exception = True, *, writes_note: bool = True) -> None:
        self.answer = answer
        self.writes_note = writes_note
        self.rows: list[dict[str, Any]] = []

    async def __call__(self, pool: Pool, issue_row: Any) -> bool:
        self.rows.append(issue_row)
        if isinstance(self.answer, Exception):
            raise self.answer
        if self.writes_note:
            async with pool.connection() as conn:
                await conn.execute(
                    "update guild_identity.wow_characters set guild_note = 'noted' where id = %s",
                    [issue_row["wow_character_id"]],
                )
        return self.answer


async def _without_note(guild: GuildConnection, *, now: object = None) -> list[Finding]:
    rows = await guild.rows(
        "select id, guild_id, character_name from guild_identity.wow_characters where guild_note is null order by id"
    )
    return [
        Finding(NAME, guild_id, SubjectKind.CHARACTER, number, f"{name} has no note", {})
        for number, guild_id, name in rows
    ]


def _add_rule(function: _Function, *, auto_mitigate: bool = False) -> RuleDefinition:
    rule = RuleDefinition(NAME, "No note", "Character without a note", "info", auto_mitigate, function)
    RULES[NAME] = replace(rule, detect=_without_note)
    return rule


async def _issue_ids(guild: GuildBuilder) -> list[int]:
    await run_integrity_check(guild.pool, issue_types=[NAME])
    rows = await guild.rows(
        "select id from guild_identity.audit_issues where issue_type = 'no_rank_note' and resolved_at is null order by id"
    )
    return [row[0] for row in rows]


@pytest.mark.parametrize(
    ("function", "outcome", "reason"),
    [
        (_Function(answer=False, writes_note=False), FixOutcome.REFUSED, "The rule’s own function did not fix it."),
        (
            _Function(writes_note=False),
            FixOutcome.FAILED,
            "The rule’s own function says that it is fixed, but the rule still finds it.",
        ),
        (_Function(Refused("The note is locked.")), FixOutcome.FAILED, "The note is locked."),
        (_Function(ValueError("secret")), FixOutcome.FAILED, "An unexpected error (ValueError)"),
    ],
)
async def test_a_function_that_does_not_fix_leaves_the_issue_open_with_the_reason(
    guild: GuildBuilder, function: _Function, outcome: FixOutcome, reason: str
) -> None:
    _add_rule(function)
    await guild.character("Mito")
    await guild.character("Elrek")
    issue_ids = await _issue_ids(guild)
    report = await fix_all(guild.pool, NAME, actor="alice", guild_id=guild.guild_id)
    assert [(result.outcome, result.reason.startswith(reason)) for result in report.results] == [(outcome, True)] * 2
    assert await _issue_ids(guild) == issue_ids


async def test_what_a_broken_detector_cannot_verify_is_recorded_all_the_same(guild: GuildBuilder) -> None:
    _add_rule(function := _Function())
    await guild.character("Mito")
    (issue_id,) = await _issue_ids(guild)

    async def broken(guild: GuildConnection, *, now: object = None) -> list[Finding]:
        raise Refused("The ranks are in doubt.")

    RULES[NAME] = replace(RULES[NAME], detect=broken)
    result = await fix_one(guild.pool, issue_id, actor="alice")
    assert len(function.rows) == 1
    assert (result.outcome, result.reason.endswith("The ranks are in doubt.")) == (FixOutcome.UNVERIFIED, True)
    assert await guild.rows("select id, outcome from guild_identity.fix_attempts") == [
        (result.attempt_id, "unverified")
    ]
