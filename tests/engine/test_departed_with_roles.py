"""The rule departed_with_roles, on real rows and a Discord server in memory."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

import pytest

from engine.memory_discord import MemoryDiscord, discord_of
from guild_builder import OFFICER, RAIDER, ROLE_OF_RANK, SOCIAL, UNMANAGED_ROLE, GuildBuilder, entry
from sv_common.guild_sync import mitigations
from sv_common.guild_sync.core.errors import SuspiciousSource
from sv_common.guild_sync.db_sync import sync_blizzard_roster
from sv_common.guild_sync.engine.results import FixOutcome
from sv_common.guild_sync.identity.decisions import RejectLink
from sv_common.guild_sync.mitigations import fix_all, fix_one, mitigate_departed_with_roles, run_auto_mitigations
from sv_common.guild_sync.rulebook.settings import save_settings

RULE = "departed_with_roles"
OFFICER_ROLE, RAIDER_ROLE, SOCIAL_ROLE = (ROLE_OF_RANK[rank] for rank in (OFFICER, RAIDER, SOCIAL))


async def departed(
    guild: GuildBuilder, name: str, *, roles: Sequence[str] = (RAIDER_ROLE,), is_confirmed: bool = True
) -> int:
    """Add a player who has left with the only character, and holds roles; return the player."""
    member = await guild.member(f"{name}#discord", roles=roles)
    player = await guild.player(name, member=member, is_confirmed=is_confirmed)
    source = "officer_fix" if is_confirmed else "full_match"
    await guild.link(await guild.character(name, rank=RAIDER, has_left=True), player, source=source)
    return player


async def automatic(guild: GuildBuilder) -> MemoryDiscord:
    """Switch automatic fixes on, scan, and let automation run; return what Discord saw."""
    await guild.call(save_settings, RULE, actor="test", auto_mitigate=True)
    await guild.scan(RULE)
    discord = await discord_of(guild)
    await run_auto_mitigations(guild.pool, discord_bot=discord)
    return discord


async def review_reasons(guild: GuildBuilder) -> list[str | None]:
    rows = await guild.rows(
        "select distinct review_reason from guild_identity.audit_issues "
        "where issue_type = 'departed_with_roles' and resolved_at is null"
    )
    return [row[0] for row in rows]


async def test_no_player_is_found_by_both_rules_and_none_who_left_by_neither(guild: GuildBuilder) -> None:
    wanted: dict[str, set[str]] = {RULE: set(), "role_mismatch": set()}
    cases = itertools.product([False, True], repeat=4)
    for number, (knows_member, knows_main, knows_alt, is_alt_here) in enumerate(cases):
        name = f"Player{chr(97 + number)}"
        member = await guild.member(name, roles=[OFFICER_ROLE])
        player = await guild.player(name, member=member, is_confirmed=knows_member)
        for prefix, is_known, has_left in (("Main", knows_main, True), ("Alt", knows_alt, not is_alt_here)):
            character = await guild.character(f"{prefix}{chr(97 + number)}", rank=RAIDER, has_left=has_left)
            await guild.link(character, player, source="officer_fix" if is_known else "full_match")
        is_departed = knows_member and (knows_main or knows_alt) and not is_alt_here
        wanted[RULE if is_departed else "role_mismatch"].add(name)
    await guild.scan()
    rows = await guild.rows(
        "select i.issue_type, p.display_name from guild_identity.audit_issues i "
        "join guild_identity.players p on p.id = i.player_id where i.issue_type = any (%(rules)s)",
        {"rules": list(wanted)},
    )
    assert sorted(rows) == sorted((rule, name) for rule, names in wanted.items() for name in names)


async def test_a_battle_net_sign_in_stands_for_a_link_as_an_officer_does(guild: GuildBuilder) -> None:
    await departed(guild, "Mito", is_confirmed=False)
    await guild.execute("update guild_identity.player_characters set basis = 'proven'")
    await guild.execute("update guild_identity.players set discord_basis = 'proven'")
    assert [issue.issue_type for issue in await guild.open_issues(RULE)] == [RULE]
    assert await guild.open_issues("role_mismatch") == []


async def test_a_confirmed_departure_moves_from_the_one_rule_to_the_other(guild: GuildBuilder) -> None:
    await departed(guild, "Mito", is_confirmed=False)
    await guild.scan()
    assert len(await guild.open_issues("role_mismatch")) == 1
    await guild.confirm_all()
    await guild.scan()
    assert await guild.open_issues("role_mismatch") == []
    assert len(await guild.open_issues(RULE)) == 1


async def test_the_fix_takes_the_managed_roles_alone_and_undo_gives_them_back(guild: GuildBuilder) -> None:
    await departed(guild, "Elrek", roles=[RAIDER_ROLE, SOCIAL_ROLE, UNMANAGED_ROLE])
    issue = await guild.open_issue(RULE)
    assert issue.summary == (
        "Elrek has left the guild with every character, but Elrek#discord still has Raider and Social on Discord"
    )
    discord = await discord_of(guild)
    planning = await mitigations.preview_one(guild.pool, issue.id)
    assert planning.ready[0].sentences == [
        "Take the Discord role Raider from Elrek#discord.",
        "Take the Discord role Social from Elrek#discord.",
    ]
    result = await fix_one(guild.pool, issue.id, actor="alice", discord_bot=discord)
    assert (result.outcome, discord.changes) == (
        FixOutcome.FIXED,
        [("remove", RAIDER_ROLE), ("remove", SOCIAL_ROLE)],
    )
    assert await guild.open_issues(RULE) == []
    await mitigations.undo(guild.pool, result.attempt_id or 0, actor="bob", discord_bot=discord)
    assert sorted(*discord.roles.values()) == sorted([RAIDER_ROLE, SOCIAL_ROLE, UNMANAGED_ROLE])
    assert len(await guild.open_issues(RULE)) == 1


async def test_without_the_guilds_setting_nothing_is_taken(guild: GuildBuilder) -> None:
    await guild.roles_without_power()
    await departed(guild, "Mito")
    await guild.scan()
    discord = await discord_of(guild)
    assert (await run_auto_mitigations(guild.pool, discord_bot=discord)).results == []
    assert discord.changes == []


async def test_with_the_guilds_setting_roles_are_taken_and_what_was_undone_is_not_repeated(
    guild: GuildBuilder,
) -> None:
    await guild.roles_without_power()
    await departed(guild, "Mito")
    await departed(guild, "Guessed", is_confirmed=False)
    discord = await automatic(guild)
    assert discord.changes == [("remove", RAIDER_ROLE)]
    ((attempt,),) = await guild.rows("select id from guild_identity.fix_attempts where outcome = 'fixed'")
    await mitigations.undo(guild.pool, attempt, actor="bob", discord_bot=discord)
    await guild.scan(RULE)
    await run_auto_mitigations(guild.pool, discord_bot=discord)
    assert discord.changes == [("remove", RAIDER_ROLE), ("add", RAIDER_ROLE)]


@pytest.mark.parametrize("setting", ["power on the server", "power here"])
async def test_no_role_with_power_is_taken_without_a_click(guild: GuildBuilder, setting: str) -> None:
    await guild.roles_without_power(powerful=[RAIDER_ROLE] if setting == "power on the server" else [])
    if setting == "power here":
        await guild.execute(
            "insert into common.access_grants (guild_id, kind, key, role, set_by) "
            "values (%(guild)s, 'discord_role', %(role)s, 'officer', 'test')",
            {"role": RAIDER_ROLE},
        )
    await departed(guild, "Mito", roles=[RAIDER_ROLE, SOCIAL_ROLE])
    assert (await automatic(guild)).changes == []
    assert await review_reasons(guild) == ["A role with power over the Discord server or PATT needs your click."]


async def test_more_departures_than_the_budget_wait_for_one_click(guild: GuildBuilder) -> None:
    await guild.roles_without_power()
    for number in range(11):
        await departed(guild, f"Mito{chr(97 + number)}")
    discord = await automatic(guild)
    assert discord.changes == []
    report = await fix_all(guild.pool, RULE, actor="alice", guild_id=guild.guild_id, discord_bot=discord)
    assert {result.outcome for result in report.results} == {FixOutcome.FIXED}


async def test_a_roster_from_which_too_many_are_missing_departs_no_one(guild: GuildBuilder) -> None:
    await guild.roles_without_power()
    names = [f"Name{chr(97 + number)}" for number in range(10)]
    await sync_blizzard_roster(guild.pool, [entry(name) for name in names], guild_id=guild.guild_id)
    for number, name in await guild.rows("select id, character_name from guild_identity.wow_characters"):
        member = await guild.member(name, roles=[SOCIAL_ROLE])
        await guild.link(number, await guild.player(name, member=member, is_confirmed=True), source="officer_fix")
    with pytest.raises(SuspiciousSource):
        await sync_blizzard_roster(guild.pool, [entry(name) for name in names[5:]], guild_id=guild.guild_id)
    assert (await automatic(guild)).changes == []
    assert await guild.open_issues(RULE) == []


async def test_while_the_roster_is_old_each_departure_needs_a_click(guild: GuildBuilder) -> None:
    await guild.roles_without_power()
    await departed(guild, "Mito")
    await guild.execute("update guild_identity.guilds set roster_as_of = now() - interval '3 days'")
    assert (await automatic(guild)).changes == []
    assert await review_reasons(guild) == [
        "Battle.net’s roster is 3 days old, so it does not show who is back. Check before you click."
    ]
    await guild.execute("update guild_identity.guilds set roster_as_of = now() - interval '2 hours'")
    assert (await automatic(guild)).changes == [("remove", RAIDER_ROLE)]


async def test_who_may_still_be_in_the_guild_keeps_the_roles_until_an_officer_says_so(guild: GuildBuilder) -> None:
    await guild.roles_without_power()
    player = await departed(guild, "Mito")
    moved = await guild.character("Zork", "Mito")
    issue = await guild.open_issue(RULE)
    discord = await discord_of(guild)
    result = await fix_one(guild.pool, issue.id, actor="alice", discord_bot=discord)
    assert (result.outcome, result.reason) == (
        FixOutcome.REFUSED,
        "By note, Mito is still in the guild: Zork-area-52. Link first.",
    )
    await guild.decide(RejectLink(character=f"#{moved}", player=f"#{player}"))
    assert (await automatic(guild)).changes == [("remove", RAIDER_ROLE)]


async def test_a_departure_is_found_while_ranks_are_in_doubt_because_it_rests_on_none(guild: GuildBuilder) -> None:
    await departed(guild, "Mito")
    await guild.execute("update common.guild_ranks set name_in_game = 'Recruit' where wow_rank_index = 3")
    assert len(await guild.open_issues(RULE)) == 1


async def test_the_specified_door_takes_the_roles(guild: GuildBuilder) -> None:
    await departed(guild, "Mito")
    issue, discord = await guild.open_issue(RULE), await discord_of(guild)
    assert await mitigate_departed_with_roles(guild.pool, issue, discord) is True
    assert discord.changes == [("remove", RAIDER_ROLE)]
    assert await mitigate_departed_with_roles(guild.pool, issue, discord) is False
