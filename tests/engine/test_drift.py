"""Did the note change, or did the world? Notes stay as they are while names move."""

from __future__ import annotations

import pytest

from engine.news import basis_note, notes, number_of, on_discord, open_issues, roster
from guild_builder import GuildBuilder
from sv_common.guild_sync.engine.results import FixOutcome
from sv_common.guild_sync.identity.decisions import ConfirmLink, LinkCharacter
from sv_common.guild_sync.identity_engine import apply_decision, run_matching
from sv_common.guild_sync.mitigations import fix_one, undo

MITO, ALTA, ALTB, NEWCOMER, ELREK = 1, 2, 3, 4, 5
FAMILY = {MITO: "Mito", ALTA: "Alta", ALTB: "Altb"}


@pytest.fixture
async def family(guild: GuildBuilder) -> GuildBuilder:
    """Robin, whose main Mito has two alts with notes that say so, matched by them; and Elrek, a main with an alt."""
    await roster(guild, {**FAMILY, ELREK: "Elrek", 6: "Elralt"})
    await notes(guild, Mito="Main", Alta="Mito", Altb="alt of Mito", Elrek="Main", Elralt="Elrek")
    await run_matching(guild.pool, actor="alice")
    await guild.execute("update guild_identity.players set display_name = 'Robin' where display_name = 'Mito'")
    assert await guild.rows("select 1 from guild_identity.player_characters where basis_note is null") == []
    return guild


async def _owners(guild: GuildBuilder, *names: str) -> list[int | None]:
    return [await guild.player_of(await number_of(guild, name)) for name in names]


async def test_a_main_that_is_renamed_keeps_its_alts_and_nothing_is_found(family: GuildBuilder) -> None:
    before = await _owners(family, "Alta", "Altb")
    await roster(family, {**FAMILY, MITO: "Torvan", ELREK: "Elrek", 6: "Elralt"})
    assert await family.automate() == []
    assert await open_issues(family) == []
    assert await _owners(family, "Alta", "Altb") == before == await _owners(family, "Torvan", "Torvan")


@pytest.mark.parametrize("has_player", [False, True])
async def test_a_newcomer_who_takes_the_freed_name_is_not_given_the_alts(
    family: GuildBuilder, has_player: bool
) -> None:
    before = await _owners(family, "Alta", "Altb")
    await roster(family, {**FAMILY, MITO: "Torvan", ELREK: "Elrek", 6: "Elralt"})
    await roster(family, {**FAMILY, MITO: "Torvan", ELREK: "Elrek", 6: "Elralt", NEWCOMER: "Mito"})
    if has_player:
        await family.link(await number_of(family, "Mito"), await family.player("Charlie"))
    results = await family.automate()
    assert [result.outcome for result in results] == [FixOutcome.WAITING] * 2
    assert all("a former name of Robin (now Torvan-area-52)" in result.reason for result in results)
    assert await _owners(family, "Alta", "Altb") == before
    refused = await fix_one(family.pool, results[0].issue_id, actor="alice")
    assert refused.outcome is FixOutcome.REFUSED


async def test_a_former_name_links_nobody(family: GuildBuilder) -> None:
    await roster(family, {**FAMILY, MITO: "Torvan", ELREK: "Elrek", 6: "Elralt", 7: "Fresh"})
    await notes(family, Fresh="Elralt")
    await roster(family, {**FAMILY, MITO: "Torvan", ELREK: "Elrek", 6: "Vexor", 7: "Fresh"})
    await run_matching(family.pool, actor="alice")
    assert await _owners(family, "Fresh") == [None]


async def test_a_changed_nickname_takes_no_character_away(guild: GuildBuilder) -> None:
    await roster(guild, {1: "Torvan", 2: "Alta"})
    await on_discord(guild, {"9001": "Mitomaster"})
    await notes(guild, Torvan="Mitomaster", Alta="Mitomaster")
    await run_matching(guild.pool, actor="alice")
    before = await _owners(guild, "Torvan", "Alta")
    assert None not in before
    await guild.execute("update guild_identity.players set display_name = 'Torvan'")
    await on_discord(guild, {"9001": "Zephyr"})
    assert await guild.automate() == []
    assert await open_issues(guild) == []
    assert await _owners(guild, "Torvan", "Alta") == before


async def test_a_note_that_did_not_change_waits_with_the_sentence_why(guild: GuildBuilder) -> None:
    elrek, mito = await guild.main("Elrek"), await guild.main("Mito")
    character = await guild.alt("Rivermane", "Mito", elrek, linked_under=" mito ")
    (result,) = await guild.automate()
    assert result.outcome is FixOutcome.WAITING
    assert "The note has not changed since Rivermane-area-52 was linked, but its name now means Mito." in result.reason
    assert await guild.player_of(character) == elrek
    done = await fix_one(guild.pool, result.issue_id, actor="alice")
    assert (done.outcome, await guild.player_of(character)) == (FixOutcome.FIXED, mito)


async def test_a_link_of_which_the_note_is_not_known_waits(guild: GuildBuilder) -> None:
    elrek = await guild.main("Elrek")
    await guild.main("Mito")
    character = await guild.alt("Rivermane", None, elrek, linked_under=None)
    await notes(guild, Rivermane="Mito")
    (result,) = await guild.automate()
    assert (result.outcome, await guild.player_of(character)) == (FixOutcome.WAITING, elrek)
    assert "was linked by is unknown, so an officer should check it" in result.reason


async def test_a_note_that_still_means_the_player_is_the_one_that_later_ones_are_held_against(
    family: GuildBuilder,
) -> None:
    alta = await number_of(family, "Alta")
    (mito, elrek) = await _owners(family, "Mito", "Elrek")
    await notes(family, Alta="Mito's bank")
    assert (await basis_note(family, alta), await open_issues(family)) == ("Mito's bank", [])
    await notes(family, Alta="Elrek")
    assert await basis_note(family, alta) == "Mito's bank"
    await notes(family, Alta="Mito's bank")
    assert await family.player_of(alta) == mito
    await notes(family, Alta="Elrek")
    await family.automate()
    assert (await family.player_of(alta), await basis_note(family, alta)) == (elrek, "Elrek")


async def test_a_note_seen_for_the_first_time_becomes_that_of_the_link_where_it_is_right(guild: GuildBuilder) -> None:
    mito = await guild.main("Mito")
    await guild.alt("Rivermane", None, mito, linked_under=None)
    await guild.character("Loner")
    await apply_decision(guild.pool, LinkCharacter("Loner", "Mito"), actor="alice")
    await notes(guild, Rivermane="Mito", Loner="Alch 300")
    told = await guild.rows("select basis_note from guild_identity.player_characters where basis_note is not null")
    assert sorted(note for (note,) in told if note != "an earlier note") == ["Mito"]


async def test_a_link_is_taken_back_although_the_note_has_moved_on(family: GuildBuilder) -> None:
    alta = await number_of(family, "Alta")
    report = await apply_decision(family.pool, ConfirmLink("Alta"), actor="alice")
    await notes(family, Alta="Mito, tank")
    await undo(family.pool, report.attempt_id or 0, actor="bob")
    assert await family.rows(
        "select basis, confirmed_by from guild_identity.player_characters where character_id = %(alta)s", {"alta": alta}
    ) == [("note", None)]


async def test_a_note_that_names_nobody_is_not_the_one_that_a_link_rests_on(family: GuildBuilder) -> None:
    alta = await number_of(family, "Alta")
    await notes(family, Alta="Mito's bank")
    for note in ("Alch 300", ""):
        await notes(family, Alta=note)
        assert await basis_note(family, alta) == "Mito's bank"
