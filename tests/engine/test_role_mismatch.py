"""The rule role_mismatch, on real rows and a Discord server in memory."""

from __future__ import annotations

import pytest

from engine.memory_discord import MemoryDiscord, discord_of
from guild_builder import OFFICER, RAIDER, ROLE_OF_RANK, SOCIAL, UNMANAGED_ROLE, GuildBuilder
from sv_common.guild_sync import mitigations
from sv_common.guild_sync.core.errors import Refused
from sv_common.guild_sync.engine.results import FixOutcome
from sv_common.guild_sync.integrity_checker import detect_role_mismatch, run_integrity_check
from sv_common.guild_sync.issues import lifecycle
from sv_common.guild_sync.mitigations import fix_one, mitigate_role_mismatch, run_auto_mitigations

OFFICER_ROLE, RAIDER_ROLE, SOCIAL_ROLE = (ROLE_OF_RANK[rank] for rank in (OFFICER, RAIDER, SOCIAL))


async def _found(guild: GuildBuilder) -> list[str]:
    async with guild.pool.connection() as conn:
        return [finding.summary for finding in await detect_role_mismatch(conn, guild_id=guild.guild_id)]


@pytest.mark.parametrize(
    ("roles", "held"),
    [([RAIDER_ROLE], "Raider"), ([UNMANAGED_ROLE], "no guild role"), ([RAIDER_ROLE, SOCIAL_ROLE], "Raider, Social")],
)
async def test_a_missing_right_role_is_found_also_when_there_is_no_role_at_all(
    guild: GuildBuilder, roles: list[str], held: str
) -> None:
    await guild.main("Elrek", rank=OFFICER, roles=roles)
    assert await _found(guild) == [
        f"Elrek is Officer in the game (Elrek) and should have Officer on Discord, but has {held}"
    ]


async def test_one_fact_is_one_issue_whatever_the_member_holds(guild: GuildBuilder) -> None:
    await guild.main("Elrek", rank=OFFICER, roles=[RAIDER_ROLE])
    first = await guild.open_issue("role_mismatch")
    await guild.execute("update guild_identity.discord_users set all_guild_roles = '{}'")
    second = await guild.open_issue("role_mismatch")
    assert (second.id, "no guild role" in second.summary) == (first.id, True)


async def test_the_fix_gives_the_right_role_first_then_takes_wrong_managed_ones_and_no_other(
    guild: GuildBuilder,
) -> None:
    await guild.main("Elrek", rank=OFFICER, roles=[RAIDER_ROLE, SOCIAL_ROLE, UNMANAGED_ROLE])
    issue = await guild.open_issue("role_mismatch")
    discord = await discord_of(guild)
    assert await mitigate_role_mismatch(guild.pool, issue, discord) is True
    assert discord.changes == [("add", OFFICER_ROLE), ("remove", RAIDER_ROLE), ("remove", SOCIAL_ROLE)]
    rows = await guild.rows("select all_guild_roles, highest_guild_role from guild_identity.discord_users")
    assert rows == [([OFFICER_ROLE, UNMANAGED_ROLE], "Officer")]


async def test_undo_refuses_when_the_roles_were_changed_since(guild: GuildBuilder) -> None:
    await guild.main("Elrek", rank=OFFICER, roles=[RAIDER_ROLE])
    discord = await discord_of(guild)
    result = await fix_one(guild.pool, (await guild.open_issue("role_mismatch")).id, actor="alice", discord_bot=discord)
    assert result.attempt_id is not None
    for held in discord.roles.values():
        held.remove(OFFICER_ROLE)
    with pytest.raises(Refused, match="were changed on Discord since"):
        await mitigations.undo(guild.pool, result.attempt_id, actor="bob", discord_bot=discord)


async def test_when_the_right_role_cannot_be_given_none_is_taken(guild: GuildBuilder) -> None:
    await guild.main("Elrek", rank=OFFICER, roles=[RAIDER_ROLE])
    issue = await guild.open_issue("role_mismatch")
    discord = await discord_of(guild, refused=[OFFICER_ROLE])
    result = await fix_one(guild.pool, issue.id, actor="alice", discord_bot=discord)
    assert (result.outcome, result.reason) == (
        FixOutcome.FAILED,
        "Move the bot's role above it in Server Settings → Roles.",
    )
    assert discord.changes == []
    assert (await guild.open_issue("role_mismatch")).id == issue.id


