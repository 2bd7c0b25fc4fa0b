"""The rule orphan_wow, on real rows."""

from __future__ import annotations

import pytest

from guild_builder import GuildBuilder
from sv_common.guild_sync import mitigations
from sv_common.guild_sync.engine.results import FixOutcome, FixResult
from sv_common.guild_sync.integrity_checker import detect_orphan_wow, run_integrity_check
from sv_common.guild_sync.issues import lifecycle
from sv_common.guild_sync.mitigations import fix_one, mitigate_orphan_wow, run_auto_mitigations
from sv_common.guild_sync.rulebook import settings as rule_store


async def _fix(guild: GuildBuilder, character: int) -> FixResult:
    await run_integrity_check(guild.pool)
    async with guild.pool.connection() as conn:
        found = await lifecycle.open_of_rule(conn, guild.guild_id, "orphan_wow")
    issue = next(issue for issue in found if issue.wow_character_id == character)
    return await fix_one(guild.pool, issue.id, actor="alice")


async def test_linked_and_departed_characters_are_no_finding(guild: GuildBuilder) -> None:
    await guild.main("Elrek")
    await guild.character("Departed", has_left=True)
    async with guild.pool.connection() as conn:
        assert await detect_orphan_wow(conn, guild_id=guild.guild_id) == []


async def test_a_character_without_a_player_is_found(guild: GuildBuilder) -> None:
    character = await guild.character("Dashdashdash", "hello there friend")
    async with guild.pool.connection() as conn:
        (finding,) = await detect_orphan_wow(conn)
    assert (finding.summary, finding.wow_character_id) == ("'Dashdashdash' has no player link", character)


@pytest.mark.parametrize(
    ("name", "note"),
    [
        ("Rivermane", None),
        ("Rivermane", ""),
        ("Rivermane", "Alch 300"),
        ("Rivermane", "Bank"),
        ("Rivermane", "2018-12-25"),
        ("Rivermane", "Zork"),
        ("Rivermane", "friend of Mito from work"),
        ("Ton", None),
        ("Rivermane", "sho"),
        ("Rivermane", "Mit"),
    ],
)
async def test_where_nothing_certain_says_whose_it_is_the_character_stays_unlinked(
    guild: GuildBuilder, name: str, note: str | None
) -> None:
    await guild.main("Mito")
    await guild.member("washington")
    await guild.player("Shodoom", member=await guild.member("shodoom"))
    character = await guild.character(name, note)
    result = await _fix(guild, character)
    assert result.outcome is FixOutcome.REFUSED
    assert result.reason
    assert await guild.player_of(character) is None


@pytest.mark.parametrize(
    "note", ["Mito", "alt of mito", "Mito's alt", "Mito`s bank", "@Mito", "Main: Mito", "Mito - Alch 225"]
)
async def test_a_note_that_means_one_player_links(guild: GuildBuilder, note: str) -> None:
    mito = await guild.main("Mito")
    character = await guild.character("Rivermane", note)
    await run_integrity_check(guild.pool)
    async with guild.pool.connection() as conn:
        (issue,) = await lifecycle.open_of_rule(conn, guild.guild_id, "orphan_wow")
    assert await mitigate_orphan_wow(guild.pool, issue) is True
    assert await guild.player_of(character) == mito


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


async def test_a_new_alt_of_a_player_without_discord_joins_that_player(guild: GuildBuilder) -> None:
    bob = await guild.player("Bob")
    await guild.link(await guild.character("Bobmain"), bob)
    character = await guild.character("Rivermane", "Bob")
    assert (await _fix(guild, character)).outcome is FixOutcome.FIXED
    assert await guild.player_of(character) == bob
    assert len(await guild.rows("select id from guild_identity.players")) == 1


async def test_a_character_with_the_whole_name_of_one_discord_member_makes_the_player_on_an_officers_click(
    guild: GuildBuilder,
) -> None:
    member = await guild.member("Zephyr")
    character = await guild.character("Zephyr")
    result = await _fix(guild, character)
    assert result.outcome is FixOutcome.FIXED
    player = await guild.rows("select display_name, discord_user_id, main_character_id from guild_identity.players")
    assert player == [("Zephyr", member, character)]


async def test_automation_never_creates_the_player_even_when_the_rule_is_set_to_mend_itself(
    guild: GuildBuilder,
) -> None:
    await guild.member("Zephyr")
    await guild.character("Zephyr")
    async with guild.pool.connection() as conn:
        await rule_store.save_settings(conn, guild.guild_id, "orphan_wow", actor="alice", auto_mitigate=True)
    await run_integrity_check(guild.pool)
    (result,) = (await run_auto_mitigations(guild.pool)).results
    assert result.outcome is FixOutcome.WAITING
    assert await guild.rows("select id from guild_identity.players") == []


async def test_two_characters_of_one_new_player_share_it_in_a_fix_of_all(guild: GuildBuilder) -> None:
    await guild.member("Zephyr")
    first, second = await guild.character("Zephyr"), await guild.character("Breeze", "alt of Zephyr")
    await run_integrity_check(guild.pool)
    report = await mitigations.fix_all(guild.pool, "orphan_wow", actor="alice", guild_id=guild.guild_id)
    assert report.count(FixOutcome.FIXED) == 2
    assert await guild.player_of(first) == await guild.player_of(second) is not None


async def test_a_rejected_player_is_never_proposed_again(guild: GuildBuilder) -> None:
    mito = await guild.main("Mito")
    character = await guild.character("Rivermane", "Mito")
    await guild.execute(
        "insert into guild_identity.link_rejections (guild_id, character_id, player_id, rejected_by) "
        "values (%(guild)s, %(character)s, %(player)s, 'alice')",
        {"character": character, "player": mito},
    )
    assert (await _fix(guild, character)).outcome is FixOutcome.REFUSED
    assert await guild.player_of(character) is None


async def test_a_character_that_leaves_takes_its_issue_with_it_and_finds_it_open_again_on_return(
    guild: GuildBuilder,
) -> None:
    character = await guild.character("Rivermane")
    for has_left in (False, True, False):
        await guild.execute(
            "update guild_identity.wow_characters set removed_at = case when %(left)s then now() end where id = %(id)s",
            {"left": has_left, "id": character},
        )
        await run_integrity_check(guild.pool, issue_types=["orphan_wow"])
    (issue,) = await guild.rows("select id, resolved_at from guild_identity.audit_issues")
    assert issue[1] is None
    events = await guild.rows("select event, reason from guild_identity.issue_events order by id")
    assert events == [("opened", None), ("resolved", "The character or member has left."), ("recurred", None)]
