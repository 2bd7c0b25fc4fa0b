"""The rule note_mismatch, on real rows."""

from __future__ import annotations

from guild_builder import GuildBuilder
from sv_common.guild_sync.changes.describe import sentences
from sv_common.guild_sync.engine.results import FixOutcome
from sv_common.guild_sync.integrity_checker import detect_note_mismatch
from sv_common.guild_sync.issues import lifecycle
from sv_common.guild_sync.mitigations import fix_one, mitigate_note_mismatch, preview_one


async def _found(guild: GuildBuilder) -> list[str]:
    async with guild.pool.connection() as conn:
        return [finding.summary for finding in await detect_note_mismatch(conn, guild_id=guild.guild_id)]


async def test_a_note_that_names_the_linked_player_or_nobody_is_no_finding(guild: GuildBuilder) -> None:
    notes = [
        None,
        "",
        "Elrek",
        "elrek",
        "alt of Elrek",
        "Elrek's alt",
        "Elrek - Alch 225",
        "Elrek's bank",
        "Alch 300",
        "Alch 300 / Herb 300",
        "bank",
        "Banker",
        "Holy",
        "2018-12-25",
        "Joined: 12 Mar '18",
        "?",
        "Secondary",
        "Elrek#discord",
        "Nicky",
        "Rivermane",
    ]
    elrek = await guild.main("Elrek")
    await guild.alt("Secondary", None, elrek)
    await guild.alias(elrek, "Nicky")
    await guild.main("Mito")
    character = await guild.alt("Rivermane", None, elrek)
    for note in notes:
        await guild.set_note(character, note)
        assert await _found(guild) == [], note


async def test_a_note_naming_a_main_that_left_the_guild_is_no_finding(guild: GuildBuilder) -> None:
    player = await guild.player("Somebody")
    await guild.link(await guild.character("Elrek", has_left=True), player)
    await guild.alt("Rivermane", "Elrek", player)
    assert await _found(guild) == []


async def test_a_note_that_names_somebody_else_is_found_also_when_it_never_changed(guild: GuildBuilder) -> None:
    elrek = await guild.main("Elrek")
    await guild.main("Mito")
    character = await guild.alt("Rivermane", None, elrek)
    for note in ("Mito", "mito", "alt of Mito", "Mito's alt", "Zork", "@zork", "Mito / tank"):
        await guild.set_note(character, note)
        (summary,) = await _found(guild)
        assert summary.startswith("'Rivermane' is linked to Elrek, but its note says"), note


async def test_the_fix_follows_a_registered_alias(guild: GuildBuilder) -> None:
    elrek, mito = await guild.main("Elrek"), await guild.main("Mito")
    await guild.alias(mito, "Boss")
    character = await guild.alt("Rivermane", "Boss", elrek)
    assert await mitigate_note_mismatch(guild.pool, await guild.open_issue("note_mismatch")) is True
    assert await guild.player_of(character) == mito


async def test_a_note_naming_a_stranger_unlinks_and_opens_an_orphan_in_the_same_run(guild: GuildBuilder) -> None:
    elrek = await guild.main("Elrek")
    character = await guild.alt("Rivermane", "Zork", elrek)
    assert await mitigate_note_mismatch(guild.pool, {"id": (await guild.open_issue("note_mismatch")).id}) is True
    assert await guild.player_of(character) is None
    (orphan,) = await guild.call(lifecycle.open_of_rule, "orphan_wow")
    assert orphan.wow_character_id == character


async def test_the_linked_players_name_with_other_accents_is_no_other_name(guild: GuildBuilder) -> None:
    elrek = await guild.main("Elrek")
    await guild.alt("Rivermane", "Élrek", elrek)
    assert await guild.automate() == []


async def test_a_stranger_in_the_note_of_a_character_with_its_players_discord_name_waits(guild: GuildBuilder) -> None:
    member = await guild.member("Rivermane")
    player = await guild.player("Robin", member=member)
    character = await guild.alt("Rivermane", "Zork", player)
    report = await guild.automate()
    assert [result.outcome for result in report] == [FixOutcome.WAITING]
    assert await guild.player_of(character) == player


async def test_an_undone_fix_is_not_repeated_by_automation_but_another_one_is_made(guild: GuildBuilder) -> None:
    elrek, mito, charlie = await guild.main("Elrek"), await guild.main("Mito"), await guild.main("Charlie")
    character = await guild.alt("Rivermane", "Mito", elrek)
    (first,) = await guild.automate()
    await guild.undo(first)
    (second,) = await guild.automate()
    assert second.outcome is FixOutcome.WAITING
    assert "bob undid this fix" in second.reason
    assert await guild.player_of(character) == elrek
    await guild.set_note(character, "Charlie")
    (third,) = await guild.automate()
    assert third.outcome is FixOutcome.FIXED
    assert await guild.player_of(character) == charlie != mito


async def test_the_plan_is_made_from_now_and_not_from_the_stored_details(guild: GuildBuilder) -> None:
    elrek, charlie = await guild.main("Elrek"), await guild.main("Charlie")
    await guild.main("Mito")
    character = await guild.alt("Rivermane", "Mito", elrek)
    issue = await guild.open_issue("note_mismatch")
    await guild.set_note(character, "Charlie")
    assert await mitigate_note_mismatch(guild.pool, issue) is True
    assert await guild.player_of(character) == charlie


async def test_a_fix_of_something_no_longer_so_changes_nothing_and_says_so(guild: GuildBuilder) -> None:
    elrek = await guild.main("Elrek")
    await guild.main("Mito")
    character = await guild.alt("Rivermane", "Mito", elrek)
    issue = await guild.open_issue("note_mismatch")
    await guild.set_note(character, "Elrek")
    result = await fix_one(guild.pool, issue.id, actor="alice")
    assert (result.outcome, await guild.player_of(character)) == (FixOutcome.NOTHING_TO_DO, elrek)
    assert "No longer found" in result.reason
    again = await fix_one(guild.pool, issue.id, actor="alice")
    assert again.outcome is FixOutcome.NOTHING_TO_DO
    assert "Already resolved: a scan no longer found it." in again.reason


async def test_the_preview_is_the_plan_that_is_applied(guild: GuildBuilder) -> None:
    elrek = await guild.main("Elrek")
    await guild.main("Mito")
    await guild.alt("Rivermane", "Mito", elrek)
    issue = await guild.open_issue("note_mismatch")
    planned = (await preview_one(guild.pool, issue.id)).ready[0].plan
    result = await fix_one(guild.pool, issue.id, actor="alice")
    assert result.plan == planned
    assert sentences(planned) == ["Move Rivermane-area-52 from Elrek to Mito: “Mito” is a character of Mito."]


async def test_more_fixes_than_the_budget_are_all_held_for_one_click(guild: GuildBuilder) -> None:
    elrek, mito = await guild.main("Elrek"), await guild.main("Mito")
    alts = [await guild.alt(f"Alt{chr(97 + n)}", "Mito", elrek) for n in range(11)]
    report = await guild.automate()
    assert {result.outcome for result in report} == {FixOutcome.HELD}
    assert {await guild.player_of(alt) for alt in alts} == {elrek}
    done = await guild.fix_all("note_mismatch")
    assert done.count(FixOutcome.FIXED) == 11
    assert {await guild.player_of(alt) for alt in alts} == {mito}