async def test_an_obstacle_is_a_refusal_with_its_remedy_and_is_kept_with_the_issue(guild: GuildBuilder) -> None:
    await guild.main("Elrek", rank=OFFICER, roles=[RAIDER_ROLE])
    issue = await guild.open_issue("role_mismatch")
    discord = await discord_of(guild)
    discord.bot_position = 100
    result = await fix_one(guild.pool, issue.id, actor="alice", discord_bot=discord)
    assert result.outcome is FixOutcome.REFUSED
    assert "Move the bot's role above 'Officer' in Server Settings → Roles." in result.reason
    assert discord.changes == []
    assert (await guild.open_issue("role_mismatch")).review_reason == result.reason
    assert await guild.rows("select outcome, reason from guild_identity.fix_attempts") == [("refused", result.reason)]


async def test_without_a_bot_the_fix_is_refused_with_the_remedy(guild: GuildBuilder) -> None:
    await guild.main("Elrek", rank=OFFICER, roles=[RAIDER_ROLE])
    issue = await guild.open_issue("role_mismatch")
    assert await mitigate_role_mismatch(guild.pool, issue, None) is False
    result = await fix_one(guild.pool, issue.id, actor="alice")
    assert result.outcome is FixOutcome.REFUSED
    assert "PATT_DISCORD_BOT_TOKEN" in result.reason


async def test_a_rank_that_has_changed_back_is_not_acted_on_from_stored_details(guild: GuildBuilder) -> None:
    await guild.main("Elrek", rank=OFFICER, roles=[RAIDER_ROLE])
    issue = await guild.open_issue("role_mismatch")
    await guild.execute(
        "update guild_identity.wow_characters c set guild_rank_id = r.id from common.guild_ranks r "
        "where r.wow_rank_index = 2"
    )
    discord = await discord_of(guild)
    assert await mitigate_role_mismatch(guild.pool, issue, discord) is False
    assert discord.changes == []
    assert (await guild.call(lifecycle.get, issue.id)).resolved_by == "detection"


async def test_automation_leaves_roles_alone(guild: GuildBuilder) -> None:
    await guild.main("Elrek", rank=OFFICER, roles=[RAIDER_ROLE])
    await run_integrity_check(guild.pool)
    discord = await discord_of(guild)
    assert (await run_auto_mitigations(guild.pool, discord_bot=discord)).results == []
    assert discord.changes == []


async def _automatic(guild: GuildBuilder) -> MemoryDiscord:
    """Switch automatic fixes on, scan, and let automation run; return what Discord saw."""
    await guild.execute(
        "insert into guild_identity.rule_settings (guild_id, issue_type, auto_mitigate, updated_by) "
        "values (%(guild)s, 'role_mismatch', true, 'test')"
    )
    await guild.scan("role_mismatch")
    discord = await discord_of(guild)
    await run_auto_mitigations(guild.pool, discord_bot=discord)
    return discord


async def test_somebody_whose_characters_have_all_left_should_hold_no_managed_role(guild: GuildBuilder) -> None:
    player = await guild.player("Elrek", member=await guild.member("Elrek", roles=[OFFICER_ROLE, UNMANAGED_ROLE]))
    await guild.link(await guild.character("Elrek", rank=OFFICER, has_left=True), player)
    issue = await guild.open_issue("role_mismatch")
    assert issue.summary == "Elrek has no character in the guild now, but has Officer on Discord"
    discord = await discord_of(guild)
    assert await mitigate_role_mismatch(guild.pool, issue, discord) is True
    assert discord.changes == [("remove", OFFICER_ROLE)]


async def test_a_role_that_is_gone_from_the_server_is_one_finding_and_its_players_are_none(guild: GuildBuilder) -> None:
    await guild.roles_without_power(without=[RAIDER_ROLE])
    for name in ("Elrek", "Mito", "Zed"):
        await guild.main(name, rank=RAIDER, roles=[UNMANAGED_ROLE])
    issue = await guild.open_issue("role_mismatch")
    assert issue.summary == "Raider should have Raider on Discord, but that role no longer exists"
    result = await fix_one(guild.pool, issue.id, actor="alice", discord_bot=await discord_of(guild))
    assert (result.outcome, result.reason) == (
        FixOutcome.REFUSED,
        "That role no longer exists. Map the rank to another role.",
    )


async def test_two_ranks_with_one_role_are_one_finding_where_it_is_gone_and_none_where_it_is_held(
    guild: GuildBuilder,
) -> None:
    await guild.execute(
        "update common.guild_ranks set discord_role_id = %(role)s where guild_id = %(guild)s and wow_rank_index = %(rank)s",
        {"role": RAIDER_ROLE, "rank": SOCIAL},
    )
    for name, rank in (("Elrek", RAIDER), ("Mito", SOCIAL)):
        await guild.main(name, rank=rank, roles=[RAIDER_ROLE])
    assert await _found(guild) == []
    await guild.main("Zed", rank=OFFICER, roles=[OFFICER_ROLE, RAIDER_ROLE])
    assert await _found(guild) == ["Zed has Officer on Discord, which is right, and also Raider"]
    await guild.roles_without_power(without=[RAIDER_ROLE])
    assert await _found(guild) == ["Raider and Social should have Raider on Discord, but that role no longer exists"]


