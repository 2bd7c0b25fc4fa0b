"""The rule note_mismatch, on real rows."""

from __future__ import annotations

from typing import Any

import pytest

from guild_builder import GuildBuilder
from sv_common.guild_sync import mitigations
from sv_common.guild_sync.changes.describe import sentences
from sv_common.guild_sync.engine.results import FixOutcome
from sv_common.guild_sync.integrity_checker import detect_note_mismatch, run_integrity_check
from sv_common.guild_sync.issues import lifecycle
from sv_common.guild_sync.issues.model import Issue
from sv_common.guild_sync.mitigations import fix_one, mitigate_note_mismatch, preview_one, run_auto_mitigations
from sv_common.guild_sync.rulebook import settings as rule_store


async def _found(guild: GuildBuilder) -> list[str]:
    async with guild.pool.connection() as conn:
        return [finding.summary for finding in await detect_note_mismatch(conn, guild_id=guild.guild_id)]


async def _open_issue(guild: GuildBuilder) -> Issue:
    await run_integrity_check(guild.pool, issue_types=["note_mismatch"])
    async with guild.pool.writing(guild.guild_id, alone=False) as here:
        (issue,) = await lifecycle.open_of_rule(here, "note_mismatch")
    return issue


async def _state(guild: GuildBuilder, issue_id: int) -> tuple[str, str | None]:
    async with guild.pool.writing(guild.guild_id, alone=False) as here:
        issue = await lifecycle.get(here, issue_id)
    return issue.state, issue.review_reason


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
    assert await mitigate_note_mismatch(guild.pool, await _open_issue(guild)) is True
    assert await guild.player_of(character) == mito


async def test_a_note_naming_a_stranger_unlinks_and_opens_an_orphan_in_the_same_run(guild: GuildBuilder) -> None:
    elrek = await guild.main("Elrek")
    character = await guild.alt("Rivermane", "Zork", elrek)
    assert await mitigate_note_mismatch(guild.pool, {"id": (await _open_issue(guild)).id}) is True
    assert await guild.player_of(character) is None
    async with guild.pool.writing(guild.guild_id, alone=False) as here:
        (orphan,) = await lifecycle.open_of_rule(here, "orphan_wow")
    assert orphan.wow_character_id == character


async def test_a_note_that_could_mean_two_players_waits_for_an_officer(guild: GuildBuilder) -> None:
    elrek = await guild.main("Elrek")
    await guild.main("Mito")
    await guild.link(await guild.character("Mito", realm="proudmoore"), await guild.player("Charlie"))
    character = await guild.alt("Rivermane", "Mito", elrek)
    issue = await _open_issue(guild)
    assert await mitigate_note_mismatch(guild.pool, issue) is False
    assert await guild.player_of(character) == elrek
    state, reason = await _state(guild, issue.id)
    assert state == "open"
    assert reason is not None
    assert "Charlie or Mito" in reason


async def test_the_linked_players_name_with_other_accents_is_no_other_name(guild: GuildBuilder) -> None:
    elrek = await guild.main("Elrek")
    await guild.alt("Rivermane", "Élrek", elrek)
    assert await _mitigate_all(guild) == []


@pytest.mark.parametrize("note", ["Elreck", "Elrk", "Ellrek", "Elrekk"])
async def test_a_misspelling_of_the_linked_players_name_waits_for_an_officer(guild: GuildBuilder, note: str) -> None:
    elrek = await guild.main("Elrek")
    character = await guild.alt("Rivermane", note, elrek)
    report = await _mitigate_all(guild)
    assert [result.outcome for result in report] == [FixOutcome.WAITING]
    assert "looks like" in report[0].reason
    assert await guild.player_of(character) == elrek


@pytest.mark.parametrize("source", ["manual", "officer_fix"])
async def test_a_persons_link_is_not_changed_by_automation_but_by_an_officers_click(
    guild: GuildBuilder, source: str
) -> None:
    elrek, mito = await guild.main("Elrek"), await guild.main("Mito")
    character = await guild.alt("Rivermane", "Mito", elrek, source=source)
    report = await _mitigate_all(guild)
    assert [result.outcome for result in report] == [FixOutcome.WAITING]
    assert "A person's decision" in report[0].reason
    assert await guild.player_of(character) == elrek
    assert (await fix_one(guild.pool, report[0].issue_id, actor="alice")).outcome is FixOutcome.FIXED
    assert await guild.player_of(character) == mito


