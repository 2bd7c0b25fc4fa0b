"""Every example of the rulebook does what it says, on real rows and a Discord server in memory."""

from __future__ import annotations

from collections.abc import Mapping
from typing import LiteralString

import pytest

from engine.example_guild import ExampleGuild
from guild_builder import GuildBuilder
from sv_common.guild_sync.changes.changeset import Changeset, PlanClass
from sv_common.guild_sync.engine.results import FixOutcome
from sv_common.guild_sync.integrity_checker import run_integrity_check
from sv_common.guild_sync.issues.model import Finding, SubjectKind
from sv_common.guild_sync.mitigations import fix_one, run_auto_mitigations
from sv_common.guild_sync.rulebook.example import Example, Outcome
from sv_common.guild_sync.rulebook.rule import RuleDefinition
from sv_common.guild_sync.rules import RULES

_CASES = [
    pytest.param(rule, example, id=f"{rule.issue_type}: {example.given}")
    for rule in RULES.values()
    for example in rule.examples
]
_SUBJECTS: Mapping[SubjectKind, LiteralString] = {
    SubjectKind.CHARACTER: "select character_name from guild_identity.wow_characters where id = %(id)s",
    SubjectKind.DISCORD_MEMBER: "select display_name from guild_identity.discord_users where id = %(id)s",
    SubjectKind.PLAYER: "select display_name from guild_identity.players where id = %(id)s",
    SubjectKind.RANK: "select name from common.guild_ranks where id = %(id)s",
}
_CLASSES: Mapping[Outcome, PlanClass | None] = {
    Outcome.NO_FINDING: None,
    Outcome.AUTOMATIC: PlanClass.SAFE,
    Outcome.NEEDS_CLICK: PlanClass.NEEDS_CLICK,
    Outcome.NO_FIX: PlanClass.SHOWN_ONLY,
}


@pytest.mark.parametrize(("rule", "example"), _CASES)
async def test_an_example_of_the_rulebook_is_true(guild: GuildBuilder, rule: RuleDefinition, example: Example) -> None:
    house = await ExampleGuild.build(guild, rule, example)
    assert await _subjects_and_classes(guild, rule) == (
        house.subjects(),
        [_CLASSES[example.outcome]] * len(house.subjects()),
    )
    at_first = await house.now()
    await run_integrity_check(guild.pool, issue_types=[rule.issue_type])
    await run_auto_mitigations(guild.pool, discord_bot=house.discord)
    if example.outcome is not Outcome.AUTOMATIC:
        assert await house.now() == at_first
    if example.outcome is Outcome.NEEDS_CLICK:
        for issue_id in await house.open_issues():
            result = await fix_one(guild.pool, issue_id, actor="alice", discord_bot=house.discord)
            assert result.outcome is FixOutcome.FIXED
    if example.outcome in (Outcome.AUTOMATIC, Outcome.NEEDS_CLICK):
        assert await house.open_issues() == []
        assert await house.now() == {**await house.now(), **example.after}


async def _subjects_and_classes(guild: GuildBuilder, rule: RuleDefinition) -> tuple[list[str], list[PlanClass]]:
    """Return whom the findings are about, and who may have each fixed."""
    async with guild.pool.reading(guild.guild_id) as here:
        found = await rule.findings(here)
        plans = await rule.plan(here, found) if rule.plan is not None else [Changeset.none("No fix.") for _ in found]
        names = [await _name(guild, finding) for finding in found]
    return names, [plan.plan_class for plan in plans]


async def _name(guild: GuildBuilder, finding: Finding) -> str:
    ((name,),) = await guild.rows(_SUBJECTS[finding.subject_kind], {"id": finding.subject_id})
    return str(name)


def test_the_examples_of_a_rule_show_each_outcome_that_it_has() -> None:
    for rule in RULES.values():
        wanted = {Outcome.NO_FINDING, Outcome.NO_FIX}
        wanted |= {Outcome.NEEDS_CLICK} if rule.plan else set()
        wanted |= {Outcome.AUTOMATIC} if rule.safe else set()
        assert {example.outcome for example in rule.examples} == wanted, rule.issue_type