async def test_a_role_whose_link_rests_on_a_note_alone_says_so_before_the_click(guild: GuildBuilder) -> None:
    mallory = await guild.main("Mallory", rank=SOCIAL)
    alt = await guild.character("Boss", "alt of Mallory", rank=OFFICER)
    await guild.link(alt, mallory)
    await guild.execute(
        "update guild_identity.player_characters set basis = 'note', basis_note = 'alt of Mallory' where character_id = %(id)s",
        {"id": alt},
    )
    issue = await guild.open_issue("role_mismatch")
    planning = await mitigations.preview_one(guild.pool, issue.id)
    assert "The link of Boss to Mallory is based on the note “alt of Mallory” alone" in planning.ready[0].plan.reason


async def test_switched_on_automation_changes_roles_over_confirmed_links_alone(guild: GuildBuilder) -> None:
    await guild.roles_without_power()
    await guild.main("Confirmed", rank=RAIDER, roles=[SOCIAL_ROLE])
    await guild.confirm_all()
    await guild.main("Guessed", rank=RAIDER, roles=[SOCIAL_ROLE])
    discord = await _automatic(guild)
    assert discord.changes == [("add", RAIDER_ROLE), ("remove", SOCIAL_ROLE)]
    (waiting,) = await guild.rows("select review_reason from guild_identity.audit_issues where resolved_at is null")
    assert waiting == ("No officer has confirmed that Guessed belongs to Guessed#discord.",)


@pytest.mark.parametrize("setting", ["power on the server", "power here"])
async def test_no_role_with_power_is_given_or_taken_without_a_click(guild: GuildBuilder, setting: str) -> None:
    await guild.roles_without_power(powerful=[RAIDER_ROLE] if setting == "power on the server" else [])
    if setting == "power here":
        await guild.execute(
            "insert into common.access_grants (guild_id, kind, key, role, set_by) "
            "values (%(guild)s, 'discord_role', %(role)s, 'officer', 'test')",
            {"role": RAIDER_ROLE},
        )
    await guild.main("Up", rank=RAIDER, roles=[SOCIAL_ROLE])
    await guild.main("Down", rank=SOCIAL, roles=[RAIDER_ROLE])
    await guild.confirm_all()
    assert (await _automatic(guild)).changes == []
    waiting = await guild.rows("select distinct review_reason from guild_identity.audit_issues")
    assert waiting == [("A role with power over the Discord server or PATT needs your click.",)]


async def test_more_role_changes_than_their_budget_wait_for_one_click(guild: GuildBuilder) -> None:
    await guild.roles_without_power()
    for number in range(11):
        await guild.main(f"Raider{number}", rank=RAIDER, roles=[SOCIAL_ROLE])
    await guild.confirm_all()
    assert (await _automatic(guild)).changes == []


@pytest.mark.parametrize("is_confirmed_one_first", [True, False])
async def test_of_two_characters_with_the_highest_rank_the_confirmed_one_decides(
    guild: GuildBuilder, is_confirmed_one_first: bool
) -> None:
    player = await guild.player("Mito", member=await guild.member("Mito", roles=[SOCIAL_ROLE]))
    for name in ("Zork", "Alba") if is_confirmed_one_first else ("Alba", "Zork"):
        await guild.link(await guild.character(name, rank=RAIDER), player)
    await guild.confirm_all()
    await guild.execute(
        "update guild_identity.player_characters set confirmed_by = null, confirmed_at = null, basis = 'note' where character_id = "
        "(select id from guild_identity.wow_characters where character_name = 'Alba')"
    )
    assert await _found(guild) == [
        "Mito is Raider in the game (Zork) and should have Raider on Discord, but has Social"
    ]


@pytest.mark.parametrize("names", [("Alba", "Zork"), ("Zork", "Alba")])
async def test_of_two_characters_alike_the_first_by_name_is_named_whatever_the_roster_lists_first(
    guild: GuildBuilder, names: tuple[str, str]
) -> None:
    player = await guild.player("Mito", member=await guild.member("Mito", roles=[SOCIAL_ROLE]))
    for name in names:
        await guild.link(await guild.character(name, rank=RAIDER), player)
    assert await _found(guild) == [
        "Mito is Raider in the game (Alba) and should have Raider on Discord, but has Social"
    ]