async def test_a_stranger_in_the_note_of_a_character_with_its_players_discord_name_waits(guild: GuildBuilder) -> None:
    member = await guild.member("Rivermane")
    player = await guild.player("Robin", member=member)
    character = await guild.alt("Rivermane", "Zork", player)
    report = await _mitigate_all(guild)
    assert [result.outcome for result in report] == [FixOutcome.WAITING]
    assert await guild.player_of(character) == player


async def test_an_undone_fix_is_not_repeated_by_automation_but_another_one_is_made(guild: GuildBuilder) -> None:
    elrek, mito, charlie = await guild.main("Elrek"), await guild.main("Mito"), await guild.main("Charlie")
    character = await guild.alt("Rivermane", "Mito", elrek)
    (first,) = await _mitigate_all(guild)
    assert first.attempt_id is not None
    await mitigations.undo(guild.pool, first.attempt_id, actor="alice")
    (second,) = await _mitigate_all(guild)
    assert second.outcome is FixOutcome.WAITING
    assert "alice undid this same fix" in second.reason
    assert await guild.player_of(character) == elrek
    await guild.set_note(character, "Charlie")
    (third,) = await _mitigate_all(guild)
    assert third.outcome is FixOutcome.FIXED
    assert await guild.player_of(character) == charlie != mito


async def test_the_plan_is_made_from_now_and_not_from_the_stored_details(guild: GuildBuilder) -> None:
    elrek, charlie = await guild.main("Elrek"), await guild.main("Charlie")
    await guild.main("Mito")
    character = await guild.alt("Rivermane", "Mito", elrek)
    issue = await _open_issue(guild)
    await guild.set_note(character, "Charlie")
    assert await mitigate_note_mismatch(guild.pool, issue) is True
    assert await guild.player_of(character) == charlie


async def test_a_fix_of_something_no_longer_so_changes_nothing_and_says_so(guild: GuildBuilder) -> None:
    elrek = await guild.main("Elrek")
    await guild.main("Mito")
    character = await guild.alt("Rivermane", "Mito", elrek)
    issue = await _open_issue(guild)
    await guild.set_note(character, "Elrek")
    result = await fix_one(guild.pool, issue.id, actor="alice")
    assert (result.outcome, await guild.player_of(character)) == (FixOutcome.NOTHING_TO_DO, elrek)
    assert "No longer found" in result.reason
    again = await fix_one(guild.pool, issue.id, actor="alice")
    assert again.outcome is FixOutcome.NOTHING_TO_DO
    assert "Already resolved by detection" in again.reason


async def test_the_preview_is_the_plan_that_is_applied(guild: GuildBuilder) -> None:
    elrek = await guild.main("Elrek")
    await guild.main("Mito")
    await guild.alt("Rivermane", "Mito", elrek)
    issue = await _open_issue(guild)
    planned = (await preview_one(guild.pool, issue.id)).ready[0].plan
    result = await fix_one(guild.pool, issue.id, actor="alice")
    assert result.plan == planned
    assert sentences(planned) == ["Move Rivermane-area-52 from Elrek to Mito: “Mito” is a character of Mito."]


async def test_more_fixes_than_the_budget_are_all_held_for_one_click(guild: GuildBuilder) -> None:
    elrek, mito = await guild.main("Elrek"), await guild.main("Mito")
    alts = [await guild.alt(f"Alt{chr(97 + n)}", "Mito", elrek) for n in range(11)]
    report = await _mitigate_all(guild)
    assert {result.outcome for result in report} == {FixOutcome.HELD}
    assert {await guild.player_of(alt) for alt in alts} == {elrek}
    done = await mitigations.fix_all(guild.pool, "note_mismatch", actor="alice", guild_id=guild.guild_id)
    assert done.count(FixOutcome.FIXED) == 11
    assert {await guild.player_of(alt) for alt in alts} == {mito}


async def test_the_budget_is_a_setting(guild: GuildBuilder) -> None:
    elrek = await guild.main("Elrek")
    await guild.main("Mito")
    for name in ("Alta", "Altb"):
        await guild.alt(name, "Mito", elrek)
    async with guild.pool.writing(guild.guild_id, alone=False) as here:
        await rule_store.save_settings(here, "note_mismatch", actor="alice", parameters={"automatic_fix_limit": 1})
    assert {result.outcome for result in await _mitigate_all(guild)} == {FixOutcome.HELD}


async def _mitigate_all(guild: GuildBuilder) -> Any:
    await run_integrity_check(guild.pool)
    return (await run_auto_mitigations(guild.pool, guild_id=guild.guild_id)).results
