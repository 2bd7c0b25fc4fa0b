"""What was decided about two players is taken back to the last column, or not at all if a part of it has changed since."""

from __future__ import annotations

import pytest

from engine.two_players import Two, people
from laws.snapshot import differences
from sv_common.guild_sync.core.errors import PlanStale
from sv_common.guild_sync.identity.decisions import AddAlias, ManualDecision, MergePlayers, RejectLink
from sv_common.guild_sync.integrity_checker import run_integrity_check


async def test_what_officers_said_of_both_is_kept_once_and_comes_back_twice(two: Two) -> None:
    await two.guild.decide(RejectLink("Loner", "Mito", "nor this one"))
    before = await people(two.guild)
    report = await two.guild.decide(MergePlayers("Mito", "Zed"))
    rejections = "select player_id, reason from guild_identity.link_rejections"
    assert await two.guild.rows(rejections) == [(two.mito, "nor this one")]
    await two.guild.undo(report)
    assert differences(before, await people(two.guild)) == {}


@pytest.mark.parametrize("decision", [MergePlayers("Mito", "Zed"), AddAlias("Quondam", "Mito")])
async def test_a_word_that_a_match_learned_and_no_note_bears_now_comes_back_too(
    two: Two, decision: ManualDecision
) -> None:
    """It counts again as soon as a note bears it. A player that goes takes it along, and whoever is given the word too."""
    await two.guild.alias(two.zed, "Quondam")
    await two.guild.execute(
        "update guild_identity.player_note_aliases set source = 'match' where alias_key = 'quondam'"
    )
    before = await people(two.guild)
    await two.guild.undo(await two.guild.decide(decision))
    assert differences(before, await people(two.guild)) == {}


async def test_what_the_player_got_after_the_merge_stays_with_it_when_the_merge_is_undone(two: Two) -> None:
    report = await two.guild.decide(MergePlayers("Mito", "Zed"))
    newcomer = await two.guild.alt("Newcomer", None, two.mito)
    await two.guild.undo(report)
    assert await two.guild.player_of(newcomer) == two.mito


async def test_an_issue_about_the_player_that_is_gone_is_resolved_and_is_about_it_again_after_the_undo(
    two: Two,
) -> None:
    guild = two.guild
    await guild.execute("update guild_identity.discord_users set all_guild_roles = '{101}'")
    await guild.execute(
        "update guild_identity.players set discord_user_id = %(member)s where id = %(zed)s",
        {"member": two.numbers["member"], "zed": two.zed},
    )
    await run_integrity_check(guild.pool)
    about = (
        "select id, player_id, resolved_at is null from guild_identity.audit_issues where issue_type = 'role_mismatch'"
    )
    ((issue, player, is_open),) = await guild.rows(about)
    assert (player, is_open) == (two.zed, True)
    report = await guild.decide(MergePlayers("Mito", "Zed"))
    assert sorted(await guild.rows(about)) == [(issue, None, False), (issue + 1, two.mito, True)]
    await guild.undo(report)
    assert sorted(await guild.rows(about)) == [(issue, two.zed, True), (issue + 1, two.mito, False)]


async def test_an_issue_that_was_resolved_before_is_about_its_player_again_after_the_undo(two: Two) -> None:
    guild = two.guild
    await guild.execute("update guild_identity.discord_users set all_guild_roles = '{101}'")
    await run_integrity_check(guild.pool)
    await guild.execute("update guild_identity.discord_users set all_guild_roles = '{103}'")
    await run_integrity_check(guild.pool)
    about = "select player_id, resolved_at is null from guild_identity.audit_issues where issue_type = 'role_mismatch'"
    assert await guild.rows(about) == [(two.zed, False)]
    await guild.undo(await guild.decide(MergePlayers("Mito", "Zed")))
    assert (two.zed, False) in await guild.rows(about)


async def test_an_earlier_attempt_is_undone_after_the_merge_was_and_not_before(two: Two) -> None:
    guild = two.guild
    earlier = await guild.decide(RejectLink("Stormalt", "Zed", ""))
    report = await guild.decide(MergePlayers("Mito", "Zed"))
    with pytest.raises(PlanStale):
        await guild.undo(earlier)
    await guild.undo(report)
    await guild.undo(earlier)
    assert await guild.player_of(two.numbers["Stormalt"]) == two.zed
