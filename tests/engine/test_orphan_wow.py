"""The rule orphan_wow, on real rows."""

from __future__ import annotations

from guild_builder import GuildBuilder
from sv_common.guild_sync.engine.results import FixOutcome, FixResult
from sv_common.guild_sync.mitigations import fix_one


async def _fix(guild: GuildBuilder, character: int) -> FixResult:
    found = await guild.open_issues("orphan_wow")
    issue = next(issue for issue in found if issue.wow_character_id == character)
    return await fix_one(guild.pool, issue.id, actor="alice")


async def test_the_chris_of_the_note_is_chris_and_not_christopher(guild: GuildBuilder) -> None:
    chris = await guild.player("C", member=await guild.member("chris"))
    await guild.player("D", member=await guild.member("christopher"))
    character = await guild.character("Rivermane", "Chris")
    assert (await _fix(guild, character)).outcome is FixOutcome.FIXED
    assert await guild.player_of(character) == chris


async def test_two_possible_people_are_shown_and_neither_is_linked(guild: GuildBuilder) -> None:
    await guild.player("Malachi", member=await guild.member("Bren Achi"))
    await guild.player("Malone", member=await guild.member("Bren One"))
    character = await guild.character("Rivermane", "Bren")
    result = await _fix(guild, character)
    assert result.outcome is FixOutcome.REFUSED
    assert "may mean Malachi or Malone" in result.reason


async def test_the_same_name_on_two_realms_is_decided_by_the_realm_in_the_note(guild: GuildBuilder) -> None:
    here, there = await guild.player("Here"), await guild.player("There")
    await guild.link(await guild.character("Mito"), here)
    await guild.link(await guild.character("Mito", realm="proudmoore"), there)
    plain = await guild.character("Rivermane", "Mito")
    exact = await guild.character("Rivermoon", "Mito-Proudmoore")
    assert (await _fix(guild, plain)).outcome is FixOutcome.REFUSED
    assert (await _fix(guild, exact)).outcome is FixOutcome.FIXED
    assert await guild.player_of(exact) == there


async def test_a_character_with_the_whole_name_of_one_discord_member_makes_the_player_on_an_officers_click(
    guild: GuildBuilder,
) -> None:
    member = await guild.member("Zephyr")
    character = await guild.character("Zephyr")
    result = await _fix(guild, character)
    assert result.outcome is FixOutcome.FIXED
    player = await guild.rows("select display_name, discord_user_id, main_character_id from guild_identity.players")
    assert player == [("Zephyr", member, character)]


async def test_two_characters_of_one_new_player_share_it_in_a_fix_of_all(guild: GuildBuilder) -> None:
    await guild.member("Zephyr")
    first, second = await guild.character("Zephyr"), await guild.character("Breeze", "alt of Zephyr")
    await guild.scan()
    report = await guild.fix_all("orphan_wow")
    assert report.count(FixOutcome.FIXED) == 2
    assert await guild.player_of(first) == await guild.player_of(second) is not None


async def test_a_character_that_leaves_takes_its_issue_with_it_and_finds_it_open_again_on_return(
    guild: GuildBuilder,
) -> None:
    character = await guild.character("Rivermane")
    for has_left in (False, True, False):
        await guild.execute(
            "update guild_identity.wow_characters set removed_at = case when %(left)s then now() end where id = %(id)s",
            {"left": has_left, "id": character},
        )
        await guild.scan("orphan_wow")
    (issue,) = await guild.rows("select id, resolved_at from guild_identity.audit_issues")
    assert issue[1] is None
    events = await guild.rows("select event, reason from guild_identity.issue_events order by id")
    assert events == [("opened", None), ("resolved", "The character or member has left."), ("recurred", None)]
