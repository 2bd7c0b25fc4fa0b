"""Every example of the rulebook does what it says, on real rows and a Discord server in memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import LiteralString

import pytest

from engine.memory_discord import MemoryDiscord, discord_of
from guild_builder import ROLE_NAMES, GuildBuilder
from sv_common.guild_sync.changes.changeset import Changeset, PlanClass
from sv_common.guild_sync.engine.results import FixOutcome
from sv_common.guild_sync.integrity_checker import run_integrity_check
from sv_common.guild_sync.issues.model import Finding, SubjectKind
from sv_common.guild_sync.mitigations import fix_one, run_auto_mitigations
from sv_common.guild_sync.rulebook.example import Character, Example, Member, Outcome, Rank, Role
from sv_common.guild_sync.rulebook.rule import RuleDefinition
from sv_common.guild_sync.rulebook.settings import save_settings
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


_RANKS: Sequence[Rank] = ("Guild Master", "Officer", "Raider", "Social")
_ROLE_IDS: Mapping[str, str] = {name: role_id for role_id, name in ROLE_NAMES.items()}


@dataclass
class ExampleGuild:
    """The guild of one example of a rule."""

    guild: GuildBuilder
    rule: RuleDefinition
    example: Example
    discord: MemoryDiscord

    @classmethod
    async def build(cls, guild: GuildBuilder, rule: RuleDefinition, example: Example) -> ExampleGuild:
        """Write the rows of an example, and let the rule fix automatically where a guild may say so."""
        await guild.roles_without_power(without=[_ROLE_IDS[role] for role in example.missing_roles])
        players = await _add_members(guild, example.members)
        rows = {each.name: await _add_character(guild, each, players) for each in example.characters}
        await _add_accounts(guild, example, rows)
        await _add_claims(guild, example, rows)
        for name, days in example.hiatuses.items():
            await guild.hiatus(name, days)
        for rank in example.ranks_without_role:
            await _set_rank(guild, rank, is_without_role=True)
        for rank in example.unmanaged_ranks:
            await _set_rank(guild, rank, is_without_role=False)
        if rule.may_be_automatic or not rule.is_on:
            await guild.call(save_settings, rule.issue_type, actor="test", auto_mitigate=rule.may_be_automatic)
        return cls(guild, rule, example, await discord_of(guild))

    def subjects(self) -> list[str]:
        """Return the names of those whom the findings are about."""
        if self.example.outcome is Outcome.NO_FINDING:
            return []
        if self.example.finds is not None:
            return list(self.example.finds)
        match self.rule.subject:
            case SubjectKind.CHARACTER:
                return [self.example.characters[0].name]
            case SubjectKind.DISCORD_MEMBER:
                return [self.example.members[0].name]
            case _:
                return [self.example.members[0].player or ""]

    async def now(self) -> dict[str, str | Sequence[Role] | None]:
        """Return the owner of each character and the roles of each member that the example speaks of, or of all."""
        owners = await self.guild.rows(
            "select c.character_name, p.display_name from guild_identity.wow_characters c "
            "left join guild_identity.player_characters l on l.character_id = c.id "
            "left join guild_identity.players p on p.id = l.player_id where c.guild_id = %(guild)s order by 1"
        )
        members = await self.guild.rows("select display_name, discord_id from guild_identity.discord_users")
        roles = {name: [ROLE_NAMES[role] for role in sorted(self.discord.roles[number])] for name, number in members}
        known = {**roles, **dict(owners)}
        return {name: known[name] for name in self.example.after} if self.example.after else known

    async def open_issues(self) -> list[int]:
        rows = await self.guild.rows(
            "select id from guild_identity.audit_issues where issue_type = %(rule)s and resolved_at is null order by id",
            {"rule": self.rule.issue_type},
        )
        return [row[0] for row in rows]


async def _add_members(guild: GuildBuilder, members: Sequence[Member]) -> dict[str, int]:
    """Add members, and the players that they are; return the players by name."""
    players: dict[str, int] = {}
    for member in members:
        roles = [_ROLE_IDS[role] for role in member.roles]
        number = await guild.member(member.name, roles=roles, is_bot=member.is_bot, is_present=not member.has_left)
        if member.player is not None:
            players[member.player] = await guild.player(member.player, member=number, is_confirmed=member.is_confirmed)
    return players


async def _add_accounts(guild: GuildBuilder, example: Example, rows: Mapping[str, int]) -> None:
    """Let characters own the same pets."""
    accounts: dict[str, list[int]] = {}
    for each in example.characters:
        if each.account is not None:
            accounts.setdefault(each.account, []).append(rows[each.name])
    shared = {each.account for each in example.characters if each.is_account_shared}
    for account, characters in accounts.items():
        await guild.account(*characters, is_shared=account in shared, gives_rights=example.accounts_give_rights)
    await guild.link_by_account(*(rows[each.name] for each in example.characters if each.is_by_account))


async def _add_claims(guild: GuildBuilder, example: Example, rows: Mapping[str, int]) -> None:
    """Let members have signed in with Battle.net, and others with the same account."""
    found = await guild.rows("select display_name, id from guild_identity.discord_users where guild_id = %(guild)s")
    members: dict[str, int] = dict(found)
    claims: dict[str, int] = {}
    for each in example.characters:
        if each.is_proven:
            await guild.prove(rows[each.name])
        if each.proven_by is not None:
            ago = 1 if each.is_decided_since else 0
            claims[each.proven_by] = await guild.claim(
                members[each.proven_by], rows[each.name], days_ago=ago, was_outside=each.has_joined_since
            )
    for member in example.members:
        if member.contests is not None:
            await guild.contest(claims[member.contests], members[member.name])


async def _add_character(guild: GuildBuilder, character: Character, players: dict[str, int]) -> int:
    number = await guild.character(
        character.formerly or character.name,
        character.note,
        realm=character.realm,
        rank=_RANKS.index(character.rank),
        last_login_days=character.last_login_days,
        has_left=character.has_left,
    )
    if character.owner is not None:
        if character.owner not in players:
            players[character.owner] = await guild.player(character.owner)
        source = "officer_fix" if character.is_confirmed else "full_match"
        await guild.link(
            number,
            players[character.owner],
            source=source,
            as_main=character.is_main,
            linked_under=character.linked_under,
        )
    if character.formerly is not None:
        await guild.rename(number, character.name)
    return number


async def _set_rank(guild: GuildBuilder, rank: Rank, *, is_without_role: bool) -> None:
    await guild.execute(
        "update common.guild_ranks set is_role_managed = false, is_without_role = %(without)s, "
        "discord_role_id = case when %(without)s then null else discord_role_id end, "
        "discord_role_name = case when %(without)s then null else discord_role_name end "
        "where guild_id = %(guild)s and wow_rank_index = %(rank)s",
        {"rank": _RANKS.index(rank), "without": is_without_role},
    )


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
